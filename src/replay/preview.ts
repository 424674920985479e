import type { Database } from '../database/database.ts';
import type { RequestBuilder } from '../delivery/attempt/push-request.ts';
import type { EventType } from '../events/event-types.ts';
import { renderPush, type EntityKind, type PushObject } from '../events/event.ts';
import type { Clock } from '../runtime/clock.ts';
import { notFound } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { RealObject } from '../webhooks/ports.ts';
import { samplePush } from '../webhooks/samples.ts';
import { keptBack, type KeptBackBy } from '../webhooks/subscription.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { readEvent, readNewestEvent, type EventRef, type ExplainedEvent } from './explain-store.ts';

/** The event that a preview shows: a stored one, the newest of an alert or incident, one of such an object as it is now, or a sample. */
export type PreviewedEvent =
  | EventRef
  | { readonly newestOf: string }
  | { readonly type: EventType; readonly real: RealObject }
  | { readonly sampleOf: EventType };

export interface Preview {
  /** Absent where nothing like it has happened: for a sample, and for an object as it is now. */
  readonly event: ExplainedEvent | undefined;
  readonly url: string;
  /** With the values of custom headers and the signature masked. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Why the webhook would not get this event; `undefined` = it would. */
  readonly keptBackBy: KeptBackBy | undefined;
}

export interface PreviewParts {
  readonly database: Database;
  readonly build: RequestBuilder;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * The exact request that a webhook would send for an event. Nothing is sent.
 * @throws Failure when there is no such event.
 */
export async function preview(parts: PreviewParts, webhook: Webhook, wanted: PreviewedEvent): Promise<Preview> {
  const event = await shownEvent(parts, webhook, wanted);
  const { eventId, sequence, payload } = event;
  const place = {
    attempt: 1,
    sequence,
    previousSequence: Math.max(0, sequence - 1),
    generation: 0,
    deliveryId: '',
    supersededTypes: [],
    replayId: '',
  };
  const request = parts.build({ webhook, push: { eventId, payload, ...place }, now: parts.clock.now() });
  const { payload: _, stored, ...shown } = event;
  return {
    event: stored ? shown : undefined,
    url: webhook.endpoint,
    headers: JSON.parse(request.redactedHeaders()) as Record<string, string>,
    body: request.body,
    keptBackBy: webhook.type === 'custom_action' ? undefined : keptBack({ ...webhook, status: 'enabled' }, event),
  };
}

type Shown = ExplainedEvent & { readonly payload: string; readonly stored: boolean };

async function shownEvent(parts: PreviewParts, webhook: Webhook, wanted: PreviewedEvent): Promise<Shown> {
  if ('sampleOf' in wanted) return unstoredOf(parts, webhook, wanted.sampleOf);
  return 'real' in wanted ? unstoredOf(parts, webhook, wanted.type, wanted.real) : storedOf(parts, wanted);
}

async function storedOf({ database }: PreviewParts, wanted: EventRef | { readonly newestOf: string }): Promise<Shown> {
  const isNewest = 'newestOf' in wanted;
  const found = isNewest
    ? await readNewestEvent(database.read, wanted.newestOf)
    : await readEvent(database.read, wanted);
  if (found !== undefined) return { ...found, stored: true };
  if (isNewest) throw notFound('alert or incident with events', wanted.newestOf);
  throw notFound('event', 'eventId' in wanted ? wanted.eventId : `${wanted.entityId} ${wanted.sequence}`);
}

/** The payload is the one that a test push of the same has, but for its id and time. */
function unstoredOf({ clock, ids }: PreviewParts, webhook: Webhook, type: EventType, real?: RealObject): Shown {
  const eventId = ids.event();
  const eventTime = clock.now();
  return {
    eventId,
    kind: kindOf(type),
    entityId: '',
    sequence: real?.sequence ?? 1,
    type,
    eventTime,
    // A sample stands for an event of a channel that the webhook takes.
    channelId: real === undefined ? (webhook.channelIds[0] ?? 0) : channelOf(real.object),
    payload:
      real === undefined
        ? JSON.stringify(samplePush(webhook.type, type, { eventId, eventTime }))
        : renderPush({ eventTime, type, eventId, person: real.person }, real.object),
    stored: false,
  };
}

function channelOf(object: PushObject): number {
  const { channel_id: id } = 'alert' in object ? object.alert : object.incident;
  return typeof id === 'number' ? id : 0;
}

function kindOf(type: EventType): EntityKind {
  return type.startsWith('i_') ? 'incident' : 'alert';
}
