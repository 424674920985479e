import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebhookVersion } from '../webhooks/webhook-version-store.ts';
import type { ExplainedEvent, NewestDelivery } from './explain-store.ts';
import { verdictsOn } from './explain.ts';

const at = 1_780_000_000_000;
const minute = 60_000;

const event: ExplainedEvent = {
  eventId: 'e1',
  kind: 'incident',
  entityId: 'i1',
  sequence: 1,
  type: 'i_new',
  eventTime: at,
  channelId: 5,
};

function version(changedAt: number, change: Partial<WebhookVersion> = {}): WebhookVersion {
  return {
    webhookId: 1,
    name: 'Tickets',
    changedAt,
    type: 'incident',
    status: 'enabled',
    channelIds: [],
    eventTypes: [],
    ...change,
  };
}

const delivery: NewestDelivery = { webhookId: 1, deliveryId: 'd1', state: 'delivered', reason: 'ok', message: '' };
const long = at - 10 * minute;

const rows: readonly (readonly [
  what: string,
  versions: readonly WebhookVersion[],
  delivery: NewestDelivery | undefined,
  verdict: string,
  rule: string,
])[] = [
  ['it has a delivery', [version(long)], delivery, 'delivered', 'matched'],
  ['it failed', [version(long)], { ...delivery, state: 'failed' }, 'failed', 'matched'],
  ['another channel', [version(long, { channelIds: [6] })], undefined, 'not_sent', 'channel'],
  ['another type', [version(long, { eventTypes: ['i_ack'] })], undefined, 'not_sent', 'event_type'],
  ['another kind', [version(long, { type: 'alert' })], undefined, 'not_sent', 'kind'],
  ['a custom action', [version(long, { type: 'custom_action' })], undefined, 'not_sent', 'custom_action'],
  ['disabled then', [version(long, { status: 'disabled' }), version(at + minute)], undefined, 'not_sent', 'disabled'],
  ['created later', [version(at + minute)], undefined, 'not_sent', 'created_later'],
  [
    'matched then, and no more now',
    [version(long), version(at + minute, { channelIds: [6] })],
    delivery,
    'delivered',
    'matched',
  ],
  [
    'kept back then, and matches now',
    [version(long, { channelIds: [6] }), version(at + minute)],
    undefined,
    'not_sent',
    'channel',
  ],
  [
    'changed in the same moment, before it',
    [version(long), version(at + 3, { channelIds: [6] })],
    undefined,
    'not_sent',
    'channel',
  ],
  [
    'changed in the same moment, after it',
    [version(long), version(at - 3, { channelIds: [6] })],
    delivery,
    'delivered',
    'matched',
  ],
  ['created in the same moment, after it', [version(at - 3)], undefined, 'not_sent', 'created_later'],
  ['it matched, and the delivery is no longer kept', [version(long)], undefined, 'forgotten', 'forgotten'],
];

for (const [what, versions, made, verdict, rule] of rows) {
  test(`a verdict says why: ${what}`, () => {
    const [one] = verdictsOn(event, made === undefined ? [] : [made], versions, false);
    assert.deepEqual([one?.verdict, one?.rule, one?.name], [verdict, rule, 'Tickets']);
  });
}

test('of an event that is older than the history, nobody knows why there is no delivery', () => {
  const [one] = verdictsOn(event, [], [version(long, { channelIds: [6] })], true);
  assert.deepEqual([one?.verdict, one?.rule], ['forgotten', 'forgotten']);
});

test('a webhook that was deleted before the event has no verdict, and one that was deleted later has', () => {
  const deleted = (changedAt: number) => [version(long), version(changedAt, { status: 'deleted' })];
  assert.deepEqual(verdictsOn(event, [], deleted(at - minute), false), []);
  assert.equal(verdictsOn(event, [delivery], deleted(at + minute), false)[0]?.verdict, 'delivered');
});
