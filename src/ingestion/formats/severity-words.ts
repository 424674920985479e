import type { Severity, Status } from '../../alerts/alert.ts';

const statusOfWord: ReadonlyMap<string, Status> = new Map([
  ['critical', 'Critical'],
  ['warning', 'Warning'],
  ['warn', 'Warning'],
  ['info', 'Info'],
  ['acknowledged', 'Info'],
  ['unknown', 'Info'],
  ['unk', 'Info'],
  ['ok', 'Ok'],
]);

/** The labels that may say how bad it is; the first that is there decides. */
const severityLabels = ['severity', 'priority', 'level'];

/** Contract 5.3: the word in any case; another word, or none, is a warning. */
export function statusOf(labels: Readonly<Record<string, unknown>>): Status {
  return readSeverityWord(severityWord(labels));
}

function readSeverityWord(word: string): Status {
  return statusOfWord.get(word.trim().toLowerCase()) ?? 'Warning';
}

/** For what is a problem whatever the word says: `ok` is then the mildest severity. */
export function severityOf(word: string): Severity {
  const status = readSeverityWord(word);
  return status === 'Ok' ? 'Info' : status;
}

/** '' when no label says. */
export function severityWord(labels: Readonly<Record<string, unknown>>): string {
  for (const name of severityLabels) {
    const word = Object.hasOwn(labels, name) ? labels[name] : undefined;
    if (typeof word === 'string' && word !== '') return word;
  }
  return '';
}
