import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { integrationKey, startToyServer } from '../../test/support/toy-server.ts';

const push = `/event/push/alert/standard?integration_key=${integrationKey}`;
const anonymous = { headers: { authorization: '' } };

describe('pushes of alert events (contract 5.1)', () => {
  test('a push needs no app_key, and gets the envelope', async () => {
    await using server = await startToyServer();
    const answer = await server.post(`${push}&channel_id=12`, { title: 'disk full' }, anonymous);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body.data, { alert_key: 'k' });
    assert.equal(answer.headers.get('flashcat-request-id'), answer.body.request_id);
    assert.deepEqual(server.toys.pushes, [{ type: 'standard', body: { title: 'disk full' }, channel: '12' }]);
  });

  test('a format with a reply of its own goes out without the envelope', async () => {
    await using server = await startToyServer();
    const answer = await server.post(push.replace('standard', 'pagerduty'), {}, anonymous);
    assert.equal(answer.status, 202);
    assert.deepEqual(answer.body, { status: 'success' });
  });

  test('a comment by alert key arrives', async () => {
    await using server = await startToyServer();
    const comment = { alert_key: 'k', comment: 'looking' };
    const answer = await server.post(
      `/push/incident/comment-by-alert?integration_key=${integrationKey}`,
      comment,
      anonymous,
    );
    assert.equal(answer.status, 200);
    assert.deepEqual(server.toys.pushes, [{ body: comment }]);
  });

  test('the channels that a source may name are listed for its key', async () => {
    await using server = await startToyServer();
    const path = '/channel/list-by-integration';
    const answer = await server.post(`${path}?integration_key=${integrationKey}`, { query: 'web' }, anonymous);
    assert.deepEqual(answer.body.data, { items: [], total: 0 });
    assert.deepEqual(server.toys.pushes, [{ body: { query: 'web' } }]);
    const refused = await server.post(`${path}?integration_key=nope`, {}, anonymous);
    assert.equal(refused.body.error?.message, 'integration_key is not a valid one');
  });

  const wrong: [what: string, query: string][] = [
    ['no key', ''],
    ['an empty key', '?integration_key='],
    ['a wrong key', '?integration_key=nope'],
    ['two keys', `?integration_key=${integrationKey}&integration_key=${integrationKey}`],
    ['a key of 10 KB', `?integration_key=${'a'.repeat(10_000)}`],
  ];
  for (const [what, query] of wrong) {
    test(`${what} is answered in the words of the contract`, async () => {
      await using server = await startToyServer();
      const answer = await server.post(`/event/push/alert/standard${query}`, {}, anonymous);
      assert.equal(answer.status, 400);
      const error = { code: 'InvalidParameter', message: 'integration_key is not a valid one' };
      assert.equal(answer.body.error?.code, error.code);
      assert.equal(answer.body.error?.message, error.message);
      assert.equal(server.toys.pushes.length, 0);
    });
  }

  test('a large body of a stranger is refused before it is read', async () => {
    await using server = await startToyServer();
    const reply = await server.raw(
      'POST /event/push/alert/standard?integration_key=nope HTTP/1.1\r\nHost: localhost\r\n' +
        'Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"',
    );
    assert.match(reply, /^HTTP\/1\.1 400 .*connection: close.*integration_key is not a valid one/is);
  });

  test('an integration key opens nothing but ingestion', async () => {
    await using server = await startToyServer();
    const answer = await server.post(`/thing/info?integration_key=${integrationKey}`, { thing_id: 1 }, anonymous);
    assert.equal(answer.status, 401);
  });

  test('numbers beyond 2^53 keep their digits as text', async () => {
    await using server = await startToyServer();
    await server.post(push, '{"value":9007199254740993}', anonymous);
    assert.deepEqual(server.toys.pushes, [
      { type: 'standard', body: { value: '9007199254740993' }, channel: undefined },
    ]);
  });
});

describe('rates', () => {
  /** Stands still, so that nothing refills while the test runs. */
  const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };

  test('beyond its rate an integration gets 429, and is told when to come again', async () => {
    await using server = await startToyServer({ clock, limits: { ingestPerSecond: 1 } });
    const first = await server.post(push, {}, anonymous);
    assert.equal(first.headers.get('x-ratelimit-limit'), '2');
    assert.equal(first.headers.get('x-ratelimit-remaining'), '1');
    await server.post(push, {}, anonymous);
    const refused = await server.post(push, {}, anonymous);
    assert.equal(refused.status, 429);
    assert.equal(refused.body.error?.code, 'RequestTooFrequently');
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.equal(refused.headers.get('x-ratelimit-remaining'), '0');
    assert.equal(refused.headers.get('x-ratelimit-reset'), '1700000002');
    assert.equal((await server.post(push.replace(integrationKey, 'other'), {}, anonymous)).status, 400);
  });

  test('the API has a rate of its own, over all keys', async () => {
    await using server = await startToyServer({ clock, limits: { apiPerSecond: 1 } });
    const statuses: number[] = [];
    for (let index = 0; index < 3; index += 1)
      statuses.push((await server.post('/thing/info', { thing_id: 1 })).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    assert.equal((await server.post(push, {}, anonymous)).status, 200);
  });

  test('a guesser is slowed down, and whoever has a good key is not', async () => {
    await using server = await startToyServer({ clock });
    const statuses = new Set<number>();
    for (let index = 0; index < 60; index += 1) {
      statuses.add((await server.post('/thing/info', {}, { headers: { authorization: 'Bearer guess' } })).status);
    }
    assert.deepEqual([...statuses], [401, 429]);
    assert.equal((await server.post('/thing/info', { thing_id: 1 })).status, 200);
  });
});
