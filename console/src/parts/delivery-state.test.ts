import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from '../api/operations.ts';
import { momentOf, stateOf } from './delivery-state.ts';

/** As an older service answered, without a state, unless `some` has one. */
function delivery(some: object): Delivery {
  const known = {
    integration_id: 1,
    event_id: 'e',
    webhook_type: 'incident',
    event_type: 'i_new',
    endpoint: 'http://x/',
    attempt: 1,
    duration: 1,
    status: 'failed',
    status_code: 0,
    event_time: '2026-04-12T05:31:11.357000+00:00',
  };
  return { ...known, ...some } as Delivery;
}

test('the state that the service names counts; without one, what the message lets us know', () => {
  assert.equal(stateOf(delivery({ status: 'success', status_code: 200 })), 'delivered');
  assert.equal(stateOf(delivery({ status_code: 500, error_message: 'the receiver answered 500' })), 'failed');
  assert.equal(
    stateOf(delivery({ error_message: 'no answer; the receiver may have acted on the request' })),
    'unknown',
  );
  assert.equal(stateOf(delivery({ error_message: 'connection refused; nothing was sent' })), 'failed');
  assert.equal(stateOf(delivery({ state: 'retry_wait' })), 'retry_wait');
  assert.equal(stateOf(delivery({ state: 'a state of a later version' })), 'failed');
});

test('times with microseconds are read to the millisecond', () => {
  assert.equal(momentOf('2026-04-12T05:31:11.357000+00:00'), Date.UTC(2026, 3, 12, 5, 31, 11, 357));
  assert.equal(momentOf('2026-04-12T05:31:11Z'), Date.UTC(2026, 3, 12, 5, 31, 11));
});
