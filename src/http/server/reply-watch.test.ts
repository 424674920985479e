import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integrationKey, startStubServer } from '../../../test/support/stub-server.ts';
import type { Ingestion, IngestionReply } from './ingestion-endpoints.ts';

const push = `/event/push/alert/standard?integration_key=${integrationKey}`;

function replying(reply: IngestionReply): Ingestion {
  const answer = async () => reply;
  const sender = () => ({ postsTo: () => true, hasKeyInBody: false });
  return {
    knows: async () => true,
    sender,
    refused: async () => {},
    push: answer,
    comment: answer,
    listChannels: answer,
  };
}

const rows: [what: string, path: string, reply: IngestionReply, good: boolean][] = [
  ['an alert key', push, { data: { alert_key: 'k' } }, true],
  ['what became of a group', push, { data: { accepted: 1, ignored: 0, skipped: [] } }, true],
  ['neither', push, { data: { alert: 'k' } }, false],
  ['the words of PagerDuty', push, { status: 202, body: { status: 'success', message: 'ok', dedup_key: 'k' } }, true],
  ['other words', push, { status: 202, body: { state: 'success' } }, false],
  ['a refusal in other words', push, { status: 400, body: { error: 'no' } }, false],
  ['nothing', '/push/incident/comment-by-alert', { data: {} }, true],
  ['more than nothing', '/push/incident/comment-by-alert', { data: { id: 1 } }, false],
  ['a list without its total', '/channel/list-by-integration', { data: { items: [] } }, false],
];

for (const [what, path, reply, good] of rows) {
  test(`${path.split('?')[0]} that answers ${what} is ${good ? 'let through' : 'a loud 500'}`, async () => {
    await using server = await startStubServer({ checkReplies: true, ingestion: replying(reply) });
    const { status, body } = await server.post(path);
    assert.equal(status < 400, good, JSON.stringify(body));
    if (good) return;
    assert.deepEqual([status, body.error?.code], [500, 'InternalError']);
    assert.match(body.error?.message ?? '', /breaks its schema/);
    assert.match(server.logged.join('\n'), /http.reply_breaks_schema/);
  });
}

test('refusals and readiness are let through as they are', async () => {
  await using server = await startStubServer({ checkReplies: true });
  server.toys.notReady = ['the disk is full'];
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
  const statuses: [path: string, body: unknown, status: number][] = [
    ['/thing/info', { thing_id: 1 }, 200],
    ['/thing/info', {}, 400],
    ['/thing/info', { thing_id: 404 }, 400],
    ['/thing/nothing', {}, 404],
    ['/thing/bug', {}, 500],
  ];
  for (const [path, body, status] of statuses) assert.equal((await server.post(path, body)).status, status, path);
  assert.equal(server.logged.join('\n').includes('breaks'), false);
});
