import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { channelsPath, commentPath } from './push-request.ts';
import { integrationKey, keys, startStubServer } from '../../../test/support/stub-server.ts';

const push = `/event/push/alert/standard?integration_key=${integrationKey}`;
const anonymous = { headers: { authorization: '' } };

describe('pushes of alert events (contract 5.1)', () => {
  test('a push needs no app_key, and gets the envelope', async () => {
    await using server = await startStubServer();
    const answer = await server.post(`${push}&channel_id=12`, { title: 'disk full' }, anonymous);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body.data, { alert_key: 'k' });
    assert.equal(answer.headers.get('flashcat-request-id'), answer.body.request_id);
    assert.deepEqual(server.toys.pushes, [{ type: 'standard', body: { title: 'disk full' }, channel: '12' }]);
  });

  test('the reply of a format goes out without the envelope', async () => {
    await using server = await startStubServer();
    const answer = await server.post(push.replace('standard', 'pagerduty'), {}, anonymous);
    assert.equal(answer.status, 202);
    assert.deepEqual(answer.body, { status: 'success' });
  });

  test('a comment by alert key arrives', async () => {
    await using server = await startStubServer();
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
    await using server = await startStubServer();
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
    ['two keys', `?integration_key=${integrationKey}&integration_key=${integrationKey}x`],
    ['a key of 10 KB', `?integration_key=${'a'.repeat(10_000)}`],
  ];
  for (const [what, query] of wrong) {
    test(`${what} is answered in the words of the contract`, async () => {
      await using server = await startStubServer();
      const answer = await server.post(`/event/push/alert/standard${query}`, {}, anonymous);
      assert.equal(answer.status, 400);
      const error = { code: 'InvalidParameter', message: 'integration_key is not a valid one' };
      assert.equal(answer.body.error?.code, error.code);
      assert.equal(answer.body.error?.message, error.message);
      assert.equal(server.toys.pushes.length, 0);
    });
  }

  test('a large body of a stranger is refused before it is read', async () => {
    await using server = await startStubServer();
    const reply = await server.raw(
      'POST /event/push/alert/standard?integration_key=nope HTTP/1.1\r\nHost: localhost\r\n' +
        'Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"',
    );
    assert.match(reply, /^HTTP\/1\.1 400 .*connection: close.*integration_key is not a valid one/is);
  });

  test('an integration key opens nothing but ingestion', async () => {
    await using server = await startStubServer();
    const answer = await server.post(`/thing/info?integration_key=${integrationKey}`, { thing_id: 1 }, anonymous);
    assert.equal(answer.status, 401);
  });

  test('numbers beyond 2^53 keep their digits as text', async () => {
    await using server = await startStubServer();
    await server.post(push, '{"value":9007199254740993}', anonymous);
    assert.deepEqual(server.toys.pushes, [
      { type: 'standard', body: { value: '9007199254740993' }, channel: undefined },
    ]);
  });
});

describe('where the key stands', () => {
  const body = { routing_key: 'in the body' };
  const taken = { type: 'pagerduty', body, channel: undefined };
  const rows: readonly [name: string, path: string, headers: Record<string, string>][] = [
    ['in the query', `/event/push/alert/pagerduty?integration_key=${integrationKey}`, {}],
    ['behind the type', `/event/push/alert/pagerduty/${integrationKey}`, {}],
    ['before the path of the sender', `/event/push/alert/pagerduty/${integrationKey}/v2/enqueue`, {}],
    ['behind a slash at the end', `/event/push/alert/pagerduty/?integration_key=${integrationKey}`, {}],
    ['as bearer', '/event/push/alert/pagerduty', { authorization: `Bearer ${integrationKey}` }],
    ['as a key of Opsgenie', '/event/push/alert/pagerduty/v2/enqueue', { authorization: `GenieKey ${integrationKey}` }],
    [
      'in the query, and another as bearer',
      `/v2/enqueue?integration_key=${integrationKey}`,
      { authorization: 'Bearer x' },
    ],
  ];
  for (const [name, path, headers] of rows) {
    test(name, async () => {
      await using server = await startStubServer();
      const answer = await server.post(path, body, { headers: { authorization: '', ...headers } });
      assert.equal(answer.status, 202, JSON.stringify(answer.body));
      assert.deepEqual(server.toys.pushes, [taken]);
    });
  }
});

