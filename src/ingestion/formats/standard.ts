import type { Status } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import { changePath, parseStandardChange } from './change.ts';
import { mapFields } from './field-mapping.ts';
import { isObject, listOf, objectOf, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne, withReply } from './format.ts';
import type { Format, ParseContext, Parsed, Refused } from './format.ts';
import { timeReachMs } from './instant.ts';
import { read } from './report.ts';
import { knownSeverity } from './severity.ts';
import { alertKeyMax, fitTitle, normalizeAlertKey, truncate } from './text.ts';

/** Our own format, which Uptime Kuma, Keep, ElastAlert2 and many scripts send too (contract 5.2, 5.6, 5.7). */
export const standard: Format = {
  type: 'standard',
  parse,
  postsTo: (path) => path === changePath,
};

const statuses: readonly string[] = ['Critical', 'Warning', 'Info', 'Ok'] satisfies Status[];

/** Bodies of one request that a mapping is applied to. */
const mappedItemsMax = 100;

function parse(body: unknown, context: ParseContext): Parsed | Refused {
  if (context.path === changePath) return parseStandardChange(body, context);
  return Object.keys(context.settings.fieldMapping).length > 0 ? parseMapped(body, context) : parseEvent(body, context);
}

/** Any object, or a list of them. What a mapping does not fit is refused as a whole: it is the mapping that is wrong. */
function parseMapped(body: unknown, context: ParseContext): Parsed | Refused {
  const items: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (items.length > mappedItemsMax) {
    return { ok: false, faults: [{ field: '', message: `the list may have ${mappedItemsMax} objects at most` }] };
  }
  const { fieldMapping, valueMapping } = context.settings;
  const faults: Fault[] = [];
  const parsed: Parsed[] = [];
  for (const [index, item] of items.entries()) {
    const path = Array.isArray(body) ? `[${index}]` : '';
    const mapped = isObject(item) ? mapFields(item, fieldMapping, valueMapping) : notAnObject;
    const event = isFaults(mapped)
      ? { ok: false as const, faults: mapped }
      : parseEvent(withStatus(mapped, context), context);
    if (event.ok) parsed.push(event);
    else faults.push(...event.faults.map((fault) => ({ ...fault, field: placeOf(path, fault.field) })));
  }
  if (faults.length > 0) return { ok: false, faults: faults.slice(0, mappedFaultsMax) };
  const [first] = parsed;
  return Array.isArray(body) || first === undefined ? joined(parsed) : first;
}

/** Faults of a list that are named. */
const mappedFaultsMax = 20;

const notAnObject: readonly Fault[] = [{ field: '', message: 'must be a JSON object' }];

function isFaults(mapped: Fields | readonly Fault[]): mapped is readonly Fault[] {
  return Array.isArray(mapped);
}

/** A word of severity is understood as in every format, and a status in any case. */
function withStatus(event: Fields, { settings }: ParseContext): Fields {
  const word = textOf(event, 'event_status');
  const status = statuses.find((one) => one.toLowerCase() === word.trim().toLowerCase());
  const known = status ?? knownSeverity(word, settings.severityMapping);
  return known === undefined ? event : { ...event, event_status: known };
}

function placeOf(path: string, field: string): string {
  return path === '' || field === '' ? path + field : `${path}.${field}`;
}

function joined(parsed: readonly Parsed[]): Parsed {
  const reports = parsed.flatMap((one) => one.reports);
  const skipped = parsed.flatMap((one) => one.skipped);
  return {
    ok: true,
    reports,
    reply: { data: { accepted: reports.length, ignored: 0, skipped } },
    ignored: 0,
    skipped,
    unreadable: 0,
    truncated: 0,
    ahead: parsed.reduce((sum, one) => sum + one.ahead, 0),
  };
}

