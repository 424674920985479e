import { createHash } from 'node:crypto';
import type { AlertReport, Image } from '../../alerts/alert.ts';
import { isObject } from './format.ts';

/** What a report may be at most (contract 5.2). Text is counted in code points. */
export const titleMax = 512;
export const titleRuleMax = 512;
const descriptionMax = 2048;
export const alertKeyMax = 255;
const labelsMax = 50;
const labelNameMax = 128;
const labelValueMax = 2048;
const imagesMax = 20;
const imageSrcMax = 256;
const imageAltMax = 128;
const imageHrefMax = 256;

/** A time that a sender names is believed within this distance from now: 10 years. */
export const eventTimeReachMs = 10 * 365 * 24 * 3_600_000;

export type Labels = AlertReport['labels'];

/** A report before the limits are applied. */
export interface Draft extends Omit<AlertReport, 'titleRule'> {
  readonly titleRule?: string;
}

/** For an alert whose title and key have nothing to show. */
const untitled = 'Untitled alert';

/** Applies the limits on texts. A title that has nothing to show becomes the alert's key, so that there is something to click on. */
export function report(draft: Draft): AlertReport {
  return {
    ...draft,
    title: fitTitle(draft.title) || fitTitle(draft.alertKey) || untitled,
    titleRule: truncate(draft.titleRule ?? '', titleRuleMax),
    description: truncate(draft.description, descriptionMax),
  };
}

/** Cuts after so many code points, so never inside a surrogate pair. */
export function truncate(text: string, codePoints: number): string {
  if (text.length <= codePoints) return text;
  let end = 0;
  for (let count = 0; count < codePoints && end < text.length; count += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

/** One line: line breaks and tabs become a blank, other control characters go. */
export function fitTitle(text: string): string {
  const oneLine = text.replace(/[\p{Cc}\u2028\u2029]+/gu, (run) => (/\s/.test(run) ? ' ' : ''));
  return truncate(oneLine.trim(), titleMax);
}

/** Keys are compared as bytes, so two spellings of the same characters are made one. */
export function normalizeAlertKey(text: string): string {
  return text.normalize('NFC');
}

/** For keys that the sender does not choose: one that is too long is replaced by its digest, which identifies it as well. */
export function fitAlertKey(text: string): string {
  const key = normalizeAlertKey(text);
  return isLongerThan(key, alertKeyMax) ? digest(key) : key;
}

export function isLongerThan(text: string, codePoints: number): boolean {
  return truncate(text, codePoints).length < text.length;
}

/** A key for alerts that are known only by their labels: the same labels in any order give the same key. */
export function keyOfLabels(labels: Readonly<Record<string, unknown>>): string {
  return digest(JSON.stringify(Object.entries(labels).sort(([a], [b]) => byText(a, b))));
}

function digest(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/**
 * Labels out of what a sender said, by contract 5.2: values become text and are cut, nulls and badly named ones are dropped,
 * and so are those beyond the limit, in the order of their names. Of several sources the first wins, for a name and for a
 * place. All of them are the object's own, `__proto__` and `constructor` too: who looks for one asks for an own one.
 */
export function keepLabels(...sources: readonly Readonly<Record<string, unknown>>[]): Labels {
  const kept = new Map<string, string>();
  for (const source of sources) {
    const names = Object.keys(source).filter((name) => isUsable(source[name]) && isLabelName(name) && !kept.has(name));
    const room = labelsMax - kept.size;
    if (names.length > room) names.sort(byText).length = room;
    for (const name of names) kept.set(name, labelValue(source[name]));
  }
  // An object without a prototype would take four times as long to be written as JSON, with all that it is a part of.
  return Object.fromEntries(kept);
}

const plainName = /^[A-Za-z_][\w.\-/]*$/;
const anyName = /^[\p{L}_][\p{L}\p{M}\p{N}_.\-/]*$/u;

/** Prometheus naming, with the letters of every script and the dots, dashes and slashes that senders put in names. */
export function isLabelName(name: string): boolean {
  if (name.length > labelNameMax && isLongerThan(name, labelNameMax)) return false;
  return plainName.test(name) || anyName.test(name);
}

/** Makes a label name of a free text, such as the caption of a detail. '' when nothing is left of it. */
export function labelName(text: string): string {
  const name = text.trim().replace(/[^\p{L}\p{M}\p{N}_.\-/]+/gu, '_');
  const sound = /^[\p{L}_]/u.test(name) || name === '' ? name : `_${name}`;
  return truncate(sound, labelNameMax);
}

function isUsable(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function labelValue(value: unknown): string {
  return truncate(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), labelValueMax);
}

/** The order of code units, the same on every machine. */
function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Images by contract 5.2: those whose source is not an http(s) URL or an `img_` key, or is too long, are discarded, and of
 * several with the same `alt` the first is kept. A link that is not http(s) is left out, because people click on it.
 */
export function keepImages(list: readonly unknown[]): readonly Image[] {
  const byAlt = new Map<string, Image>();
  for (const item of list) {
    if (byAlt.size === imagesMax) break;
    const image = isObject(item) ? readImage(item) : undefined;
    if (image !== undefined && !byAlt.has(image.alt ?? '')) byAlt.set(image.alt ?? '', image);
  }
  return [...byAlt.values()];
}

function readImage({ src, alt, href }: Readonly<Record<string, unknown>>): Image | undefined {
  if (typeof src !== 'string' || isLongerThan(src, imageSrcMax)) return undefined;
  if (!isWebUrl(src) && !/^img_./.test(src)) return undefined;
  return {
    src,
    ...(typeof alt === 'string' && alt !== '' ? { alt: truncate(alt, imageAltMax) } : {}),
    ...(typeof href === 'string' && isWebUrl(href) ? { href: truncate(href, imageHrefMax) } : {}),
  };
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\/./i.test(text);
}

/** Unix seconds to the instant, when that is believable; else undefined. */
export function instantOf(seconds: number, now: number): number | undefined {
  const instant = Math.floor(seconds * 1000);
  return Math.abs(instant - now) <= eventTimeReachMs ? instant : undefined;
}