test('no host is asked for where a key authorizes', async () => {
  await using server = await startStubServer();
  const forTheIntegration = `?integration_key=${integrationKey}`;
  const requestTo = (path: string, more = '') =>
    server.raw(
      `POST ${path} HTTP/1.1\r\nHost: alerts.elsewhere.test\r\nConnection: close\r\nContent-Type: application/json\r\n${more}Content-Length: 14\r\n\r\n{"thing_id":1}`,
    );
  const keyed = [push, `${push}&integration_key=${integrationKey}`, `/v2/enqueue${forTheIntegration}`];
  keyed.push(commentPath + forTheIntegration, `${channelsPath}/${forTheIntegration}`);
  for (const path of keyed) {
    assert.match(await requestTo(path), /^HTTP\/1\.1 20[02] /, path);
  }
  assert.match(await requestTo('/thing/info', `Authorization: Bearer ${keys.admin}\r\n`), /^HTTP\/1\.1 200 /);
  assert.match(await requestTo('/thing/info'), /^HTTP\/1\.1 403 /);
  assert.match(await requestTo(`/thing/info?app_key=${keys.admin}`), /^HTTP\/1\.1 200 /);
  assert.match(await requestTo('/thing/info?app_key='), /^HTTP\/1\.1 403 /);
  assert.match(await requestTo('/thing/info', 'Authorization: Bearer \r\n'), /^HTTP\/1\.1 403 /);
});

describe('paths that lead nowhere say so, whatever the key', () => {
  for (const path of [
    '/event/push/alert/pagerduty/v3/enqueue',
    `/event/push/alert/pagerduty/${integrationKey}/v3/enqueue`,
    `/event/push/alert/standard/v2/enqueue?integration_key=${integrationKey}`,
  ]) {
    test(path, async () => {
      await using server = await startStubServer();
      const answer = await server.post(path, {}, anonymous);
      assert.equal(answer.status, 404);
      assert.match(JSON.stringify(answer.body), /the path is wrong, not the key/);
    });
  }
});

