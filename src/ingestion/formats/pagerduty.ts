import type { Severity } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import { isObject, listOf, objectOf, textOf } from './format.ts';
import type { Format, OwnReply, ParseContext, Parsed, Refused } from './format.ts';
import {
  alertKeyMax,
  eventTimeReachMs,
  fitTitle,
  isLongerThan,
  keepImages,
  keepLabels,
  labelName,
  normalizeAlertKey,
  report,
  titleMax,
} from './report.ts';
import type { Labels } from './report.ts';
import { severityOf, severityWord } from './severity-words.ts';

/** Senders of PagerDuty's Events API, version 1 and 2, with replies as they expect them (contract 5.7). */
export const pagerduty: Format = {
  type: 'pagerduty',
  parse,
  keyInBody,
  refusal,
};

/** The integration's key, where senders put it that can only change the host: `routing_key` (v2) or `service_key` (v1). */
export function keyInBody(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  return textOf(body, 'routing_key') || textOf(body, 'service_key') || undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const actions: ReadonlySet<string> = new Set(['trigger', 'acknowledge', 'resolve']);

/** One event of either version, in the words of version 2. */
interface PagerEvent {
  readonly version: 1 | 2;
  readonly action: string;
  readonly givenKey: unknown;
  readonly summary: unknown;
  readonly severity: Severity;
  readonly timestamp: string;
  readonly details: unknown;
  readonly labels: Fields;
  readonly images: readonly unknown[];
  readonly links: readonly unknown[];
}

function parse(body: unknown, context: ParseContext): Parsed | Refused {
  if (!isObject(body)) return { ok: false, faults: [{ field: '', message: 'the body must be one event object' }] };
  const event = isFirstVersion(body) ? readFirstVersion(body) : readSecondVersion(body);
  const faults = faultsOf(event);
  if (faults.length > 0) return { ok: false, faults };
  const key = typeof event.givenKey === 'string' && event.givenKey !== '' ? event.givenKey : context.shortId();
  const summary = typeof event.summary === 'string' ? event.summary : '';
  const reply = replyOf(event.version, key);
  // That somebody is looking is no change of the alert; acknowledging is done here, by a person.
  if (event.action === 'acknowledge') return { ok: true, reports: [], reply, ignored: 1, skipped: [] };
  const reports = [
    report({
      alertKey: normalizeAlertKey(key),
      title: summary,
      description: descriptionOf(event.details) || (isLongerThan(summary, titleMax) ? summary : ''),
      status: event.action === 'resolve' ? 'Ok' : event.severity,
      labels: labelsOf(event),
      images: keepImages(event.images),
      eventTime: timeOf(event.timestamp, context.now),
    }),
  ];
  return { ok: true, reports, reply, ignored: 0, skipped: [] };
}

/** Some senders of version 1 also send an empty `event_action`, so the one with something in it decides. */
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
    severity: severityOf(textOf(payload, 'severity')),
    timestamp: textOf(payload, 'timestamp'),
    details: payload['custom_details'],
    labels: { source, component, group, class: kind, ...clientOf(body) },
    images: listOf(body, 'images'),
    links: listOf(body, 'links'),
  };
}

/** Version 1 has no severity of its own; the details may name one. */
function readFirstVersion(body: Fields): PagerEvent {
  const contexts = listOf(body, 'contexts').filter(isObject);
  return {
    version: 1,
    action: textOf(body, 'event_type'),
    givenKey: body['incident_key'],
    summary: body['description'],
    severity: severityOf(severityWord(objectOf(body, 'details'))),
    timestamp: '',
    details: body['details'],
    labels: clientOf(body),
    images: contexts.filter((context) => context['type'] === 'image'),
    links: contexts.filter((context) => context['type'] === 'link'),
  };
}

function clientOf({ client, client_url: url }: Fields): Fields {
  return { client, client_url: url };
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
  else if (isLongerThan(normalizeAlertKey(key), alertKeyMax)) {
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

function refusal(messages: readonly string[]): OwnReply {
  const body = { status: 'invalid event', message: 'Event object is invalid', errors: messages };
  return { status: 400, body };
}

function descriptionOf(details: unknown): string {
  if (typeof details === 'string') return details;
  if (!isObject(details)) return '';
  return textOf(details, 'description') || textOf(details, 'body') || textOf(details, 'message');
}

/** What the event says of its place before its details, whose captions are free text, before its links. */
function labelsOf(event: PagerEvent): Labels {
  const details: Record<string, unknown> = Object.create(null);
  if (isObject(event.details)) {
    for (const [caption, value] of Object.entries(event.details)) details[labelName(caption)] ??= value;
  }
  const links = event.links
    .flatMap((link) => (isObject(link) ? [textOf(link, 'href')] : []))
    .filter((href) => href !== '');
  return keepLabels(withoutBlanks(event.labels), details, links.length > 0 ? { links: links.join(' ') } : {});
}

function withoutBlanks(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

const dateAndTime = /^\d{4}-\d\d-\d\dT[\d:.]+(?<zone>Z|[+-]\d\d:?\d\d)?$/i;

/** ISO 8601; a time without a zone is UTC, so that it means the same on every machine. */
function timeOf(timestamp: string, now: number): number {
  const found = dateAndTime.exec(timestamp);
  if (found === null) return now;
  const instant = Date.parse(found.groups?.['zone'] === undefined ? `${timestamp}Z` : timestamp);
  return Math.abs(instant - now) <= eventTimeReachMs ? instant : now;
}
