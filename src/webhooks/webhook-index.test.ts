import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testWebhook } from '../../test/support/deliveries.ts';
import { alertEventTypes, incidentEventTypes } from '../events/event-types.ts';
import { keptBack, type Subscription } from './subscription.ts';
import { WebhookDirectory, type Matchable } from './webhook-index.ts';

const incidents: Subscription = { type: 'incident', status: 'enabled', channelIds: [], eventTypes: [] };
const alerts: Subscription = { ...incidents, type: 'alert' };
const opened: Matchable = { kind: 'incident', type: 'i_new', channelId: 1 };
const closedAlert: Matchable = { kind: 'alert', type: 'a_close', channelId: 1 };

const rows: readonly (readonly [what: string, webhook: Subscription, event: Matchable, gets: boolean])[] = [
  ['an incident event, for a webhook that takes all', incidents, opened, true],
  ['an alert event, for an incident webhook', incidents, closedAlert, false],
  ['an incident event, for an alert webhook', alerts, opened, false],
  ['any event, for a custom action', { ...incidents, type: 'custom_action' }, { ...opened, type: 'i_custom' }, false],
  ['i_custom, for an incident webhook that takes all', incidents, { ...opened, type: 'i_custom' }, true],
  ['i_custom, when it is not ticked', { ...incidents, eventTypes: ['i_new'] }, { ...opened, type: 'i_custom' }, false],
  ['any event, while paused', { ...incidents, status: 'paused' }, opened, true],
  ['any event, while disabled', { ...incidents, status: 'disabled' }, opened, false],
  ['any event, once deleted', { ...incidents, status: 'deleted' }, opened, false],
  ['an event of a listed channel', { ...incidents, channelIds: [2, 1] }, opened, true],
  ['an event of another channel', { ...incidents, channelIds: [2] }, opened, false],
  ['an incident without a channel, for all channels', incidents, { ...opened, channelId: 0 }, true],
  [
    'an incident without a channel, for certain ones',
    { ...incidents, channelIds: [0, 1] },
    { ...opened, channelId: 0 },
    false,
  ],
  ['a ticked type', { ...incidents, eventTypes: ['i_ack', 'i_new'] }, opened, true],
  ['another type', { ...incidents, eventTypes: ['i_ack'] }, opened, false],
  ['a_close, which is implied when no type is ticked', alerts, closedAlert, true],
  ['a_close, when the list has it', { ...alerts, eventTypes: ['a_new', 'a_close'] }, closedAlert, true],
  [
    'a_close, when a list leaves it out',
    { ...alerts, eventTypes: ['a_new', 'a_update', 'a_merge'] },
    closedAlert,
    false,
  ],
];

for (const [what, webhook, event, gets] of rows) {
  test(`${what}: ${gets ? 'it gets it' : 'it does not get it'}`, () => {
    const one = testWebhook(webhook);
    assert.deepEqual(new WebhookDirectory([one]).subscribersOf(event), gets ? [one] : []);
    assert.equal(keptBack(one, event) === undefined, gets);
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
      const webhooks = subscriptions.map((subscription, webhookId) => testWebhook({ ...subscription, webhookId }));
      const index = new WebhookDirectory(webhooks);
      for (const event of events) {
        // An event's type says its kind already; a mixed-up pair is kept back by both.
        const sound = { ...event, kind: event.type.startsWith('i_') ? ('incident' as const) : ('alert' as const) };
        const naive = webhooks.filter((webhook) => keptBack(webhook, sound) === undefined);
        assert.deepEqual(index.subscribersOf(sound), naive);
        if (sound.kind !== event.kind) assert.deepEqual(index.subscribersOf(event), []);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});
