import type { Status } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import { parsePagerdutyChange } from './change.ts';
import { firstText, isObject, listOf, objectOf, textOf, withoutBlanks } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne, withReply } from './format.ts';
import type { Format, OwnReply, ParseContext, Parsed, Refused } from './format.ts';
import { fieldsOfPairs } from './labels.ts';
import { read } from './report.ts';
import { severityOf, severityWord } from './severity.ts';
import type { SeverityMapping } from './severity.ts';
import { alertKeyMax, descriptionMax, fitTitle, isLongerThan, normalizeAlertKey, titleMax } from './text.ts';

/** Senders of PagerDuty's Events API, version 1 and 2, with replies in its form (contract 5.7). */
export const pagerduty: Format = {
  type: 'pagerduty',
  parse,
  keyInBody,
  refusal,
  postsTo: (path) => ownPaths.has(path),
};

/** Paths of the Events API: its clients append them to a configurable host. */
const ownPaths: ReadonlySet<string> = new Set([
  'v2/enqueue',
  'v2/change/enqueue',
  'generic/2010-04-15/create_event.json',
]);

/** The integration's key in `routing_key` (v2) or `service_key` (v1), for senders that can only change the host. */
export function keyInBody(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  return textOf(body, 'routing_key') || textOf(body, 'service_key') || undefined;
}

const actions: ReadonlySet<string> = new Set(['trigger', 'acknowledge', 'resolve']);

/** One event of either version, in terms of version 2. */
interface PagerEvent {
  readonly version: 1 | 2;
  readonly action: string;
  readonly givenKey: unknown;
  readonly summary: unknown;
  /** '' when there is none. */
  readonly severity: string;
  readonly timestamp: unknown;
  readonly details: unknown;
  readonly labels: Fields;
  readonly images: readonly unknown[];
  readonly links: readonly unknown[];
}

function parse(body: unknown, context: ParseContext): Parsed | Refused {
  if (!isObject(body)) return { ok: false, faults: [{ field: '', message: 'the body must be one event object' }] };
  if (context.path === 'v2/change/enqueue' || isChange(body)) return parsePagerdutyChange(body, context);
  const event = isFirstVersion(body) ? readFirstVersion(body) : readSecondVersion(body);
  const faults = faultsOf(event);
  if (faults.length > 0) return { ok: false, faults };
  const key = typeof event.givenKey === 'string' && event.givenKey !== '' ? event.givenKey : context.shortId();
  const reply = replyOf(event.version, key);
  // An acknowledgement at the source changes nothing here; people acknowledge here.
  if (event.action === 'acknowledge') return withOwnReply(parseOne('ignored'), reply);
  const summary = textOf({ summary: event.summary }, 'summary');
  const draft = {
    alertKey: normalizeAlertKey(key) ?? key,
    title: summary,
    description: descriptionOf(event.details) || (isLongerThan(summary, titleMax) ? summary : ''),
    status: event.action === 'resolve' ? 'Ok' : statusOf(event.severity, context.settings.severityMapping),
    labels: labelsOf(event),
    images: event.images,
    time: event.timestamp,
    keepsDetails: isEmpty(event.details),
  } as const;
  return withOwnReply(parseOne(read(draft, '', context)), reply);
}

function withOwnReply(parsed: Parsed | Refused, reply: OwnReply): Parsed | Refused {
  return parsed.ok ? withReply(parsed, reply) : parsed;
}

/** A change event reports a deployment, not an alert: it has a payload and no action. */
function isChange(body: Fields): boolean {
  const payload = objectOf(body, 'payload');
  const isTrigger =
    Object.hasOwn(body, 'event_action') || Object.hasOwn(body, 'event_type') || Object.hasOwn(payload, 'severity');
  return !isTrigger && Object.hasOwn(body, 'routing_key') && textOf(payload, 'summary') !== '';
}

/** Some senders of version 1 also send an empty `event_action`, so the non-empty one decides. */
function isFirstVersion(body: Fields): boolean {
  return textOf(body, 'event_action') === '' && (textOf(body, 'event_type') !== '' || 'service_key' in body);
}

function readSecondVersion(body: Fields): PagerEvent {
  const payload = objectOf(body, 'payload');
  const { source, component, group, class: kind } = payload;
  return {
    version: 2,
    action: textOf(body, 'event_action'),
    givenKey: body['dedup_key'],
    summary: payload['summary'],
    severity: textOf(payload, 'severity') || severityWord(objectOf(payload, 'custom_details')),
    timestamp: payload['timestamp'],
    details: payload['custom_details'],
    labels: { source, component, group, class: kind, ...clientOf(body) },
    images: listOf(body, 'images'),
    links: listOf(body, 'links'),
  };
}

