import type { Assumed } from '../database/config-snapshot.ts';
import type { Transaction } from '../database/database.ts';
import { alertEventTypes, incidentEventTypes } from '../events/event-types.ts';
import type { EventType } from '../events/event-types.ts';
import type { Event } from '../events/event.ts';
import type { Webhook } from './webhook.ts';

/** The fields of an event that decide which webhooks get it. */
export type Matchable = Pick<Event, 'kind' | 'type' | 'channelId'>;

/** Every webhook that is not deleted, as of one moment, and the index of those that an event matches. */
export class WebhookDirectory {
  /** The oldest first. */
  readonly list: readonly Webhook[];
  readonly #byId: ReadonlyMap<number, Webhook>;
  readonly #drawers: ReadonlyMap<EventType, Drawer>;

  constructor(webhooks: readonly Webhook[]) {
    this.list = webhooks;
    this.#byId = new Map(webhooks.map((webhook) => [webhook.webhookId, webhook]));
    this.#drawers = drawersOf(webhooks);
  }

  find(webhookId: number): Webhook | undefined {
    return this.#byId.get(webhookId);
  }

  /**
   * The webhooks that get an event (contract 1.3, 1.4, 2.1), in the order of the list.
   *
   * - A custom action gets no event: it is called when somebody runs it.
   * - A paused webhook gets it, and its deliveries wait; a disabled or deleted one does not.
   * - An incident without a channel (0) goes to webhooks for all channels only.
   * - An empty list of types means all, `i_custom` and the implied `a_close` included; a list means what it lists.
   */
  subscribersOf({ kind, type, channelId }: Matchable): readonly Webhook[] {
    const drawer = this.#drawers.get(type);
    if (drawer === undefined || kind !== kindOf(type)) return none;
    return inOrder(drawer.everyChannel, channelId === 0 ? none : (drawer.byChannel.get(channelId) ?? none));
  }
}

/** The webhooks as of a transaction or as of now. */
export interface WebhookSource {
  in(tx: Transaction): Promise<WebhookDirectory>;
  /** Without waiting for an answer, for statements that have its condition. */
  assumed(tx: Transaction): Promise<Assumed<WebhookDirectory>>;
  current(): Promise<WebhookDirectory>;
}

function drawersOf(webhooks: readonly Webhook[]): ReadonlyMap<EventType, Drawer> {
  const drawers = new Map<EventType, Drawer>();
  webhooks.forEach((webhook, position) => {
    if (webhook.type === 'custom_action' || !takesEvents(webhook)) return;
    const all = webhook.type === 'incident' ? incidentEventTypes : alertEventTypes;
    for (const type of all) {
      if (webhook.eventTypes.length > 0 && !webhook.eventTypes.includes(type)) continue;
      const drawer = drawers.get(type) ?? { everyChannel: [], byChannel: new Map<number, Card[]>() };
      drawers.set(type, drawer);
      file(drawer, { position, webhook });
    }
  });
  return drawers;
}

interface Card {
  readonly position: number;
  readonly webhook: Webhook;
}

interface Drawer {
  readonly everyChannel: Card[];
  readonly byChannel: Map<number, Card[]>;
}

const none: readonly never[] = [];

function file(drawer: Drawer, card: Card): void {
  if (card.webhook.channelIds.length === 0) drawer.everyChannel.push(card);
  for (const channelId of new Set(card.webhook.channelIds)) {
    const cards = drawer.byChannel.get(channelId);
    if (cards === undefined) drawer.byChannel.set(channelId, [card]);
    else cards.push(card);
  }
}

/** Merges two sorted lists. */
function inOrder(left: readonly Card[], right: readonly Card[]): Webhook[] {
  const merged: Webhook[] = [];
  let leftAt = 0;
  let rightAt = 0;
  for (;;) {
    const a = left[leftAt];
    const b = right[rightAt];
    if (a === undefined && b === undefined) return merged;
    if (b === undefined || (a !== undefined && a.position < b.position)) {
      if (a !== undefined) merged.push(a.webhook);
      leftAt += 1;
    } else {
      merged.push(b.webhook);
      rightAt += 1;
    }
  }
}

function takesEvents(webhook: Webhook): boolean {
  return webhook.status === 'enabled' || webhook.status === 'paused';
}

function kindOf(type: EventType): Event['kind'] {
  return type.startsWith('i_') ? 'incident' : 'alert';
}
