import type { EventType } from '../events/event-types.ts';

export type WebhookType = 'incident' | 'alert' | 'custom_action';
export type WebhookStatus = 'enabled' | 'paused' | 'disabled' | 'deleted';
export type DeliveryMode = 'at_most_once' | 'at_least_once';

export interface WebhookHeader {
  readonly name: string;
  readonly value: string;
}

export interface WebhookSecret {
  /** `whsec_` and base64. */
  readonly secret: string;
  /** Unix milliseconds after which it no longer signs; 0 = the current one. */
  readonly expiresAt: number;
}

/** Who wants which events, and where to. On the wire its id is `integration_id` (contract 3). */
export interface Webhook {
  readonly webhookId: number;
  readonly type: WebhookType;
  readonly name: string;
  /** As the user gave it, query included. */
  readonly endpoint: string;
  readonly description: string;
  readonly teamId: number;
  readonly status: WebhookStatus;
  readonly tlsVerify: boolean;
  readonly headers: readonly WebhookHeader[];
  /** Empty = all channels. */
  readonly channelIds: readonly number[];
  /** Empty = all types of its kind. */
  readonly eventTypes: readonly EventType[];
  /** One total deadline, from dial to the end of the response headers. */
  readonly timeoutMs: number;
  readonly mode: DeliveryMode;
  /** Requests in flight at the same time, over all its lanes. */
  readonly maxInFlight: number;
  readonly signing: boolean;
  /** The newest first; more than one while a rotation overlaps. */
  readonly secrets: readonly WebhookSecret[];
  readonly creatorId: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}
