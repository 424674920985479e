import { createHash } from 'node:crypto';

/** Limits of a report (contract 5.2). Text is counted in code points. */
export const titleMax = 512;
export const titleRuleMax = 512;
export const descriptionMax = 6144;
export const alertKeyMax = 255;

/**
 * Text is cut to this multiple of its limit before it is processed, so that no step takes longer for a longer text.
 * Composing characters makes a text up to four times shorter, so longer ones are too long afterwards.
 */
const slack = 4;

/** Cuts after so many code points, so never inside a surrogate pair. */
export function truncate(text: string, codePoints: number): string {
  if (text.length <= codePoints) return text;
  let end = 0;
  for (let count = 0; count < codePoints && end < text.length; count += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

/** Databases refuse NUL, and halves of surrogate pairs. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

export function isLongerThan(text: string, codePoints: number): boolean {
  return truncate(text, codePoints).length < text.length;
}

/** One line: line breaks and tabs become a blank, other control characters go. */
export function fitTitle(text: string): string {
  const oneLine = truncate(text.trimStart(), slack * titleMax).replace(/[\p{Cc}\u2028\u2029]+/gu, (run) =>
    /\s/.test(run) ? ' ' : '',
  );
  return truncate(oneLine.trim(), titleMax);
}

/** Such a text has one spelling. */
const isAscii = /^[\0-\x7f]*$/;

/** Keys are compared as bytes, so two spellings of the same characters become one. `undefined` = too long. */
export function normalizeAlertKey(text: string): string | undefined {
  if (isLongerThan(text, slack * alertKeyMax)) return undefined;
  const key = isAscii.test(text) ? text : text.normalize('NFC');
  return isLongerThan(key, alertKeyMax) ? undefined : key;
}

/** For keys that the sender does not choose: a digest replaces one that is too long. */
export function fitAlertKey(text: string): string {
  return normalizeAlertKey(text) ?? digest(text);
}

/** A key for alerts without one: the same labels in any order give the same key. */
export function keyOfLabels(labels: Readonly<Record<string, unknown>>): string {
  return digest(JSON.stringify(Object.entries(labels).sort(([a], [b]) => byText(a, b))));
}

/** The order of code units, the same on every machine. */
export function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function digest(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
