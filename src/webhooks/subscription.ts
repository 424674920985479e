import type { Matchable } from './webhook-index.ts';
import type { Webhook } from './webhook.ts';

/** The settings that decide which events a webhook gets. */
export type Subscription = Pick<Webhook, 'type' | 'status' | 'channelIds' | 'eventTypes'>;

/**
 * Why a webhook gets no delivery of an event. `kind`: alert events are for alert webhooks, incident events for incident
 * webhooks · `custom_action`: it is called when somebody runs it · `no_channel`: the incident is in no channel, and the
 * webhook takes certain channels only.
 */
export const keptBackBy = [
  'custom_action',
  'deleted',
  'disabled',
  'kind',
  'event_type',
  'no_channel',
  'channel',
] as const;
export type KeptBackBy = (typeof keptBackBy)[number];

/** The first rule that keeps the event from the webhook; `undefined` when it gets it. As `WebhookDirectory` decides. */
export function keptBack(webhook: Subscription, { kind, type, channelId }: Matchable): KeptBackBy | undefined {
  if (webhook.type === 'custom_action') return 'custom_action';
  if (webhook.status === 'deleted') return 'deleted';
  if (webhook.status === 'disabled') return 'disabled';
  if (webhook.type !== kind) return 'kind';
  if (webhook.eventTypes.length > 0 && !webhook.eventTypes.includes(type)) return 'event_type';
  if (webhook.channelIds.length === 0) return undefined;
  if (channelId === 0) return 'no_channel';
  return webhook.channelIds.includes(channelId) ? undefined : 'channel';
}
