import type { EventType } from '../events/event-types.ts';
import type { DeliveryMode, WebhookType } from '../webhooks/webhook.ts';
import type { Outcome } from './outcome.ts';

/*
 * The states of a delivery, and the only ways between them:
 *
 *   pending ──claim──▶ sending ──▶ delivered        a 2xx header block came in time
 *      ▲                  │   ├──▶ failed           answered otherwise, or nothing was written
 *      │                  │   ├──▶ unknown          written, but no answer: the receiver may have acted
 *      └─────release──────┤   └──▶ retry_wait ──due──▶ pending        (at_least_once only)
 *   pending, retry_wait ──┴──▶ expired | cancelled | superseded
 *
 * `sending` is durable before the first byte leaves, so what a dead process left there may have been sent: under
 * at_most_once it becomes `unknown` and is never sent again. A release is the one way back: by the fence that claimed,
 * with nothing written. After a restore from a backup all that waits under at_most_once is `unknown` as well, because it
 * may have been sent since the backup was made. Ended states never change; a resend is a new generation of the same event.
 */

/** Still to be done: exactly the rows that the partial index `delivery_open` holds. */
export const openStates = ['pending', 'sending', 'retry_wait'] as const;
export const endedStates = ['delivered', 'failed', 'unknown', 'expired', 'cancelled', 'superseded'] as const;

export type OpenState = (typeof openStates)[number];
export type EndedState = (typeof endedStates)[number];
export type DeliveryState = OpenState | EndedState;

const ways: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: ['sending', 'unknown', 'expired', 'cancelled', 'superseded'],
  sending: ['pending', 'delivered', 'failed', 'unknown', 'retry_wait'],
  retry_wait: ['pending', 'expired', 'cancelled', 'superseded'],
  delivered: [],
  failed: [],
  unknown: [],
  expired: [],
  cancelled: [],
  superseded: [],
};

export function mayBecome(from: DeliveryState, to: DeliveryState): boolean {
  return ways[from].includes(to);
}

/** How soon a delivery goes, by the severity of its alert or incident after the event: the lower, the sooner. */
export const urgencyOf = { Critical: 0, Warning: 1, Info: 2 } as const;
export type Urgency = (typeof urgencyOf)[keyof typeof urgencyOf];

/** One event owed to one webhook. */
export interface Delivery {
  readonly deliveryId: string;
  readonly webhookId: number;
  readonly webhookType: WebhookType;
  readonly eventId: string;
  /** 0, and one more with each resend. */
  readonly generation: number;
  readonly entityId: string;
  readonly sequence: number;
  readonly eventType: EventType;
  /** Unix milliseconds. */
  readonly eventTime: number;
  readonly channelId: number;
  readonly mode: DeliveryMode;
  /** Attempts begun. */
  readonly attempt: number;
  /** Rises with every claim; a result counts only with the fence it was claimed under. */
  readonly fence: number;
  readonly createdAt: number;
  readonly urgency: Urgency;
  /** The push as it goes out. */
  readonly payload: string;
}

/** True when `one` goes out before `other`, both of one lane: by sequence, and a resend after the original. */
export function precedes(
  one: Pick<Delivery, 'sequence' | 'generation'>,
  other: Pick<Delivery, 'sequence' | 'generation'>,
): boolean {
  return one.sequence < other.sequence || (one.sequence === other.sequence && one.generation < other.generation);
}

/** What becomes of a claimed delivery once its attempt is judged. */
export type Settlement =
  | { readonly state: EndedState }
  | { readonly state: 'retry_wait'; readonly dueAt: number }
  | { readonly state: 'pending' };

/**
 * The one place that decides it. Under at_most_once every attempt ends the delivery, whatever came of it; under
 * at_least_once one that was not delivered waits for its next attempt, until there is none left. A claim under which
 * nothing was begun goes back in both.
 * @param nextAttempt when it is worth another attempt, Unix milliseconds; asked only where there may be one.
 */
export function settlement(mode: DeliveryMode, outcome: Outcome, nextAttempt: () => number | undefined): Settlement {
  if (outcome.reason === 'released') return { state: 'pending' };
  if (mode === 'at_most_once' || outcome.state === 'delivered') return { state: outcome.state };
  const dueAt = nextAttempt();
  return dueAt === undefined ? { state: outcome.state } : { state: 'retry_wait', dueAt: Math.ceil(dueAt) };
}
