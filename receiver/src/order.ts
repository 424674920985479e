import type { Push } from './events.ts';
import { valuesOf } from './headers.ts';
import type { RequestHeaders } from './headers.ts';

/**
 * Keeps a receiver from going back in time. Pushes of one incident or alert are sent in order, but a repetition, a resend
 * or a middlebox may bring an old one late. Since each push holds the complete state, the older of two is simply dropped.
 */

/** Entities that the guard in memory remembers; the one unused for longest is forgotten first. About 200 bytes each. */
export const entitiesMax = 100_000;

/** Where a push stands in the history of its entity. */
export interface Place {
  /** From the header `tocsin-sequence`: 1, 2, 3 … per entity. Undefined when a middlebox took the header away. */
  readonly sequence: number | undefined;
  /** Unix milliseconds, strictly rising per entity. */
  readonly eventTime: number;
}

export interface Arrival extends Place {
  /** Your own name for the webhook, e.g. the path it calls: two webhooks may carry the same incident. */
  readonly webhook: string;
  /** The id of the incident or alert. */
  readonly entity: string;
}

/** `apply` it; or answer 2xx all the same and do nothing, because it is older than what was applied, or that very one. */
export type Order = 'apply' | 'stale' | 'duplicate';

/**
 * Where the newest applied place of each entity is kept. To survive a restart, keep it in the database that the effect
 * changes, and for longer than the sender repeats (days, not minutes); use {@link orderOf} in that same transaction.
 */
export interface OrderStore {
  newest(key: string): Place | undefined | Promise<Place | undefined>;
  advance(key: string, place: Place): void | Promise<void>;
}

export interface OrderGuard {
  /**
   * Runs `effect` if the push is newer than every one applied to its entity, and remembers it when the effect has ended
   * well; a repetition after a failed effect is applied. Pushes of one entity wait for each other, others do not.
   */
  apply(arrival: Arrival, effect: () => void | Promise<void>): Promise<Order>;
}

export function createOrderGuard(
  options: { readonly store?: OrderStore; readonly entitiesMax?: number } = {},
): OrderGuard {
  const store = options.store ?? memoryOrderStore(options.entitiesMax ?? entitiesMax);
  /** The last piece of work under way for a key. Holds no more than the requests in flight. */
  const underWay = new Map<string, Promise<unknown>>();
  return {
    async apply(arrival, effect) {
      const key = JSON.stringify([arrival.webhook, arrival.entity]);
      const turn = (underWay.get(key) ?? Promise.resolve()).then(() => applyNow(store, key, arrival, effect));
      const settled = turn.catch(() => undefined);
      underWay.set(key, settled);
      try {
        return await turn;
      } finally {
        if (underWay.get(key) === settled) underWay.delete(key);
      }
    },
  };
}

/** The rule itself: pure, for receivers that keep the newest place beside the data that a push changes. */
export function orderOf(arrived: Place, newest: Place | undefined): Order {
  if (newest === undefined) return 'apply';
  const both = arrived.sequence !== undefined && newest.sequence !== undefined;
  const step = both ? (arrived.sequence ?? 0) - (newest.sequence ?? 0) : arrived.eventTime - newest.eventTime;
  if (step === 0) return 'duplicate';
  return step > 0 ? 'apply' : 'stale';
}

/** Reads where a push belongs. `webhook` is your own name for the webhook, '' when there is only one. */
export function arrivalOf(push: Push, headers: RequestHeaders, webhook = ''): Arrival {
  const entity = push.incident === undefined ? push.alert.alert_id : push.incident.incident_id;
  return { webhook, entity, sequence: sequenceOf(headers), eventTime: push.event_time };
}

/** Keeps places in memory, bounded: they are lost with the process, and after that an old push is applied again. */
export function memoryOrderStore(capacity: number = entitiesMax): OrderStore {
  if (!Number.isSafeInteger(capacity) || capacity < 1) throw new TypeError('an order store holds at least one entity');
  /** A map keeps the order of insertion, so its first key is the one unused for longest. */
  const places = new Map<string, Place>();
  const touch = (key: string, place: Place) => {
    places.delete(key);
    places.set(key, place);
  };
  return {
    newest(key) {
      const place = places.get(key);
      if (place !== undefined) touch(key, place);
      return place;
    },
    advance(key, place) {
      touch(key, place);
      const oldest = places.keys().next();
      if (places.size > capacity && oldest.done !== true) places.delete(oldest.value);
    },
  };
}

async function applyNow(
  store: OrderStore,
  key: string,
  arrival: Arrival,
  effect: () => void | Promise<void>,
): Promise<Order> {
  const order = orderOf(arrival, await store.newest(key));
  if (order !== 'apply') return order;
  await effect();
  await store.advance(key, { sequence: arrival.sequence, eventTime: arrival.eventTime });
  return order;
}

/**
 * From the header `tocsin-delivery-id`: by which the history of the service finds this delivery, the same in each of its
 * attempts. Undefined in a test push, and when a middlebox took the header away.
 */
export function deliveryIdOf(headers: RequestHeaders): string | undefined {
  const [text, second] = valuesOf(headers, 'tocsin-delivery-id');
  return typeof text === 'string' && text !== '' && second === undefined ? text : undefined;
}

function sequenceOf(headers: RequestHeaders): number | undefined {
  const [text, second] = valuesOf(headers, 'tocsin-sequence');
  const alone = typeof text === 'string' && second === undefined;
  return alone && /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : undefined;
}
