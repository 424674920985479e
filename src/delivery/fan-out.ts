import type { Transaction } from '../database/database.ts';
import type { Event, FanOut } from '../events/event.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { urgencyOf, type Delivery } from './delivery.ts';
import { insertDeliveries } from './delivery-store.ts';
import type { Hints } from './dispatcher.ts';
import type { WebhookSource } from './pipeline.ts';

export interface FanOutParts {
  readonly webhooks: WebhookSource;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly at: CrashPoints;
  readonly hints: Hints;
}

/**
 * One delivery for each webhook that an event matches, by the configuration that the event's own transaction sees. What
 * is committed is handed on in memory, so that it goes out without being read again; if that is lost, the row is not.
 */
export function createFanOut(parts: FanOutParts): FanOut {
  return {
    async owe(tx: Transaction, events: readonly Event[]): Promise<void> {
      const directory = await parts.webhooks.in(tx);
      const now = parts.clock.now();
      const deliveries: Delivery[] = [];
      const endpoints = new Map<number, string>();
      for (const event of events) {
        for (const webhook of directory.owed(event)) {
          endpoints.set(webhook.webhookId, webhook.endpoint);
          deliveries.push(deliveryOf(event, webhook, parts.ids.record(), now));
        }
      }
      if (deliveries.length === 0) return;
      parts.at('fanout.before-insert');
      await insertDeliveries(tx, deliveries, (webhookId) => endpoints.get(webhookId) ?? '');
      tx.hint(() => parts.hints.offer(deliveries));
    },
  };
}

function deliveryOf(event: Event, webhook: Webhook, deliveryId: string, now: number): Delivery {
  return {
    deliveryId,
    webhookId: webhook.webhookId,
    webhookType: webhook.type,
    eventId: event.eventId,
    generation: 0,
    entityId: event.entityId,
    sequence: event.sequence,
    eventType: event.type,
    eventTime: event.eventTime,
    channelId: event.channelId,
    // Stamped: a later change of the webhook's mode does not touch what is owed already.
    mode: webhook.mode,
    attempt: 0,
    fence: 0,
    createdAt: now,
    urgency: urgencyOf[event.severity],
    payload: event.payload,
  };
}
