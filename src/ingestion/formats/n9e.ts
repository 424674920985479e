import type { Status } from '../../alerts/alert.ts';
import { firstText, isObject, listOf, nestedObject, objectOf, scalarOf, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseItems, parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { read } from './report.ts';
import { resourceOf } from './resource.ts';
import { severityOf, severityWord } from './severity.ts';
import { fitAlertKey, fitTitle, keyOfLabels, truncate } from './text.ts';

/** Nightingale: an array of events from the notification rules of v8, one event from callbacks since v5 (contract 5.5). */
export const n9e: Format = {
  type: 'n9e',
  parse(body, context) {
    if (Array.isArray(body)) return parseItems(body, '', (event, path) => readEvent(event, path, context));
    if (isObject(body)) return parseOne(readEvent(body, '', context));
    return { ok: false, faults: [{ field: '', message: 'the body must be an event object or an array of them' }] };
  },
};

/** The fields that become labels unchanged, after the tags and the annotations. */
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

function readEvent(event: Fields, path: string, context: ParseContext): Item {
  const tags = tagsOf(event);
  const key = keyOf(event, tags);
  if (key === '') {
    return { field: path, message: 'has no hash, rule_id or tags, so it cannot be distinguished from other events' };
  }
  const annotations = annotationsOf(event);
  const isRecovered = isTrue(event['is_recovered']);
  const draft = {
    alertKey: fitAlertKey(key),
    isKeyDigest: true,
    title: titleOf(event, tags),
    description: descriptionOf(event, annotations),
    status: isRecovered ? 'Ok' : statusOf(event, tags, context),
    labels: [tags, annotations, scalarsOf(event), linkOf(event, context)],
    // A recovery has the trigger's time in `trigger_time`, and its own in the last evaluation.
    time: (isRecovered && event['last_eval_time']) || event['trigger_time'],
    startedAt: event['first_trigger_time'],
  } as const;
  return read(draft, path, context);
}

/** The event's digest of rule and series; in releases without one, the two themselves. */
function keyOf(event: Fields, tags: Fields): string {
  const hash = textOf(event, 'hash');
  if (hash !== '') return hash;
  const rule = event['rule_id'];
  const hasRule = typeof rule === 'number' || (typeof rule === 'string' && rule !== '');
  if (!hasRule && Object.keys(tags).length === 0) return '';
  return keyOfLabels(hasRule ? { ...tags, '': rule } : tags);
}

/** Nightingale's numbers; an integration may map these as well as words. */
const statusOfNumber: ReadonlyMap<string, Status> = new Map([
  ['1', 'Critical'],
  ['2', 'Warning'],
  ['3', 'Info'],
]);

function statusOf(event: Fields, tags: Fields, { settings }: ParseContext): Status {
  const number = scalarOf(event, 'severity').slice(0, 8);
  const { severityMapping } = settings;
  if (Object.hasOwn(severityMapping, number)) return severityOf(number, severityMapping);
  return statusOfNumber.get(number) ?? severityOf(severityWord(tags), severityMapping);
}

/** The rule, then the target; without a target, its tags identify it. */
function titleOf(event: Fields, tags: Fields): string {
  const name = textOf(event, 'rule_name');
  const target = textOf(event, 'target_ident') || firstText(tags, 'ident', 'host', 'hostname') || resourceOf(tags);
  if (name === '') return firstLine(textOf(event, 'rule_note')) || target;
  return target === '' ? name : `${name} / ${target}`;
}

function firstLine(text: string): string {
  return fitTitle(truncate(text, 512).trimStart().split('\n', 1)[0] ?? '');
}

/** The rule's note, else the measured value. */
function descriptionOf(event: Fields, annotations: Fields): string {
  const written = textOf(event, 'rule_note') || firstText(annotations, 'description', 'details', 'summary', 'message');
  if (written !== '') return written;
  const value = scalarOf(event, 'trigger_value');
  const query = firstText(event, 'prom_ql', 'sql');
  return [value === '' ? '' : `Trigger value: ${value}`, query === '' ? '' : `Query: ${query}`]
    .filter((line) => line !== '')
    .join('\n');
}

/** An object, or JSON text in older releases; other text is a description. */
function annotationsOf(event: Fields): Fields {
  const text = textOf(event, 'annotations');
  if (text === '' || text === '{}') return objectOf(event, 'annotations');
  return nestedObject(text) ?? { description: text };
}

/** `tags_map`, or the list of `name=value` of older releases. */
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

/** The event's page in Nightingale, which bodies do not hold. */
function linkOf(event: Fields, { settings }: ParseContext): Fields {
  const id = scalarOf(event, 'id');
  if (settings.consoleUrl === '' || id === '') return {};
  return { event_url: `${settings.consoleUrl}/alert-his-events/${encodeURIComponent(truncate(id, 64))}` };
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === 'true';
}
