import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DatabaseFailure } from '../../database/database.ts';
import { keys, memoryIdempotency, startStubServer } from '../../../test/support/stub-server.ts';

const withKey = (key: string) => ({ headers: { 'idempotency-key': key } });

describe('Idempotency-Key (C3 51)', () => {
  test('a retry gets the first answer, and nothing is done again', async () => {
    await using server = await startStubServer();
    const first = await server.post('/thing/create', { name: 'a' }, withKey('k1'));
    const retry = await server.post('/thing/create', { name: 'a' }, withKey('k1'));
    assert.deepEqual(retry.body.data, first.body.data);
    assert.notEqual(retry.body.request_id, first.body.request_id);
    assert.equal(first.headers.get('idempotency-replayed'), null);
    assert.equal(retry.headers.get('idempotency-replayed'), 'true');
    assert.deepEqual(server.toys.created, ['a']);
  });

  test('the same key with another body is refused', async () => {
    await using server = await startStubServer();
    await server.post('/thing/create', { name: 'a' }, withKey('k1'));
    const other = await server.post('/thing/create', { name: 'b' }, withKey('k1'));
    assert.equal(other.status, 400);
    assert.equal(other.body.error?.code, 'BadRequest');
    assert.match(other.body.error?.message ?? '', /used with another body/);
    assert.deepEqual(server.toys.created, ['a']);
  });

  test('a key belongs to its member and its path', async () => {
    await using server = await startStubServer();
    await server.post('/thing/create', { name: 'a' }, withKey('k1'));
    const headers = { 'idempotency-key': 'k1', authorization: `Bearer ${keys.responder}` };
    await server.post('/thing/create', { name: 'b' }, { headers });
    assert.equal((await server.post('/thing/delete', { thing_id: 1 }, withKey('k1'))).status, 200);
    assert.deepEqual(server.toys.created, ['a', 'b']);
  });

  test('of several at once one is done, and the others get its answer or are asked to wait', async () => {
    await using server = await startStubServer();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => server.post('/thing/create', { name: 'a' }, withKey('k1'))),
    );
    assert.deepEqual(server.toys.created, ['a']);
    assert.ok(answers.some(({ status }) => status === 200));
    for (const { status, body } of answers) {
      if (status === 200) assert.deepEqual(body.data, { number: 1, name: 'a' });
      else assert.equal(body.error?.code, 'RequestLocked');
    }
  });

  test('a refusal leaves the key free', async () => {
    await using server = await startStubServer();
    assert.equal((await server.post('/thing/create', { name: 'refused' }, withKey('k1'))).status, 400);
    assert.equal((await server.post('/thing/create', { name: 'corrected' }, withKey('k1'))).status, 200);
  });

  test('after a commit with an unknown outcome the retry is refused with that reason, and nothing is done again', async () => {
    let now = 1_700_000_000_000;
    await using server = await startStubServer({ clock: { now: () => now, monotonic: () => 0 } });
    assert.equal((await server.post('/thing/create', { name: 'lost' }, withKey('k1'))).status, 503);
    const soon = await server.post('/thing/create', { name: 'lost' }, withKey('k1'));
    assert.equal(soon.status, 423);
    assert.equal(soon.headers.get('retry-after'), '1');
    now += 120_000;
    const later = await server.post('/thing/create', { name: 'lost' }, withKey('k1'));
    assert.equal(later.body.error?.code, 'RequestLocked');
    assert.match(later.body.error?.message ?? '', /not known/);
  });

  test('the caller gets the answer even when it cannot be kept', async () => {
    const idempotency = {
      ...memoryIdempotency(),
      answer: () => Promise.reject(new DatabaseFailure('full', 'no space')),
    };
    await using server = await startStubServer({ idempotency });
    assert.equal((await server.post('/thing/create', { name: 'a' }, withKey('k1'))).status, 200);
    assert.match(server.logged.join('\n'), /http\.idempotency_answer_lost/);
  });

  const bad: [what: string, key: string][] = [
    ['256 characters', 'a'.repeat(256)],
    ['a space inside', 'a b'],
    ['a letter beyond ASCII', 'caf\u00e9'],
    ['nothing', ''],
  ];
  for (const [what, key] of bad) {
    test(`a key with ${what} is refused`, async () => {
      await using server = await startStubServer();
      const answer = await server.post('/thing/create', { name: 'a' }, withKey(key));
      assert.equal(answer.body.error?.code, 'InvalidParameter');
      assert.deepEqual(server.toys.created, []);
    });
  }

  test('a key of 255 characters is good, and one on a read is ignored', async () => {
    await using server = await startStubServer();
    assert.equal((await server.post('/thing/create', { name: 'a' }, withKey('~'.repeat(255)))).status, 200);
    const read = await server.post('/thing/info', { thing_id: 1 }, withKey('a b'));
    assert.equal(read.status, 200);
  });
});
