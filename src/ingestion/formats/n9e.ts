import type { AlertReport, Status } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import { isObject, listOf, objectOf, parseItems, textOf } from './format.ts';
import type { Format, ParseContext, Parsed, Refused } from './format.ts';
import { fitAlertKey, instantOf, keepLabels, keyOfLabels, report } from './report.ts';

/** Nightingale: an array of events from the notification rules of v8, one event from callbacks since v5 (contract 5.5). */
export const n9e: Format = {
  type: 'n9e',
  parse(body, context) {
    if (Array.isArray(body)) return parseItems(body, '', (event, path) => readEvent(event, path, context));
    if (isObject(body)) return parseSingle(body, context);
    return { ok: false, faults: [{ field: '', message: 'the body must be an event object or an array of them' }] };
  },
};

type Fields = Readonly<Record<string, unknown>>;

const statusOfSeverity: ReadonlyMap<number, Status> = new Map([
  [1, 'Critical'],
  [2, 'Warning'],
  [3, 'Info'],
]);

/** The fields that become labels as they are, after the tags and the annotations. */
const scalarFields = [
  'id',
  'hash',
  'rule_id',
  'rule_name',
  'rule_note',
  'severity',
  'trigger_time',
  'first_trigger_time',
  'last_eval_time',
  'trigger_value',
  'target_ident',
  'target_note',
  'group_id',
  'group_name',
  'cluster',
  'datasource_id',
  'cate',
  'prom_ql',
  'runbook_url',
];

function parseSingle(event: Fields, context: ParseContext): Parsed | Refused {
  return parseItems([event], '', (item) => readEvent(item, '', context));
}

function readEvent(event: Fields, path: string, { now }: ParseContext): AlertReport | Fault {
  const tags = tagsOf(event);
  const key = keyOf(event, tags);
  if (key === '') {
    return { field: path, message: 'has no hash, rule_id or tags, so it cannot be told from other events' };
  }
  const annotations = objectOf(event, 'annotations');
  const recovered = isTrue(event['is_recovered']);
  return report({
    alertKey: fitAlertKey(key),
    title: [textOf(event, 'rule_name'), textOf(event, 'target_ident')].filter((part) => part !== '').join(' / '),
    description: textOf(event, 'rule_note') || textOf(annotations, 'description') || textOf(annotations, 'summary'),
    status: recovered ? 'Ok' : (statusOfSeverity.get(Number(event['severity'])) ?? 'Warning'),
    labels: keepLabels(tags, annotations, scalarsOf(event)),
    images: [],
    eventTime: timeOf(event, recovered, now),
  });
}

/** The event's own digest of rule and series; releases without one are known by the two themselves. */
function keyOf(event: Fields, tags: Fields): string {
  const hash = textOf(event, 'hash');
  if (hash !== '') return hash;
  const rule = event['rule_id'];
  const hasRule = typeof rule === 'number' || (typeof rule === 'string' && rule !== '');
  if (!hasRule && Object.keys(tags).length === 0) return '';
  return keyOfLabels(hasRule ? { ...tags, '': rule } : tags);
}

/** `tags_map`, or the list of `name=value` that older releases send alone. */
function tagsOf(event: Fields): Fields {
  const map = objectOf(event, 'tags_map');
  if (Object.keys(map).length > 0) return map;
  const tags: Record<string, unknown> = Object.create(null);
  for (const tag of listOf(event, 'tags')) {
    const equals = typeof tag === 'string' ? tag.indexOf('=') : -1;
    if (typeof tag === 'string' && equals > 0) tags[tag.slice(0, equals)] = tag.slice(equals + 1);
  }
  return tags;
}

function scalarsOf(event: Fields): Fields {
  const scalars: Record<string, unknown> = {};
  for (const field of scalarFields) {
    const value = event[field];
    if (typeof value !== 'object' && value !== '') scalars[field] = value;
  }
  return scalars;
}

/** A recovery keeps the trigger's time in `trigger_time`, and was seen at the last evaluation. */
function timeOf(event: Fields, recovered: boolean, now: number): number {
  const times = recovered ? [event['last_eval_time'], event['trigger_time']] : [event['trigger_time']];
  for (const time of times) {
    if (typeof time === 'number' && time > 0) return instantOf(time, now) ?? now;
  }
  return now;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === 'true';
}
