import { alertEventTypes, incidentEventTypes } from '../events/event-types.ts';
import type { EventType } from '../events/event-types.ts';
import type { Event } from '../events/event.ts';
import type { Webhook } from './webhook.ts';

/** What of an event decides who gets it. */
export type Matchable = Pick<Event, 'kind' | 'type' | 'channelId'>;
/** What of a webhook decides what it gets. */
export type Subscription = Pick<Webhook, 'type' | 'status' | 'channelIds' | 'eventTypes'>;

/** The rule that kept an event back, and the same in words for a person. */
export type Verdict =
  | { readonly matches: true }
  | {
      readonly matches: false;
      readonly rule: 'kind' | 'status' | 'channel' | 'event_type';
      readonly reason: string;
    };

/**
 * Whether a webhook is owed an event (contract 1.3, 1.4, 2.1), and if not, the first rule that keeps it back.
 *
 * - A custom action is owed nothing: it is called while somebody presses its button, by that call itself.
 * - A paused webhook is owed events, they wait; a disabled or deleted one is not.
 * - An incident without a channel (0) goes to webhooks for all channels only.
 * - No ticked event type means all of them, `i_custom` and the implied `a_close` among them; a list means what it lists.
 */
export function verdict(webhook: Subscription, event: Matchable): Verdict {
  if (webhook.type === 'custom_action') {
    return keep('kind', 'a custom action is called when somebody runs it, not for events');
  }
  if (webhook.type !== event.kind) {
    return keep('kind', `this is an event of an ${event.kind}, and the webhook takes those of ${webhook.type}s`);
  }
  if (!takesEvents(webhook)) return keep('status', `the webhook was ${webhook.status} when the event happened`);
  if (webhook.channelIds.length > 0 && event.channelId === 0) {
    return keep('channel', 'the incident belongs to no channel, and the webhook takes certain channels only');
  }
  if (webhook.channelIds.length > 0 && !webhook.channelIds.includes(event.channelId)) {
    return keep('channel', `channel ${event.channelId} is not among the webhook's channels`);
  }
  if (webhook.eventTypes.length > 0 && !webhook.eventTypes.includes(event.type)) {
    return keep('event_type', `${event.type} is not among the webhook's event types`);
  }
  return { matches: true };
}

export function matches(webhook: Subscription, event: Matchable): boolean {
  return verdict(webhook, event).matches;
}

/** Finds the webhooks that are owed an event without a look at the others. */
export interface WebhookIndex {
  /** In the order of the list that the index was built from. */
  owed(event: Matchable): readonly Webhook[];
}

/** Built once for each revision of the configuration. */
export function createWebhookIndex(webhooks: readonly Webhook[]): WebhookIndex {
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
  return {
    owed({ kind, type, channelId }) {
      const drawer = drawers.get(type);
      if (drawer === undefined || kind !== kindOf(type)) return none;
      return inOrder(drawer.everyChannel, channelId === 0 ? none : (drawer.byChannel.get(channelId) ?? none));
    },
  };
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

/** Merges two lists that are each in order already. */
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

function takesEvents(webhook: Subscription): boolean {
  return webhook.status === 'enabled' || webhook.status === 'paused';
}

function kindOf(type: EventType): Event['kind'] {
  return type.startsWith('i_') ? 'incident' : 'alert';
}

function keep(rule: Extract<Verdict, { matches: false }>['rule'], reason: string): Verdict {
  return { matches: false, rule, reason };
}
