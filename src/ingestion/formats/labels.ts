import type { AlertReport } from '../../alerts/alert.ts';
import type { Fields } from './fields.ts';
import { byText, truncate } from './text.ts';

/** The limits on labels (contract 5.2); text is counted in code points. */
const labelsMax = 50;
const nameMax = 128;
const valueMax = 2048;

export type Labels = AlertReport['labels'];

export interface KeptLabels {
  readonly labels: Labels;
  /** The names beyond the limit, as they were sent. */
  readonly dropped: readonly string[];
}

/** Labels that people route and filter by: kept first when there are too many. */
const wellKnown: ReadonlySet<string> = new Set([
  'alertname',
  'severity',
  'service',
  'host',
  'instance',
  'namespace',
  'pod',
  'cluster',
  'job',
  'team',
  'runbook_url',
  'summary',
  'description',
  'generatorURL',
]);

/**
 * Builds labels from a sender's fields (contract 5.2): values become text and are cut, and a name that cannot be a
 * label's is changed. Of several sources the first wins a name. Beyond the limit the well-known names stay, then those
 * of the earlier sources, by name. All are own properties, `__proto__` and `constructor` too.
 */
export function keepLabels(...sources: readonly Fields[]): KeptLabels {
  const asSent = labelsAsSent(sources);
  return asSent === undefined ? fittedLabels(sources) : { labels: asSent, dropped: [] };
}

/** Nearly always every name is a label's, and all find room; else undefined. */
function labelsAsSent(sources: readonly Fields[]): Labels | undefined {
  const labels: Record<string, string> = {};
  let count = 0;
  for (const source of sources) {
    for (const name of Object.keys(source)) {
      const value = source[name];
      if (!isUsable(value) || Object.hasOwn(labels, name)) continue;
      count += 1;
      // Given to an object, this name would change it and not become its own property.
      if (count > labelsMax || name === '__proto__' || !isLabelName(name)) return undefined;
      labels[name] = labelValue(value);
    }
  }
  return labels;
}

function fittedLabels(sources: readonly Fields[]): KeptLabels {
  const sent = new Map<string, unknown>();
  const late: string[][] = [];
  for (const source of sources) {
    const names = Object.keys(source).filter((name) => isUsable(source[name]) && !sent.has(name));
    for (const name of names) sent.set(name, source[name]);
    late.push(names);
  }
  const kept = sent.size <= labelsMax ? undefined : chosen(late);
  const names = [...sent.keys()].filter((name) => kept === undefined || kept.has(name));
  const dropped = kept === undefined ? [] : [...sent.keys()].filter((name) => !kept.has(name));
  const fitted = fitNames(names);
  // An object without a prototype would take four times as long to serialise.
  const labels = Object.fromEntries(names.map((name, index) => [fitted[index] ?? name, labelValue(sent.get(name))]));
  return { labels, dropped };
}

/**
 * Fields of tags that come as pairs, where a name may come again: with another value it gets `_2`, `_3` and so on, with the
 * same value it is there once. Pairs without a name are left out.
 */
export function fieldsOfPairs(pairs: Iterable<readonly [name: string, value: unknown]>): Fields {
  const fields: Record<string, unknown> = Object.create(null);
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  for (const [name, value] of pairs) {
    const pair = JSON.stringify([name, value]);
    if (name === '' || seen.has(pair)) continue;
    seen.add(pair);
    let count = (counts.get(name) ?? 0) + 1;
    while (count > 1 && Object.hasOwn(fields, `${name}_${count}`)) count += 1;
    counts.set(name, count);
    fields[count === 1 ? name : `${name}_${count}`] = value;
  }
  return fields;
}

function chosen(namesOfSources: readonly (readonly string[])[]): ReadonlySet<string> {
  const kept = new Set(namesOfSources.flat().filter((name) => wellKnown.has(name)));
  for (const names of namesOfSources) {
    for (const name of names.toSorted(byText)) {
      if (kept.size >= labelsMax) return kept;
      kept.add(name);
    }
  }
  return kept;
}

/** Keeps valid names; a changed name that equals another gets `_2`, `_3` and so on. */
function fitNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names.filter((name) => isLabelName(name)));
  return names.map((name) => {
    if (isLabelName(name)) return name;
    const base = labelName(name);
    let fitted = base;
    for (let number = 2; taken.has(fitted); number += 1) {
      const ending = `_${number}`;
      fitted = truncate(base, nameMax - ending.length) + ending;
    }
    taken.add(fitted);
    return fitted;
  });
}

const plainName = /^[A-Za-z_][\w.\-/]*$/;
const anyName = /^[\p{L}_][\p{L}\p{M}\p{N}_.\-/]*$/u;

/** Prometheus naming, with letters of every script and the dots, dashes and slashes that senders use. */
export function isLabelName(name: string): boolean {
  if (truncate(name, nameMax).length < name.length) return false;
  return plainName.test(name) || anyName.test(name);
}

/** Makes a label name of any text, such as the caption of a detail: other characters become `_`. */
export function labelName(text: string): string {
  const name = truncate(text, nameMax).replace(/[^\p{L}\p{M}\p{N}_.\-/]/gu, '_');
  return truncate(/^[\p{L}_]/u.test(name) ? name : `_${name}`, nameMax);
}

/** Some senders write null for an absent label. */
function isUsable(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function labelValue(value: unknown): string {
  return truncate(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), valueMax);
}

/** Labels that best identify what an alert is about, the best first. */
const tellingNames =
  'alertname rulename rule_name check service app host hostname ident target_ident instance resource node pod device url name ' +
  'job namespace cluster component source';

/** Labels in a title that is made of them. */
const titleLabelsMax = 2;

/** Labels about the kind or severity of an alert, not about its object. */
const muteName =
  /^(?:severity|priority|level|summary|description|message|details|id|.*(?:url|fingerprint|hash|_id|time|value|values))$/i;

/** A digest or UUID, which tells people nothing. */
const digestLike = /^(?:[0-9a-f]{16,128}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** A title for an alert without one: its most telling labels, else the first others; '' when there are none. */
export function titleFromLabels(labels: Labels): string {
  const telling = tellingNames.split(' ').filter((name) => Object.hasOwn(labels, name) && labels[name] !== '');
  if (telling.length > 0)
    return telling
      .slice(0, titleLabelsMax)
      .map((name) => labels[name])
      .join(' / ');
  const others = Object.keys(labels).filter((name) => {
    const value = labels[name] ?? '';
    return value !== '' && !muteName.test(name) && !digestLike.test(value);
  });
  return others
    .slice(0, titleLabelsMax)
    .map((name) => `${name}=${labels[name]}`)
    .join(' / ');
}