describe('the content type of a push does not matter', () => {
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'text/json',
    'application/json;charset=utf8',
    'application/json, application/json',
    'json',
    '',
  ]) {
    test(JSON.stringify(type), async () => {
      await using server = await startStubServer();
      const answer = await server.post(push, '{"title":"a=b&c"}', {
        headers: { authorization: '', 'content-type': type },
      });
      assert.equal(answer.status, 200);
      assert.deepEqual(server.toys.pushes, [{ type: 'standard', body: { title: 'a=b&c' }, channel: undefined }]);
    });
  }

  test('none at all', async () => {
    await using server = await startStubServer();
    const reply = await server.raw(
      `POST ${push} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
    );
    assert.match(reply, /^HTTP\/1\.1 200 /);
  });

  test('a form is read as one', async () => {
    await using server = await startStubServer();
    const headers = { authorization: '', 'content-type': 'application/x-www-form-urlencoded' };
    await server.post(push, 'host=web+1&output=load%20%22high%22%0Abc&empty=', { headers });
    const body = { host: 'web 1', output: 'load "high"\nbc', empty: '' };
    assert.deepEqual(server.toys.pushes, [{ type: 'standard', body, channel: undefined }]);
    const many = Array.from({ length: 201 }, (_, index) => `f${index}=1`).join('&');
    assert.equal((await server.post(push, many, { headers })).status, 400);
    assert.equal((await server.post(push, `a=${'x'.repeat(300_000)}`, { headers })).status, 413);
  });
});

describe('a body of somebody unknown, which may hold the key', () => {
  const path = '/event/push/alert/pagerduty';
  const head = 'POST /event/push/alert/pagerduty HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

  test('is read to its end when it is chunked', async () => {
    await using server = await startStubServer();
    const reply = await server.raw(
      `${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    );
    assert.match(reply, /^HTTP\/1\.1 400 .*integration_key is not a valid one/is);
  });

  test('is read up to 512 KiB', async () => {
    await using server = await startStubServer();
    const padded = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    const refused = await server.post(path, padded(524_288), anonymous);
    assert.equal(refused.status, 400);
    const tooLarge = await server.post(path, padded(524_289), anonymous);
    assert.equal(tooLarge.status, 413);
  });

  test('is cut off when it is chunked and longer', async () => {
    await using server = await startStubServer();
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    const reply = await server.raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`);
    assert.match(reply, /^HTTP\/1\.1 413 /);
  });

  test('is refused at once for a format that has no key in the body, and for a wrong key', async () => {
    await using server = await startStubServer();
    for (const url of ['/event/push/alert/standard', `${path}?integration_key=wrong`]) {
      const reply = await server.raw(`POST ${url} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{`);
      assert.match(reply, /^HTTP\/1\.1 400 .*integration_key is not a valid one/is);
    }
  });

  test('waits its turn when many are being read', async () => {
    await using server = await startStubServer();
    const open = await Promise.all(
      Array.from({ length: 16 }, () => half(server.port, `${head}Content-Length: 100000\r\n\r\n{`)),
    );
    const refused = await untilAnswered(server.port, `${head}Content-Length: 100000\r\n\r\n{`);
    assert.match(refused, /^HTTP\/1\.1 503 .*retry-after: 1/is);
    for (const socket of open) socket.destroy();
  });
});

test('every refusal has the form of its senders', async () => {
  await using server = await startStubServer();
  const path = '/v2/enqueue';
  const wrong = await server.post(path, {}, anonymous);
  assert.deepEqual({ ...wrong.body }, { status: 'refused by 400', errors: ['integration_key is not a valid one'] });
  const broken = await server.post(`${path}?integration_key=${integrationKey}`, '{', anonymous);
  assert.match(JSON.stringify(broken.body), /"refused by 400","errors":\["invalid_json/);
  const unknown = await server.post('/event/push/alert/pagerduty/x', {}, anonymous);
  assert.match(JSON.stringify(unknown.body), /"refused by 404"/);
});

describe('rates', () => {
  /** Stands still, so that nothing refills while the test runs. */
  const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };

  test('beyond its rate an integration gets 429, with the time to wait', async () => {
    await using server = await startStubServer({ clock, limits: { ingestPerSecond: 1 } });
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
    assert.match(refused.body.error?.message ?? '', /TOCSIN_INGEST_RATE/);
  });

  test('keys that no integration has are counted by the address of their sender, beside the keys that exist', async () => {
    await using server = await startStubServer({ clock, limits: { ingestPerSecond: 1, strangersPerSecond: 2 } });
    const statuses: number[] = [];
    for (let index = 0; index < 6; index += 1) {
      const made = index % 2 === 0 ? push : '/push/incident/comment-by-alert?integration_key=';
      const answer = await server.post(made.replace(integrationKey, '') + String(index).repeat(20), {}, anonymous);
      assert.equal(answer.headers.get('x-ratelimit-limit'), null);
      statuses.push(answer.status);
    }
    assert.deepEqual(statuses, [400, 400, 400, 400, 429, 429]);
    assert.equal((await server.post(push, {}, anonymous)).headers.get('x-ratelimit-remaining'), '1');
  });

  test('the API has a separate rate, and one member does not spend that of another', async () => {
    await using server = await startStubServer({ clock, limits: { apiPerSecond: 1 } });
    const statuses: number[] = [];
    for (let index = 0; index < 3; index += 1)
      statuses.push((await server.post('/thing/info', { thing_id: 1 })).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    assert.equal((await server.post(push, {}, anonymous)).status, 200);
    const asViewer = { headers: { authorization: `Bearer ${keys.viewer}` } };
    assert.equal((await server.post('/thing/info', { thing_id: 1 }, asViewer)).status, 200);
  });

  test('a guesser is slowed down, and a caller with a valid key is not', async () => {
    await using server = await startStubServer({ clock });
    const statuses = new Set<number>();
    for (let index = 0; index < 60; index += 1) {
      statuses.add((await server.post('/thing/info', {}, { headers: { authorization: 'Bearer guess' } })).status);
    }
    assert.deepEqual([...statuses], [401, 429]);
    assert.equal((await server.post('/thing/info', { thing_id: 1 })).status, 200);
  });
});

/** A connection that has sent this much and goes on waiting. */
async function half(port: number, bytes: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  return socket;
}

/** The server reads in its own time, so that the bytes of earlier connections may still be on their way. */
async function untilAnswered(port: number, bytes: string): Promise<string> {
  const socket = await half(port, bytes);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString('latin1');
}
