import type { EventType } from '../../events/event-types.ts';
import type { DeliveryMode, WebhookType } from '../../webhooks/webhook.ts';
import { unsentReasons, type Outcome } from './outcome.ts';

/*
 * The states of a delivery, and the only ways between them:
 *
 *   pending ──claim──▶ sending ──▶ delivered        a 2xx header block came in time
 *      ▲                  │   ├──▶ failed           answered otherwise, or nothing was written
 *      │                  │   ├──▶ unknown          written, but no answer: the receiver may have acted
 *      └─────release──────┤   └──▶ retry_wait ──due──▶ pending        (at_most_once: only unsent)
 *   pending, retry_wait ──┴──▶ expired | cancelled | superseded
 *
 * A push that may go at once is made as `sending`. `sending` is durable before the first byte leaves, so what a dead
 * process left there may have been sent: under at_most_once it becomes `unknown` and is never sent again. A release is the
 * one way back: by the fence and the time of the claim, with nothing written. After a restore from a backup all that waits under at_most_once is `unknown` as well, because it
 * may have been sent since the backup was made. Ended states never change; a resend is a new generation of the same event.
 */

/** The open states: exactly the rows of the partial index `delivery_open`. */
export const openStates = ['pending', 'sending', 'retry_wait'] as const;
export const endedStates = ['delivered', 'failed', 'unknown', 'expired', 'cancelled', 'superseded'] as const;

export type OpenState = (typeof openStates)[number];
export type EndedState = (typeof endedStates)[number];
export type DeliveryState = OpenState | EndedState;

const ways: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: ['sending', 'unknown', 'expired', 'cancelled', 'superseded'],
  sending: ['pending', 'delivered', 'failed', 'unknown', 'retry_wait'],
  retry_wait: ['pending', 'unknown', 'expired', 'cancelled', 'superseded'],
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

/** The urgency of a delivery, by the severity of its alert or incident after the event: lower goes sooner. */
export const urgencyOf = { Critical: 0, Warning: 1, Info: 2 } as const;
export type Urgency = (typeof urgencyOf)[keyof typeof urgencyOf];

/** One event for one webhook. */
export interface Delivery {
  readonly deliveryId: string;
  readonly webhookId: number;
  readonly webhookType: WebhookType;
  readonly eventId: string;
  /** 0, and one more per resend. */
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
  /** Rises with every claim; a result counts only under the fence of its claim. */
  readonly fence: number;
  readonly createdAt: number;
  readonly urgency: Urgency;
  /** The sequence of the event before it that this webhook was to get in this lane; 0 = none. */
  readonly previousSequence: number;
  /** Types of the events that it replaces, each once. */
  readonly supersededTypes: readonly EventType[];
  /** Unix milliseconds; 0 = no attempt of it has ended. */
  readonly firstAttemptAt: number;
  /** The replay that made it; '' = none. */
  readonly replayId: string;
  /** The body of the push. */
  readonly payload: string;
}

/** True when `one` goes out before `other`, both of one lane: by sequence, and a resend after the original. */
export function precedes(
  one: Pick<Delivery, 'sequence' | 'generation'>,
  other: Pick<Delivery, 'sequence' | 'generation'>,
): boolean {
  return one.sequence < other.sequence || (one.sequence === other.sequence && one.generation < other.generation);
}

/** The next state of a delivery after its attempt. */
export type Settlement =
  | { readonly state: EndedState }
  | { readonly state: 'retry_wait'; readonly dueAt: number }
  | { readonly state: 'pending' };

/**
 * Decides the next state. A delivery that was not delivered waits for its next attempt while there is one; under
 * at_most_once only if no byte of it left. A claim under which nothing was begun goes back in both modes.
 * @param nextAttempt when to try again, Unix milliseconds; called only where there may be a next attempt.
 */
export function settlement(mode: DeliveryMode, outcome: Outcome, nextAttempt: () => number | undefined): Settlement {
  if (outcome.reason === 'released') return { state: 'pending' };
  if (outcome.state === 'delivered') return { state: outcome.state };
  if (mode === 'at_most_once' && !unsentReasons.has(outcome.reason)) return { state: outcome.state };
  const dueAt = nextAttempt();
  return dueAt === undefined ? { state: outcome.state } : { state: 'retry_wait', dueAt: Math.ceil(dueAt) };
}