function parseEvent(body: unknown, context: ParseContext): Parsed | Refused {
  if (!isObject(body)) {
    return { ok: false, faults: [{ field: '', message: 'the body must be one JSON object, the alert event' }] };
  }
  const faults = faultsOf(body, context.now);
  if (faults.length > 0) return { ok: false, faults };
  const givenKey = textOf(body, 'alert_key') || context.shortId();
  const item = read(
    {
      alertKey: normalizeAlertKey(givenKey) ?? givenKey,
      title: textOf(body, 'title'),
      titleRule: textOf(body, 'title_rule'),
      description: textOf(body, 'description'),
      status: textOf(body, 'event_status') as Status,
      labels: [objectOf(body, 'labels')],
      images: listOf(body, 'images'),
      time: body['event_time'],
    },
    '',
    context,
  );
  const parsed = parseOne({ ...item, skipped: [...item.skipped, ...imagesFault(body['images'])] });
  return parsed.ok ? withReply(parsed, { data: { alert_key: givenKey } }) : parsed;
}

function faultsOf(body: Fields, now: number): readonly Fault[] {
  return [
    ...['title', 'title_rule', 'description', 'alert_key'].flatMap((field) => mustBeText(body, field)),
    ...statusFaults(body),
    ...titleFaults(body),
    ...alertKeyFaults(body),
    ...timeFaults(body['event_time'], now),
    ...labelFaults(body['labels']),
  ];
}

function mustBeText(body: Fields, field: string): Fault[] {
  const value = body[field];
  if (isAbsent(value) || typeof value === 'string') return [];
  return [{ field, message: `must be a string, and it is ${kindOf(value)}` }];
}

function statusFaults(body: Fields): Fault[] {
  const status = body['event_status'];
  if (typeof status === 'string' && statuses.includes(status)) return [];
  const message = isAbsent(status) ? 'is missing' : `is ${shown(status)}`;
  return [{ field: 'event_status', message: `${message}: send "Critical", "Warning", "Info" or "Ok", in this case` }];
}

/** A recovery needs no title, because the alert keeps its own. */
function titleFaults(body: Fields): Fault[] {
  const hasTitle = [body['title'], body['title_rule']].some((text) => !isAbsent(text) && !isBlank(text));
  if (hasTitle || body['event_status'] === 'Ok') return [];
  return [{ field: 'title_rule', message: 'is missing: send title_rule, or title' }];
}

function alertKeyFaults(body: Fields): Fault[] {
  const key = textOf(body, 'alert_key');
  if (normalizeAlertKey(key) === undefined) {
    return [
      { field: 'alert_key', message: `is longer than ${alertKeyMax} characters: send a shorter one, such as a hash` },
    ];
  }
  const missing = isAbsent(body['alert_key']) || body['alert_key'] === '';
  if (!missing || body['event_status'] !== 'Ok') return [];
  return [{ field: 'alert_key', message: 'is missing: an Ok event needs the key of the alert that recovered' }];
}

/** Clients without a time write zero. */
function timeFaults(value: unknown, now: number): Fault[] {
  if (isAbsent(value) || value === 0) return [];
  const field = 'event_time';
  if (typeof value !== 'number')
    return [{ field, message: `must be a number of Unix seconds, and it is ${kindOf(value)}` }];
  if (isNear(value * 1000, now)) return [];
  const hint = isNear(value, now) ? '; it looks like milliseconds' : '';
  return [{ field, message: `must be Unix seconds within 10 years from now${hint}` }];
}

function isNear(instant: number, now: number): boolean {
  return Math.abs(instant - now) <= timeReachMs;
}

function labelFaults(value: unknown): Fault[] {
  if (isAbsent(value) || isObject(value)) return [];
  return [{ field: 'labels', message: `must be an object of names and values, and it is ${kindOf(value)}` }];
}

/** Images that are not a list are left out, like bad images. */
function imagesFault(value: unknown): Fault[] {
  if (isAbsent(value) || Array.isArray(value)) return [];
  return [{ field: 'images', message: `are left out: must be an array, and it is ${kindOf(value)}` }];
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && fitTitle(value) === '';
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The start of a wrong value, enough to find it. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(truncate(value, 40)) : kindOf(value);
}
