/** What somebody writes about how the bodies of a source are read. Pure. */

export const severities = ['Critical', 'Warning', 'Info', 'Ok'] as const;
type Words = Record<string, (typeof severities)[number]>;

/** One word a line: `page = Critical`. */
export function writeWords(words: Readonly<Words>): string {
  return Object.entries(words)
    .map(([word, severity]) => `${word} = ${severity}`)
    .join('\n');
}

/** `undefined` = a line is not of the form. */
export function readWords(text: string): Words | undefined {
  const words: Words = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.lastIndexOf('=');
    const word = line.slice(0, Math.max(0, at)).trim();
    const severity = severities.find(
      (one) =>
        one.toLowerCase() ===
        line
          .slice(at + 1)
          .trim()
          .toLowerCase(),
    );
    if (word === '' || severity === undefined) return undefined;
    words[word] = severity;
  }
  return words;
}

/** A JSON object, and `undefined` for anything else; nothing at all is an empty one. */
export function readObject(text: string): Record<string, unknown> | undefined {
  const value = text.trim() === '' ? {} : readJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** `undefined` = it is no JSON. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function writeObject(value: object): string {
  return Object.keys(value).length === 0 ? '' : JSON.stringify(value, null, 2);
}

/** Whether two objects say the same, in whatever order and form they were written. */
export function isSame(one: object | undefined, other: object): boolean {
  return one !== undefined && sorted(one) === sorted(other);
}

function sorted(value: object): string {
  return JSON.stringify(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
