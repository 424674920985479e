import type { Transaction } from '../database/database.ts';
import type { Event, FanOut } from '../events/event.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import type { Births, NewDelivery } from './attempt/birth-claims.ts';
import { urgencyOf, type Delivery } from './store/delivery.ts';
import type { HandOff } from './store/hand-off.ts';
import { laneKey, readLaneEnds } from './store/lane-end-store.ts';
import type { Lane } from './store/retry-store.ts';
import type { WebhookDirectory, WebhookSource } from '../webhooks/webhook-index.ts';

export interface FanOutParts {
  readonly webhooks: WebhookSource;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly at: CrashPoints;
  readonly handOff: HandOff;
  readonly births: Births;
  /** In place of the usual one. */
  readonly handedOnMax?: number;
}

/** Deliveries that are made and written in one go, but for those of one event. */
const goMax = 500;
/** More of one transaction are not handed on in memory, but read from the database when it is their turn. */
const handedOnMaxDefault = 10_000;

/**
 * One delivery for each webhook that an event matches, by the configuration that the event's own transaction sees.
 * Committed deliveries are handed on in memory, so they go out without being read again; if that is lost, the row is not.
 */
export function createFanOut(parts: FanOutParts): FanOut {
  const { handedOnMax = handedOnMaxDefault } = parts;
  return {
    async counter(tx) {
      // Beside the first reads, so that no claim waits for the mark.
      const [directory] = await Promise.all([parts.webhooks.in(tx), tx.mark()]);
      return (event) => directory.subscribersOf(event).length;
    },
    async enqueueFor(tx: Transaction, events: readonly Event[]): Promise<ReadonlyMap<string, readonly number[]>> {
      const directory = await parts.webhooks.in(tx);
      const births = parts.births.begin(tx);
      const webhooks = new Map<string, readonly number[]>();
      const waiting: Delivery[] = [];
      let count = 0;
      for (const some of inGoes(directory, events)) {
        const made = await deliveriesOf(parts, tx, some);
        parts.at('fanout.before-insert');
        const left = await births.insert(made, (webhookId) => directory.find(webhookId)?.endpoint ?? '');
        parts.at('fanout.before-commit');
        for (const { event, wanting } of some) {
          webhooks.set(
            event.eventId,
            wanting.map((webhook) => webhook.webhookId),
          );
        }
        count += made.length;
        if (count <= handedOnMax) waiting.push(...left);
        await tx.giveTurn();
      }
      if (count > handedOnMax) {
        const webhookIds = [...new Set([...webhooks.values()].flat())];
        tx.hint(() => webhookIds.forEach((webhookId) => parts.handOff.resume(webhookId, true)));
      } else if (waiting.length > 0) tx.hint(() => parts.handOff.enqueue(waiting));
      return webhooks;
    },
  };
}

interface Subscribed {
  readonly event: Event;
  /** At least one. */
  readonly wanting: readonly Webhook[];
}

/** The events that somebody wants, in order, so many at a time that their deliveries are few. */
function* inGoes(directory: WebhookDirectory, events: readonly Event[]): Iterable<readonly Subscribed[]> {
  let [some, count]: [Subscribed[], number] = [[], 0];
  for (const event of events) {
    const wanting = directory.subscribersOf(event);
    if (wanting.length === 0) continue;
    if (count > 0 && count + wanting.length > goMax) {
      yield some;
      [some, count] = [[], 0];
    }
    some.push({ event, wanting });
    count += wanting.length;
  }
  if (count > 0) yield some;
}

async function deliveriesOf(
  { ids, clock }: FanOutParts,
  tx: Transaction,
  subscribed: readonly Subscribed[],
): Promise<NewDelivery[]> {
  const ends = await readLaneEnds(tx, continuedLanes(subscribed));
  const now = clock.now();
  const made: NewDelivery[] = [];
  for (const { event, wanting } of subscribed) {
    for (const webhook of wanting) {
      const lane = laneKey({ webhookId: webhook.webhookId, entityId: event.entityId });
      const { sequence, isOpen } = ends.get(lane) ?? { sequence: 0, isOpen: false };
      made.push({ delivery: deliveryOf(event, webhook, ids.record(), sequence, now), webhook, isAlone: !isOpen });
      ends.set(lane, { sequence: event.sequence, isOpen: true });
    }
  }
  return made;
}

/** The lanes that may hold a delivery already: those of entities that are not new. */
function continuedLanes(subscribed: readonly Subscribed[]): Lane[] {
  const lanes = new Map<string, Lane>();
  const made = new Set<string>();
  for (const { event, wanting } of subscribed) {
    if (event.sequence === 1) made.add(event.entityId);
    if (made.has(event.entityId)) continue;
    for (const { webhookId } of wanting) {
      const lane = { webhookId, entityId: event.entityId };
      lanes.set(laneKey(lane), lane);
    }
  }
  return [...lanes.values()];
}

function deliveryOf(
  event: Event,
  webhook: Webhook,
  deliveryId: string,
  previousSequence: number,
  now: number,
): Delivery {
  return {
    deliveryId,
    webhookId: webhook.webhookId,
    webhookType: webhook.type,
    eventId: event.eventId,
    generation: 0,
    entityId: event.entityId,
    sequence: event.sequence,
    eventType: event.type,
    eventTime: event.eventTime,
    channelId: event.channelId,
    // Stamped: a later change of the webhook's mode does not touch a delivery that is made.
    mode: webhook.mode,
    attempt: 0,
    fence: 0,
    createdAt: now,
    urgency: urgencyOf[event.severity],
    previousSequence,
    supersededTypes: [],
    firstAttemptAt: 0,
    replayId: '',
    payload: event.payload,
  };
}
