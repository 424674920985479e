import { sql, type RawBuilder } from 'kysely';
import type { EventRow } from '../database/tables.ts';
import type { Event } from './event.ts';

/*
 * A payload as it is stored. It begins with what its row says anyway, so that beginning is left out. The labels of an incident are
 * most often those of an alert that changed with it: then they stand in the event of the alert, and the one of the incident
 * says where. Events never change and are never deleted, so they stay there.
 */

export type StoredPayload = Pick<EventRow, 'payload' | 'shared_event' | 'shared_from' | 'shared_length' | 'shared_at'>;

/** Characters; a reference takes the place of about fifty. */
const sharedMin = 100;

/** @param events of one transaction. */
export function storedPayloads(events: readonly Event[]): { readonly event: Event; readonly stored: StoredPayload }[] {
  const bare = events.map((event) => ({ event, payload: withoutHead(event) }));
  const labels = new Map<string, { readonly event: string; readonly from: number }>();
  const isShared = events.some(({ kind }) => kind === 'incident') && events.some(({ kind }) => kind === 'alert');
  for (const { event, payload } of bare) {
    const found = isShared && event.kind === 'alert' ? labelsIn(payload) : undefined;
    if (found === undefined) continue;
    labels.set(found.text, { event: event.eventId, from: lengthOf(payload.slice(0, found.from)) });
  }
  return bare.map(({ event, payload }) => {
    const own = labels.size > 0 && event.kind === 'incident' ? labelsIn(payload) : undefined;
    const source = own === undefined ? undefined : labels.get(own.text);
    if (own === undefined || source === undefined) return { event, stored: { payload, ...unshared } };
    const stored = {
      payload: payload.slice(0, own.from) + payload.slice(own.from + own.text.length),
      shared_event: source.event,
      shared_from: source.from,
      shared_length: lengthOf(own.text),
      shared_at: lengthOf(payload.slice(0, own.from)),
    };
    return { event, stored };
  });
}

const unshared = { shared_event: '', shared_from: 0, shared_length: 0, shared_at: 0 } as const;

/** The payload of the event that the statement reads under this name. */
export function payloadOf(event = 'event'): RawBuilder<string> {
  return sql.raw(payloadText(event));
}

/** The same as text, for statements that are written as such. */
export function payloadText(event: string): string {
  const head = `'{"event_time":' || ${event}.event_time || ',"event_type":"' || ${event}.event_type
    || '","event_id":"' || ${event}.event_id || '",'`;
  // PostgreSQL takes no larger numbers here.
  const [from, length, at] = ['from', 'length', 'at'].map((name) => `cast(${event}.shared_${name} as integer)`);
  return `((case when substr(${event}.payload, 1, 1) = '"' then ${head} else '' end)
    || (case when ${event}.shared_length = 0 then ${event}.payload else substr(${event}.payload, 1, ${at})
      || (select substr(source.payload, ${from} + 1, ${length}) from event as source
        where source.event_id = ${event}.shared_event)
      || substr(${event}.payload, ${at} + 1) end))`;
}

/** Where these labels stand in the payload of an alert as it is stored; undefined when they do not, or are short. */
export function placeInPayload(
  event: Event,
  labels: string,
): { readonly from: number; readonly length: number } | undefined {
  if (labels.length < sharedMin) return undefined;
  const payload = withoutHead(event);
  const named = payload.indexOf(`${labelsName}${labels}`);
  if (named === -1) return undefined;
  return { from: lengthOf(payload.slice(0, named + labelsName.length)), length: lengthOf(labels) };
}

/** The labels of a report, which may stand in the first event of its alert. */
export const labelsOfReport = sql<string>`(case when alert_event.labels_length = 0 then alert_event.labels_json else
  (select substr(first.payload, cast(alert_event.labels_from as integer) + 1, cast(alert_event.labels_length as integer))
    from event as first where first.entity_id = alert_event.alert_id and first.sequence = 1) end)`;

/** The rest begins with the quote of a name, and no whole payload does. */
function withoutHead({ payload, eventTime, type, eventId }: Event): string {
  const head = `{"event_time":${eventTime},"event_type":"${type}","event_id":"${eventId}",`;
  return payload.startsWith(head) && payload[head.length] === '"' ? payload.slice(head.length) : payload;
}

const labelsName = '"labels":';

/** The first labels in a payload, and after how many characters they begin. */
function labelsIn(payload: string): { readonly text: string; readonly from: number } | undefined {
  const named = payload.indexOf(`${labelsName}{`);
  if (named === -1) return undefined;
  const from = named + labelsName.length;
  const text = payload.slice(from, endOfLabels(payload, from));
  return text.length < sharedMin ? undefined : { text, from };
}

/** Labels are texts: the first brace outside of one ends them. From text to text, because they are long. */
function endOfLabels(payload: string, from: number): number {
  let [at, brace] = [from + 1, from];
  for (;;) {
    const quote = payload.indexOf('"', at);
    if (brace < at) brace = payload.indexOf('}', at);
    if (brace === -1) return payload.length;
    if (quote === -1 || brace < quote) return brace + 1;
    at = endOfText(payload, quote);
  }
}

/** After the quote that ends the text: one behind an odd number of backslashes is in it. */
function endOfText(payload: string, from: number): number {
  let end = payload.indexOf('"', from + 1);
  while (end !== -1) {
    let before = end - 1;
    while (payload[before] === '\\') before -= 1;
    if ((end - before) % 2 === 1) return end + 1;
    end = payload.indexOf('"', end + 1);
  }
  return payload.length;
}

/** As the databases count: a character beyond the first 65,536 is one, and two here. */
function lengthOf(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
}
