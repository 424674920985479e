import type { EventType } from '../events/event-types.ts';

export type WebhookType = 'incident' | 'alert' | 'custom_action';
export type WebhookStatus = 'enabled' | 'paused' | 'disabled' | 'deleted';
export type DeliveryMode = 'at_most_once' | 'at_least_once';

/**
 * What waits behind a delivery that is being retried. `every`: each event goes out, in order · `latest`: a newer snapshot
 * of the same entity takes the place of older ones that were not delivered; `i_custom` is never swallowed.
 */
export type OrderPolicy = 'every' | 'latest';

/** When an attempt under at_least_once is repeated. */
export interface RetryRule {
  /** Attempts in all, the first one included. */
  readonly maxAttempts: number;
  /** After its event is so old, a delivery is not begun again; under at_most_once, not begun at all. */
  readonly maxAgeSeconds: number;
  /** `any`: whatever went wrong · `network_faults`: only what contract 2.5 names, once more after a moment. */
  readonly on: 'any' | 'network_faults';
}

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
  readonly orderPolicy: OrderPolicy;
  readonly retry: RetryRule;
  /** Requests that may begin in one second; 0 = no limit. */
  readonly rateLimitPerSecond: number;
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
