import type { Severity, Status } from '../../alerts/alert.ts';

/** Severity words, in lower case (contract 5.1). One table for every format. */
const wordsOf: Readonly<Record<Severity, string>> = {
  Critical:
    'critical crit emergency emerg fatal panic page disaster high severe urgent alert blocker p0 p1 sev0 sev1 s1 ' +
    'error err major 致命 严重 紧急 灾难',
  Warning: 'warning warn average medium moderate minor p2 p3 sev2 sev3 警告 一般',
  Info: 'info information informational notice low debug none ok acknowledged unknown unk p4 p5 sev4 sev5 提示 通知 信息',
};

const severityOfWord: ReadonlyMap<string, Severity> = new Map(
  (Object.keys(wordsOf) as Severity[]).flatMap((severity) =>
    wordsOf[severity].split(' ').map((word) => [word, severity]),
  ),
);

/** An integration's words, in lower case; they override the table. */
export type SeverityMapping = Readonly<Record<string, Status>>;

/** Longer texts are not severity words; they are cut first. */
export const severityWordMaxChars = 64;

/** Numbered levels count from the worst down, so 4 and above is mild in every scale. */
const numberedWord = /^(?:p|s|sev|severity|prio|priority|l|lvl|level)?(\d{1,4})$/;
const mildFrom = 4;

/** The severity of a word, ignoring case; an unknown word is a warning. */
export function severityOf(word: string, mapping: SeverityMapping = {}): Status {
  return knownSeverity(word, mapping) ?? 'Warning';
}

/** `undefined` for a word that neither the integration nor the table knows. */
export function knownSeverity(word: string, mapping: SeverityMapping): Status | undefined {
  const text = normalizeSeverityWord(word);
  if (Object.hasOwn(mapping, text)) return mapping[text];
  const joined = text.replace(/[\s_-]+(?=\d+$)/, '');
  const known = severityOfWord.get(joined);
  if (known !== undefined) return known;
  return Number(numberedWord.exec(joined)?.[1] ?? 0) >= mildFrom ? 'Info' : undefined;
}

/** The form in which words are compared, in the table and in an integration's mapping. */
export function normalizeSeverityWord(word: string): string {
  return word.slice(0, severityWordMaxChars).trim().toLowerCase();
}

/** Names of severity labels, in order. */
const severityNames = ['severity', 'priority', 'level'];

/** The first word in the sources: all names of one source before the next source. '' when there is none. */
export function severityWord(...sources: readonly Readonly<Record<string, unknown>>[]): string {
  for (const source of sources) {
    let [best, word] = [severityNames.length, ''];
    for (const name of Object.keys(source)) {
      if (!severityNameLengths.has(name.length)) continue;
      const value = source[name];
      const rank = severityNames.indexOf(name.toLowerCase());
      if (rank !== -1 && rank < best && isWord(value)) [best, word] = [rank, String(value)];
    }
    if (word !== '') return word;
  }
  return '';
}

const severityNameLengths: ReadonlySet<number> = new Set(severityNames.map((name) => name.length));

function isWord(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}
