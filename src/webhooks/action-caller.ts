import type { Transaction } from '../database/database.ts';
import type { Webhook } from './webhook.ts';

/**
 * Calls a custom action (contract 1.8), in three steps, because nothing may wait for the network inside a transaction:
 * `begin` writes down that the call is about to be made, then it is made, then its result is settled. So a process that
 * dies in between leaves a record that says so, and the call is never made again by itself. A port, because webhooks do
 * not know how to send.
 */
export interface ActionCaller {
  /**
   * In the caller's transaction, which must be committed before the call is made.
   * @throws Failure `RequestTooFrequently` while as many calls of this action run as the webhook allows.
   */
  begin(tx: Transaction, webhook: Webhook, push: ActionPush): Promise<ActionCall>;
}

/** What is sent: an event that is not recorded yet, and is only when the receiver takes it. */
export interface ActionPush {
  readonly eventId: string;
  /** The incident. */
  readonly entityId: string;
  /** That the event will have, unless others come first. */
  readonly sequence: number;
  /** Unix milliseconds. */
  readonly eventTime: number;
  readonly channelId: number;
  /** The body, as JSON text. */
  readonly payload: string;
}

export interface ActionCall {
  /** Once. It never rejects for what the receiver does. */
  send(): Promise<ActionResult>;
}

export interface ActionResult {
  readonly delivered: boolean;
  /** What went wrong, for people; '' when it was delivered. */
  readonly message: string;
  /** Writes the result into the invocation history. */
  settle(tx: Transaction): Promise<void>;
}
