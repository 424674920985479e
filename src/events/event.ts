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
 * One change of one alert or incident, immutable, with the snapshot after it. `sequence` is 1, 2, 3 … and `eventTime`
 * strictly rises per entity; both are taken while the entity's row is locked, so they become visible in that order.
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
  /** Absent for what the service did by itself. */
  readonly person: Person | undefined;
  /** The timeline's detail (contract 1.3, last column). */
  readonly detail: Readonly<Record<string, unknown>>;
  /** The push, as JSON text (contract 1.2). */
  readonly payload: string;
}

/**
 * Makes the deliveries that events owe, in the caller's transaction: one per matching webhook, none forgotten, none twice.
 * A port, because events do not know webhooks.
 */
export interface FanOut {
  owe(tx: Transaction, events: readonly Event[]): Promise<void>;
}

/** Milliseconds to the whole seconds of the wire's objects; 0 stays 0. */
export function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** The envelope of a push (contract 1.2). `person` is absent, not null, for what the service did by itself. */
export function renderPush(
  head: { eventTime: number; type: string; eventId: string; person: Person | undefined },
  object: { incident: Record<string, unknown> } | { alert: Record<string, unknown> },
): string {
  return JSON.stringify({
    event_time: head.eventTime,
    event_type: head.type,
    event_id: head.eventId,
    ...(head.person === undefined ? {} : { person: head.person }),
    ...object,
  });
}
