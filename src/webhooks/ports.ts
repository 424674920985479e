import type { Transaction } from '../database/database.ts';
import type { Timing } from '../egress/report.ts';
import type { EventType } from '../events/event-types.ts';
import type { Person, PushObject } from '../events/event.ts';
import type { Webhook } from './webhook.ts';

/**
 * Sends one test push at once, outside of all lanes and the history: a sample, or a real object as it is now. A port,
 * because webhooks do not know how to send. `webhook` may be a draft that is not stored, with id 0.
 */
export interface TestPush {
  send(webhook: Webhook, eventType: EventType, real?: RealObject): Promise<TestPushReport>;
}

/** The alert or incident of a test push. */
export interface RealObject {
  readonly object: PushObject;
  /** Of its last event: a receiver that keeps the newest keeps what it has. */
  readonly sequence: number;
  /** Who would have done it; absent for what the service does. */
  readonly person: Person | undefined;
}

/** The request as sent and the answer, or the reason why there is none. */
export interface TestPushReport {
  readonly endpoint: string;
  /** As sent, with the values of custom headers masked. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly outcome: 'delivered' | 'failed' | 'unknown';
  /** A reason of delivery outcomes; '' when it was delivered. */
  readonly reason: string;
  readonly errorMessage: string;
  /** 0 when there was no answer. */
  readonly statusCode: number;
  readonly durationMs: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** Cut at the history's size limit. */
  readonly responseBody: string;
  /** Where its time went; absent where nothing was begun. */
  readonly timing?: Timing | undefined;
}

/**
 * Calls a custom action (contract 1.8) in three steps, because no transaction may wait for the network: `begin` records
 * that the call is about to be made, then it is made, then its result is recorded. A process that dies in between
 * leaves that record, and the call is never repeated automatically. A port, because webhooks do not know how to send.
 */
export interface ActionCaller {
  /**
   * In the caller's transaction, which must commit before the call. @throws Failure `RequestTooFrequently` while the
   * webhook's limit of calls is in flight.
   */
  begin(tx: Transaction, webhook: Webhook, push: ActionPush): Promise<ActionCall>;
}

/** An event that is recorded only when the receiver takes it. */
export interface ActionPush {
  readonly eventId: string;
  /** The incident. */
  readonly entityId: string;
  /** The sequence that the event will have, unless others come first. */
  readonly sequence: number;
  /** Unix milliseconds. */
  readonly eventTime: number;
  readonly channelId: number;
  /** The body, as JSON text. */
  readonly payload: string;
}

export interface ActionCall {
  /** Call it once. Never rejects for what the receiver does. */
  send(): Promise<ActionResult>;
}

export interface ActionResult {
  readonly delivered: boolean;
  /** The fault, for people; '' when it was delivered. */
  readonly message: string;
  /** Writes the result into the invocation history. */
  settle(tx: Transaction): Promise<void>;
}
