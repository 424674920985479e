import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Webhook } from '../api/operations.ts';
import {
  changedSettings,
  changesOf,
  copyOf,
  createRequest,
  draftOf,
  emptyDraft,
  presetOf,
  presets,
  settingsOf,
  testRequest,
} from './draft.ts';

const stored: Webhook = {
  integration_id: 7,
  type: 'incident',
  name: 'Tickets',
  endpoint: 'https://example.org/hook',
  description: '',
  team_id: 3,
  status: 'enabled',
  tls_verify: true,
  headers: { 'X-Token': '••••1234' },
  channel_ids: [1, 2],
  event_types: ['i_new'],
  timeout_ms: 1000,
  delivery_mode: 'at_most_once',
  order_policy: 'every',
  retry: { max_attempts: 1, max_age_seconds: 3600, on: 'any' },
  unsent_retry_seconds: 10,
  rate_limit_per_second: 0,
  max_in_flight: 8,
  signing: true,
  secret: 'whsec_••••1234',
  secrets: [],
  paused_at: 0,
  paused_by: 0,
  creator_id: 1,
  created_at: 0,
  updated_at: 0,
};

test('nothing is sent of a webhook that was not changed, and only the change of one that was', () => {
  const draft = draftOf(stored);
  assert.deepEqual(changesOf(draft, draft), []);
  const changed = {
    ...draft,
    name: 'Other',
    timeoutMs: '2500',
    headers: [...draft.headers, { name: 'X-B', value: 'b', kept: false }],
  };
  assert.deepEqual(changedSettings(draft, changed), {
    name: 'Other',
    headers: { 'X-Token': '••••1234', 'X-B': 'b' },
    timeout_ms: 2500,
  });
});

test('a draft that was read would be sent unchanged', () => {
  const { name, endpoint, channel_ids, event_types, retry, headers } = settingsOf(draftOf(stored));
  assert.deepEqual(
    { name, endpoint, channel_ids, event_types, retry, headers },
    {
      name: stored.name,
      endpoint: stored.endpoint,
      channel_ids: [1, 2],
      event_types: ['i_new'],
      retry: stored.retry,
      headers: stored.headers,
    },
  );
});

test('choosing all takes the list away, without losing it while the page is open', () => {
  const draft = { ...draftOf(stored), allChannels: true, allTypes: true };
  assert.deepEqual([settingsOf(draft).channel_ids, settingsOf(draft).event_types], [[], []]);
  assert.deepEqual(draft.channelIds, [1, 2]);
});

test('a preset is recognised by its numbers, and any other number makes it custom', () => {
  for (const [name, how] of Object.entries(presets)) assert.equal(presetOf({ ...emptyDraft('alert'), ...how }), name);
  assert.equal(presetOf(emptyDraft('alert')), 'documented');
  assert.equal(presetOf({ ...emptyDraft('alert'), timeoutMs: '1001' }), 'own');
});

test('a copy has neither the name nor the values of the headers', () => {
  const copy = copyOf(stored);
  assert.equal(copy.name, '');
  assert.deepEqual(copy.headers, [{ name: 'X-Token', value: '', kept: false }]);
  assert.doesNotMatch(JSON.stringify(createRequest(copy)), /•/);
});

test('a test of a stored webhook sends its changes, a test of a draft the whole of it, with or without a name', () => {
  const draft = draftOf(stored);
  const base = { id: 7, draft };
  assert.deepEqual(testRequest({ ...draft, tlsVerify: false }, { eventType: 'i_ack', object: undefined }, base), {
    integration_id: 7,
    tls_verify: false,
    event_type: 'i_ack',
  });
  const fresh = testRequest({ ...emptyDraft('alert'), endpoint: 'http://x/' }, { eventType: '', object: undefined });
  assert.deepEqual(
    [fresh.type, fresh.endpoint, 'name' in fresh, 'event_type' in fresh],
    ['alert', 'http://x/', false, false],
  );
});
