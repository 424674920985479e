import type { EventType } from '../events/event-types.ts';
import type { Webhook } from './webhook.ts';

/**
 * Sends one sample push at once, outside of all lanes, and leaves nothing in the history. A port, because webhooks do not
 * know how to send. `webhook` may be a draft that is not stored, with id 0.
 */
export interface Trial {
  send(webhook: Webhook, eventType: EventType): Promise<TrialReport>;
}

/** The request as it was sent and the answer, or why there is none. */
export interface TrialReport {
  readonly endpoint: string;
  /** As sent, with the values of custom headers masked. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly outcome: 'delivered' | 'failed' | 'unknown';
  /** From the short list of delivery outcomes; '' when it was delivered. */
  readonly reason: string;
  readonly errorMessage: string;
  /** 0 when there was no answer. */
  readonly statusCode: number;
  readonly durationMs: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** Cut at the size that the history keeps. */
  readonly responseBody: string;
}
