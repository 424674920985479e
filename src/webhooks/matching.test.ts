import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alertEventTypes, incidentEventTypes } from '../events/event-types.ts';
import { createWebhookIndex, matches, verdict } from './matching.ts';
import type { Matchable, Subscription } from './matching.ts';
import type { Webhook } from './webhook.ts';

const incidents: Subscription = { type: 'incident', status: 'enabled', channelIds: [], eventTypes: [] };
const alerts: Subscription = { ...incidents, type: 'alert' };
const opened: Matchable = { kind: 'incident', type: 'i_new', channelId: 1 };
const closedAlert: Matchable = { kind: 'alert', type: 'a_close', channelId: 1 };

const rows: readonly (readonly [
  what: string,
  webhook: Subscription,
  event: Matchable,
  kept: readonly [rule: string, reason: RegExp] | undefined,
])[] = [
  ['an incident event, for a webhook that takes all', incidents, opened, undefined],
  [
    'an alert event, for an incident webhook',
    incidents,
    closedAlert,
    ['kind', /an event of an alert, and the webhook takes those of incidents/],
  ],
  ['an incident event, for an alert webhook', alerts, opened, ['kind', /takes those of alerts/]],
  [
    'any event, for a custom action',
    { ...incidents, type: 'custom_action' },
    { ...opened, type: 'i_custom' },
    ['kind', /called when somebody runs it/],
  ],
  ['i_custom, for an incident webhook that takes all', incidents, { ...opened, type: 'i_custom' }, undefined],
  [
    'i_custom, when it is not ticked',
    { ...incidents, eventTypes: ['i_new'] },
    { ...opened, type: 'i_custom' },
    ['event_type', /i_custom is not among/],
  ],
  ['any event, while paused', { ...incidents, status: 'paused' }, opened, undefined],
  [
    'any event, while disabled',
    { ...incidents, status: 'disabled' },
    opened,
    ['status', /was disabled when the event happened/],
  ],
  ['any event, once deleted', { ...incidents, status: 'deleted' }, opened, ['status', /was deleted/]],
  ['an event of a listed channel', { ...incidents, channelIds: [2, 1] }, opened, undefined],
  ['an event of another channel', { ...incidents, channelIds: [2] }, opened, ['channel', /channel 1 is not among/]],
  ['an incident without a channel, for all channels', incidents, { ...opened, channelId: 0 }, undefined],
  [
    'an incident without a channel, for certain ones',
    { ...incidents, channelIds: [0, 1] },
    { ...opened, channelId: 0 },
    ['channel', /belongs to no channel/],
  ],
  ['a ticked type', { ...incidents, eventTypes: ['i_ack', 'i_new'] }, opened, undefined],
  ['another type', { ...incidents, eventTypes: ['i_ack'] }, opened, ['event_type', /i_new is not among/]],
  ['a_close, which is implied when no type is ticked', alerts, closedAlert, undefined],
  ['a_close, when the list has it', { ...alerts, eventTypes: ['a_new', 'a_close'] }, closedAlert, undefined],
  [
    'a_close, when a list leaves it out',
    { ...alerts, eventTypes: ['a_new', 'a_update', 'a_merge'] },
    closedAlert,
    ['event_type', /a_close is not among/],
  ],
];

for (const [what, webhook, event, kept] of rows) {
  test(`${what}: ${kept === undefined ? 'owed' : `kept back by its ${kept[0]}`}`, () => {
    const found = verdict(webhook, event);
    assert.equal(matches(webhook, event), kept === undefined);
    if (kept === undefined) return assert.deepEqual(found, { matches: true });
    assert.ok(!found.matches);
    assert.equal(found.rule, kept[0]);
    assert.match(found.reason, kept[1]);
  });
}

const anyType = fc.constantFrom(...incidentEventTypes, ...alertEventTypes);
const anyEvent = fc.record({
  kind: fc.constantFrom('incident' as const, 'alert' as const),
  type: anyType,
  channelId: fc.integer({ min: 0, max: 4 }),
});
const anySubscription = fc.record({
  type: fc.constantFrom('incident' as const, 'alert' as const, 'custom_action' as const),
  status: fc.constantFrom('enabled' as const, 'paused' as const, 'disabled' as const, 'deleted' as const),
  channelIds: fc.oneof(fc.constant([]), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })),
  eventTypes: fc.oneof(fc.constant([]), fc.array(anyType, { maxLength: 6 })),
});

test('the index finds exactly the webhooks that a look at each one finds, in the same order', () => {
  const property = fc.property(
    fc.array(anySubscription, { maxLength: 20 }),
    fc.array(anyEvent, { maxLength: 20 }),
    (subscriptions, events) => {
      const webhooks = subscriptions.map((subscription, webhookId) => ({ ...blank, ...subscription, webhookId }));
      const index = createWebhookIndex(webhooks);
      for (const event of events) {
        // An event's type says its kind already; a mixed-up pair is kept back by both.
        const sound = { ...event, kind: event.type.startsWith('i_') ? ('incident' as const) : ('alert' as const) };
        const naive = webhooks.filter((webhook) => matches(webhook, sound));
        assert.deepEqual(index.owed(sound), naive);
        if (sound.kind !== event.kind) assert.deepEqual(index.owed(event), []);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});

const blank: Webhook = {
  webhookId: 0,
  type: 'incident',
  name: 'w',
  endpoint: 'https://example.com/',
  description: '',
  teamId: 0,
  status: 'enabled',
  tlsVerify: true,
  headers: [],
  channelIds: [],
  eventTypes: [],
  timeoutMs: 1000,
  mode: 'at_most_once',
  orderPolicy: 'every',
  retry: { maxAttempts: 1, maxAgeSeconds: 3600, on: 'any' },
  rateLimitPerSecond: 0,
  maxInFlight: 8,
  signing: true,
  secrets: [],
  creatorId: 0,
  createdAt: 0,
  updatedAt: 0,
};
