import { sql } from 'kysely';
import type { Database } from '../../src/database/database.ts';
import { urgencyOf, type Delivery } from '../../src/delivery/store/delivery.ts';
import { insertDeliveries } from '../../src/delivery/store/delivery-store.ts';
import { appendEvents } from '../../src/events/event-store.ts';
import type { Event } from '../../src/events/event.ts';
import { WebhookDirectory } from '../../src/webhooks/webhook-index.ts';
import type { Webhook } from '../../src/webhooks/webhook.ts';

let made = 0;

export function testWebhook(change: Partial<Webhook> = {}): Webhook {
  made += 1;
  return {
    webhookId: 10_000_000_000_000 + made,
    type: 'incident',
    name: `webhook ${made}`,
    endpoint: 'http://127.0.0.1:1/hook',
    description: '',
    teamId: 0,
    status: 'enabled',
    tlsVerify: true,
    headers: [],
    channelIds: [],
    eventTypes: [],
    timeoutMs: 30_000,
    mode: 'at_most_once',
    orderPolicy: 'every',
    retry: { maxAttempts: 1, maxAgeSeconds: 1_000_000_000, on: 'any' },
    unsentRetrySeconds: 0,
    rateLimitPerSecond: 0,
    maxInFlight: 8,
    signing: false,
    secrets: [],
    pausedAt: 0,
    pausedBy: 0,
    creatorId: 0,
    createdAt: made,
    updatedAt: made,
    ...change,
  };
}

export function testEvent(entityId: string, sequence: number, change: Partial<Event> = {}): Event {
  made += 1;
  const eventId = made.toString(16).padStart(32, '0');
  return {
    eventId,
    kind: 'incident',
    entityId,
    sequence,
    type: 'i_comm',
    eventTime: 1_700_000_000_000 + sequence,
    channelId: 0,
    severity: 'Warning',
    person: undefined,
    detail: {},
    payload: JSON.stringify({ event_id: eventId, incident: { incident_id: entityId }, sequence }),
    ...change,
  };
}

/** A delivery that is not stored. */
export function testDelivery(event: Event, webhook: Webhook, change: Partial<Delivery> = {}): Delivery {
  made += 1;
  return {
    deliveryId: `20231114${made.toString().padStart(22, '0')}`,
    webhookId: webhook.webhookId,
    webhookType: webhook.type,
    eventId: event.eventId,
    generation: 0,
    entityId: event.entityId,
    sequence: event.sequence,
    eventType: event.type,
    eventTime: event.eventTime,
    channelId: event.channelId,
    mode: webhook.mode,
    attempt: 0,
    fence: 0,
    createdAt: event.eventTime,
    urgency: urgencyOf[event.severity],
    previousSequence: Math.max(0, event.sequence - 1),
    supersededTypes: [],
    firstAttemptAt: 0,
    replayId: '',
    payload: event.payload,
    ...change,
  };
}

/** Stores events with one delivery each to one webhook. */
export async function storeDeliveries(
  database: Database,
  webhook: Webhook,
  events: readonly Event[],
): Promise<Delivery[]> {
  const deliveries = events.map((event) => testDelivery(event, webhook));
  await database.transaction(async (tx) => {
    await appendEvents(tx, events);
    await insertDeliveries(tx, deliveries, () => webhook.endpoint);
  });
  return deliveries;
}

/** Webhooks that a test changes as it likes. */
export class TestWebhooks {
  #directory: WebhookDirectory;

  constructor(webhooks: readonly Webhook[]) {
    this.#directory = new WebhookDirectory(webhooks);
  }

  set(webhooks: readonly Webhook[]): void {
    this.#directory = new WebhookDirectory(webhooks);
  }

  in(): Promise<WebhookDirectory> {
    return Promise.resolve(this.#directory);
  }

  assumed() {
    return Promise.resolve({ parts: this.#directory, holds: sql<boolean>`1 = 1` });
  }

  current(): Promise<WebhookDirectory> {
    return Promise.resolve(this.#directory);
  }
}
