import type { Transaction } from '../database/database.ts';
import type { EventType } from './event-types.ts';

export type EntityKind = 'alert' | 'incident';

/** Who did something (contract 1.5). */
export interface Person {
  readonly person_id: number;
  readonly person_name: string;
  readonly email: string;
}

/**
 * One change of one alert or incident, immutable, with the whole object after it. `sequence` is 1, 2, 3 … and
 * `eventTime` strictly rises per entity. Both are assigned while the entity's row is locked, so events become visible
 * in that order.
 */
export interface Event {
  /** 32 hex digits: the `event_id` of the push, one for all webhooks and attempts. */
  readonly eventId: string;
  readonly kind: EntityKind;
  readonly entityId: string;
  readonly sequence: number;
  readonly type: EventType;
  /** Unix milliseconds. */
  readonly eventTime: number;
  /** 0 = an incident that belongs to no channel. */
  readonly channelId: number;
  /** Of the entity after the event. */
  readonly severity: 'Critical' | 'Warning' | 'Info';
  /** Absent when the service did it. */
  readonly person: Person | undefined;
  /** The timeline's detail (contract 1.3, last column). */
  readonly detail: Readonly<Record<string, unknown>>;
  /** The push, as JSON text (contract 1.2). */
  readonly payload: string;
}

/**
 * Makes one delivery per event and matching webhook, in the caller's transaction. A port, because events do not know
 * webhooks.
 */
export interface FanOut {
  /**
   * How many deliveries an event makes, by the configuration that the transaction sees. Asked beside the first reads, because
   * it also prepares to claim them.
   */
  counter(tx: Transaction): Promise<(event: Pick<Event, 'kind' | 'type' | 'channelId'>) => number>;
  /** @returns the webhooks of each event, by its id; an event that nobody wants is not there. */
  enqueueFor(tx: Transaction, events: readonly Event[]): Promise<ReadonlyMap<string, readonly number[]>>;
}

/** Converts milliseconds to the whole seconds of the wire's objects; 0 stays 0. */
export function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** The alert or the incident that a push is about. */
export type PushObject = { incident: Record<string, unknown> } | { alert: Record<string, unknown> };

/**
 * The envelope of a push (contract 1.2). `person` is absent, not null, when the service did it. JSON.stringify takes three times as
 * long when a text in it lies in parts, as those do that `+`, a template or `slice` have made: `join` makes them whole.
 */
export function renderPush(
  head: { eventTime: number; type: string; eventId: string; person: Person | undefined },
  object: PushObject,
  recoveryText = '',
): string {
  return JSON.stringify({
    event_time: head.eventTime,
    event_type: head.type,
    event_id: head.eventId,
    ...(head.person === undefined ? {} : { person: head.person }),
    ...(recoveryText === '' ? object : withRecoveryText(object, recoveryText)),
  });
}

function withRecoveryText(object: PushObject, text: string): PushObject {
  const said = { recovery_description: text };
  return 'alert' in object ? { alert: { ...object.alert, ...said } } : { incident: { ...object.incident, ...said } };
}
