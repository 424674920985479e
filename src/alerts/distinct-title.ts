/*
 * Titles that tell two alerts apart (contract 4.9): where an open alert of another key has the same title, labels that
 * differ follow it.
 */

type Labels = Readonly<Record<string, string>>;

const labelsMax = 2;
/** A longer value is a text or a link, which names nothing. */
const valueMaxChars = 64;
const titleMaxChars = 512;

/** Where a thing is, the most telling first. */
const places = [
  'resource',
  'host',
  'hostname',
  'target_ident',
  'ident',
  'instance',
  'node',
  'pod',
  'container',
  'device',
  'interface',
  'mount',
  'mountpoint',
  'service',
  'check',
  'job',
  'namespace',
  'cluster',
  'region',
];

/** What changes from report to report, or is a number that nobody knows. */
const passing =
  /(?:^|_)(?:id|uid|uuid|hash|fingerprint|time|timestamp|value|values|valuestring|url|severity|level|priority|status|description|summary|message|details)$|URL$/i;

/** Labels of the one whose values the other does not have: at most two. */
export function tellingLabels(labels: Labels, others: Labels): string[] {
  const differing = Object.keys(labels).filter(
    (name) => labels[name] !== (Object.hasOwn(others, name) ? others[name] : '') && isTelling(name, labels[name] ?? ''),
  );
  return differing.toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1)).slice(0, labelsMax);
}

/** The title with the values of these labels. */
export function distinctTitle(title: string, labels: Labels, names: readonly string[]): string {
  if (names.length === 0) return title;
  const parts = names.flatMap((name) => (Object.hasOwn(labels, name) ? [`${name}: ${labels[name]}`] : []));
  if (parts.length === 0) return title;
  const distinct = [title, ' (', parts.join(', '), ')'].join('');
  return distinct.length <= titleMaxChars ? distinct : title;
}

/** The title without the labels that {@link distinctTitle} has added to it. */
export function plainTitle(title: string, labels: Labels): string {
  const open = title.endsWith(')') ? title.lastIndexOf(' (') : -1;
  if (open === -1) return title;
  const names = title.slice(open + 2, -1).split(/, (?=[^\s:]+: )/);
  const plain = title.slice(0, open);
  const added = names.map((part) => part.slice(0, Math.max(0, part.indexOf(': '))));
  return distinctTitle(plain, labels, added) === title ? plain : title;
}

function isTelling(name: string, value: string): boolean {
  return value !== '' && value.length <= valueMaxChars && !passing.test(name);
}

function rankOf(name: string): number {
  const rank = places.indexOf(name.toLowerCase());
  return rank === -1 ? places.length : rank;
}
