import type { EventType } from '../events/event-types.ts';

export type WebhookType = 'incident' | 'alert' | 'custom_action';
export type WebhookStatus = 'enabled' | 'paused' | 'disabled' | 'deleted';
export type DeliveryMode = 'at_most_once' | 'at_least_once';

/**
 * What happens to deliveries behind one that is being retried. `every`: each goes out, in order · `latest`: a newer
 * event of the entity replaces older ones that were not delivered; `i_custom` is never replaced.
 */
export type OrderPolicy = 'every' | 'latest';

/** Retries under at_least_once. */
export interface RetryRule {
  /** Attempts, the first one included. */
  readonly maxAttempts: number;
  /** Beyond this age of its event, no attempt begins, under at_most_once either. */
  readonly maxAgeSeconds: number;
  /** `any`: after any failure · `network_faults`: only after those of contract 2.5, once, after a moment. */
  readonly on: 'any' | 'network_faults';
}

export interface WebhookHeader {
  readonly name: string;
  readonly value: string;
}

export interface WebhookSecret {
  /** `whsec_` and base64. */
  readonly secret: string;
  /** Unix milliseconds when it stops signing; 0 = the current one. */
  readonly expiresAt: number;
}

/**
 * A subscription: which events, sent to which endpoint, and how. Its id is `integration_id` on the wire (contract 3).
 */
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
  /** One total deadline, from the dial to the end of the response headers. */
  readonly timeoutMs: number;
  readonly mode: DeliveryMode;
  readonly orderPolicy: OrderPolicy;
  readonly retry: RetryRule;
  /** Under at_most_once, how long a push of which nothing was sent is tried again; 0 = not at all. */
  readonly unsentRetrySeconds: number;
  /** Requests that may begin in one second; 0 = no limit. */
  readonly rateLimitPerSecond: number;
  /** Requests in flight, over all its lanes. */
  readonly maxInFlight: number;
  readonly signing: boolean;
  /** Newest first; several while a rotation overlaps. */
  readonly secrets: readonly WebhookSecret[];
  /** Unix milliseconds; 0 = it is not paused, or was before this was kept. */
  readonly pausedAt: number;
  /** The person who paused it; 0 as above. */
  readonly pausedBy: number;
  readonly creatorId: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}