/** Version 1 has no severity; the details may name one. */
function readFirstVersion(body: Fields): PagerEvent {
  const contexts = listOf(body, 'contexts').filter(isObject);
  return {
    version: 1,
    action: textOf(body, 'event_type'),
    givenKey: body['incident_key'],
    summary: body['description'],
    severity: severityWord(objectOf(body, 'details')),
    timestamp: undefined,
    details: body['details'],
    labels: clientOf(body),
    images: contexts.filter((context) => context['type'] === 'image'),
    links: contexts.filter((context) => context['type'] === 'link'),
  };
}

function clientOf({ client, client_url: url }: Fields): Fields {
  return { client, client_url: url };
}

/** Without a severity, PagerDuty pages. A trigger is never a recovery. */
function statusOf(word: string, mapping: SeverityMapping): Status {
  if (word === '') return 'Critical';
  const status = severityOf(word, mapping);
  return status === 'Ok' ? 'Info' : status;
}

function faultsOf(event: PagerEvent): readonly Fault[] {
  const faults: Fault[] = [];
  const isFirst = event.version === 1;
  if (!actions.has(event.action)) {
    const message = `must be "trigger", "acknowledge" or "resolve"`;
    faults.push({ field: isFirst ? 'event_type' : 'event_action', message });
  }
  if (event.action === 'trigger' && (typeof event.summary !== 'string' || fitTitle(event.summary) === '')) {
    faults.push({
      field: isFirst ? 'description' : 'payload.summary',
      message: 'must be a string that says what is wrong',
    });
  }
  const keyField = isFirst ? 'incident_key' : 'dedup_key';
  const key = event.givenKey ?? '';
  if (typeof key !== 'string') faults.push({ field: keyField, message: 'must be a string' });
  else if (normalizeAlertKey(key) === undefined) {
    faults.push({ field: keyField, message: `must not be longer than ${alertKeyMax} characters` });
  } else if (key === '' && event.action !== 'trigger') {
    faults.push({ field: keyField, message: 'is missing: it says which alert is meant' });
  }
  return faults;
}

function replyOf(version: 1 | 2, key: string): OwnReply {
  const body = { status: 'success', message: 'Event processed' };
  if (version === 1) return { status: 200, body: { ...body, incident_key: key } };
  return { status: 202, body: { ...body, dedup_key: key } };
}

function refusal(status: number, messages: readonly string[]): Fields {
  if (status === 429) {
    const message = 'Requests for this service are arriving too quickly. Please retry later.';
    return { status: 'throttle exceeded', message, errors: messages };
  }
  if (status >= 500)
    return { status: 'internal error', message: 'The event was not taken: try again', errors: messages };
  return { status: 'invalid event', message: 'Event object is invalid', errors: messages };
}

/** The describing detail, else all of them, one per line. */
function descriptionOf(details: unknown): string {
  if (typeof details === 'string') return details;
  const written = isObject(details) ? firstText(details, 'description', 'body', 'message') : '';
  if (written !== '') return written;
  const lines: string[] = [];
  let length = 0;
  for (const [caption, value] of captionsOf(details)) {
    if (length > descriptionMax) break;
    const line = caption === '' ? shown(value) : `${caption}: ${shown(value)}`;
    length += line.length;
    lines.push(line);
  }
  return lines.join('\n');
}

/** Details by caption, in order. In a list, objects have captions, and other values have none. */
function captionsOf(details: unknown): readonly (readonly [caption: string, value: unknown])[] {
  const parts = Array.isArray(details) ? (details as unknown[]) : [details];
  return parts
    .flatMap((part): (readonly [string, unknown])[] => (isObject(part) ? Object.entries(part) : [['', part]]))
    .filter(([, value]) => value !== null && value !== undefined && value !== '');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isEmpty(details: unknown): boolean {
  return captionsOf(details).length === 0;
}

/** Source fields first, then details, whose captions are free text, then links. */
function labelsOf(event: PagerEvent): readonly Fields[] {
  const links = event.links.map(linkText).filter((text) => text !== '');
  return [withoutBlanks(event.labels), detailLabels(event.details), links.length > 0 ? { links: links.join(' ') } : {}];
}

function linkText(link: unknown): string {
  if (!isObject(link)) return '';
  return [textOf(link, 'text'), textOf(link, 'href')].filter((part) => part !== '').join(': ');
}

/** A repeated caption gets `_2` and so on; values without captions stay. */
function detailLabels(details: unknown): Fields {
  if (typeof details === 'string') return {};
  const captions = captionsOf(details);
  const plain = captions.filter(([caption]) => caption === '').map(([, value]) => shown(value));
  return fieldsOfPairs(plain.length > 0 ? [...captions, ['custom_details', plain.join('\n')]] : captions);
}
