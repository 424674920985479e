import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { rateLimiter } from './rate-limit.ts';
import { bytesOfOneRequest, madeOnce, sendReady } from './ready-bytes.ts';

test('an answer costs its address one more request for each part of it, and nothing where the client has it', async () => {
  const strangers = rateLimiter(10, { monotonic: () => 0, now: () => 0 });
  assert.ok(strangers !== undefined);
  const sizes = { '/just-less': bytesOfOneRequest - 1, '/three': 3 * bytesOfOneRequest };
  const app = fastify();
  for (const [path, size] of Object.entries(sizes)) {
    const made = madeOnce(async () => 'x'.repeat(size));
    app.get(path, async (request, reply) => sendReady(request, reply, await made(), strangers));
  }
  const left = () => strangers.take('127.0.0.1').remaining;
  assert.equal(left(), 19);
  await app.inject('/just-less');
  assert.equal(left(), 18);
  const { headers } = await app.inject('/three');
  assert.equal(left(), 14);
  const again = await app.inject({ url: '/three', headers: { 'if-none-match': String(headers['etag']) } });
  assert.deepEqual([again.statusCode, left()], [304, 13]);
});
