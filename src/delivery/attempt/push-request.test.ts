import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook as Oracle } from 'standardwebhooks';
import { verify } from '#receiver';
import { testWebhook } from '../../../test/support/deliveries.ts';
import { createRequestBuilder } from './push-request.ts';
import type { PushAttempt, PushRequest } from './push-request.ts';

const now = 1_780_000_000_999;
const newSecret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const oldSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

const webhook = testWebhook({
  webhookId: 1,
  endpoint: 'https://tickets.example:8443/hook/../in?key=ü',
  timeoutMs: 1000,
  headers: [
    { name: 'Authorization', value: 'Bearer canary-0123456789' },
    { name: '__proto__', value: 'canary' },
  ],
  signing: true,
  secrets: [{ secret: newSecret, expiresAt: 0 }],
});

const attempt: PushAttempt = {
  webhook,
  push: {
    deliveryId: '20260528abcdefghijkmnopqrstuvw',
    eventId: '3f0c1d5e8a7b4c2990aa11bb22cc33dd',
    payload: '{"event_type":"i_new","title":"Größe 中"}',
    attempt: 1,
    sequence: 7,
    previousSequence: 6,
    generation: 0,
    supersededTypes: [],
    replayId: '',
  },
  now,
};

const build = createRequestBuilder('0.1.0');

function headersOf(request: PushRequest): Record<string, string> {
  const pairs = request.headers.flatMap((text, index) =>
    index % 2 === 0 ? [[text, request.headers[index + 1] ?? '']] : [],
  );
  return Object.fromEntries(pairs) as Record<string, string>;
}

test('a push has the headers of the design, in its order, and the payload as its body', () => {
  const request = build(attempt);
  const signature = headersOf(request)['webhook-signature'] ?? '';
  const pairs = request.headers.flatMap((text, index) =>
    index % 2 === 0 ? [`${text}: ${request.headers[index + 1]}`] : [],
  );
  assert.deepEqual(pairs, [
    'Authorization: Bearer canary-0123456789',
    '__proto__: canary',
    'Content-Type: application/json',
    'User-Agent: Tocsin/0.1.0',
    'accept-encoding: identity',
    `webhook-id: ${attempt.push.eventId}`,
    'webhook-timestamp: 1780000000',
    `webhook-signature: ${signature}`,
    'tocsin-delivery-id: 20260528abcdefghijkmnopqrstuvw',
    'tocsin-attempt: 1',
    'tocsin-sequence: 7',
    'tocsin-previous-sequence: 6',
  ]);
  assert.equal(request.body, attempt.push.payload);
  assert.equal(request.timeoutMs, 1000);
  assert.deepEqual(request.target, {
    hostname: 'tickets.example',
    port: 8443,
    secure: true,
    tlsVerify: true,
    origin: 'https://tickets.example:8443',
    path: '/hook/../in?key=%C3%BC',
    key: 'https://tickets.example:8443 verified',
  });
});

test('our receiver library and the reference both verify the bytes that go out', () => {
  const request = build(attempt);
  const verdict = verify({ headers: headersOf(request), body: Buffer.from(request.body) }, newSecret, { now });
  assert.deepEqual(verdict, { ok: true, id: attempt.push.eventId, timestamp: 1_780_000_000 });
  const expected = new Oracle(newSecret).sign(attempt.push.eventId, new Date(now), request.body);
  assert.equal(headersOf(request)['webhook-signature'], expected);
});

test('during a rotation both secrets sign, the newest first, and the old one stops at its end', () => {
  const rotating = { ...webhook, secrets: [...webhook.secrets, { secret: oldSecret, expiresAt: now + 1 }] };
  const during = headersOf(build({ ...attempt, webhook: rotating }))['webhook-signature'] ?? '';
  const oracle = (secret: string) => new Oracle(secret).sign(attempt.push.eventId, new Date(now), attempt.push.payload);
  assert.equal(during, `${oracle(newSecret)} ${oracle(oldSecret)}`);
  const after = headersOf(build({ ...attempt, webhook: rotating, now: now + 1 }))['webhook-signature'];
  assert.equal(after?.split(' ').length, 1);
  assert.equal(after, headersOf(build({ ...attempt, now: now + 1 }))['webhook-signature']);
});

test('each attempt has its own time and signature, and the same id and body', () => {
  const first = build(attempt);
  const second = build({ ...attempt, push: { ...attempt.push, attempt: 2 }, now: now + 5000 });
  assert.equal(second.body, first.body);
  assert.equal(headersOf(second)['webhook-id'], headersOf(first)['webhook-id']);
  assert.equal(headersOf(second)['webhook-timestamp'], '1780000005');
  assert.equal(headersOf(second)['tocsin-attempt'], '2');
  assert.notEqual(headersOf(second)['webhook-signature'], headersOf(first)['webhook-signature']);
});

test('a webhook that does not sign still names the event and the time', () => {
  const headers = headersOf(build({ ...attempt, webhook: { ...webhook, signing: false, secrets: [] } }));
  assert.equal(headers['webhook-signature'], undefined);
  assert.equal(headers['webhook-id'], attempt.push.eventId);
  assert.equal(headers['webhook-timestamp'], '1780000000');
});

test('the user agent and a JSON content type can be replaced, and then come once', () => {
  const custom = [
    { name: 'user-agent', value: 'us/1' },
    { name: 'Content-type', value: 'application/cloudevents+json' },
  ];
  const request = build({ ...attempt, webhook: { ...webhook, headers: custom } });
  const names = request.headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  assert.deepEqual(names.slice(0, 3), ['user-agent', 'content-type', 'accept-encoding']);
  assert.equal(new Set(names).size, names.length);
});

test('a resend, superseded types and the first of a lane show in the headers', () => {
  const push = {
    ...attempt.push,
    generation: 2,
    previousSequence: 0,
    supersededTypes: ['i_ack', 'i_comm'],
  } as const;
  const resent = headersOf(build({ ...attempt, push }));
  assert.equal(resent['tocsin-redelivery'], '1');
  assert.equal(resent['tocsin-previous-sequence'], '0');
  assert.equal(resent['tocsin-superseded'], 'i_ack, i_comm');
  assert.equal(headersOf(build(attempt))['tocsin-superseded'], undefined);
});

test('C2 row 33: the history shows no value that the user set, and no signature that could be used', () => {
  const request = build(attempt);
  const text = request.redactedHeaders();
  const shown = JSON.parse(text) as Record<string, string>;
  assert.ok(!text.includes('canary'));
  assert.equal(shown['Authorization'], '••••6789');
  assert.ok(text.startsWith('{"Authorization":"••••6789","__proto__":"••••","Content-Type":"application/json"'));
  const signature = headersOf(request)['webhook-signature'] ?? '';
  assert.equal(shown['webhook-signature'], `v1,••••${signature.slice(-4)}`);
  assert.equal(shown['webhook-id'], attempt.push.eventId);
  assert.deepEqual(
    Object.keys(shown),
    request.headers.filter((_, index) => index % 2 === 0),
  );
});

test('connections are not shared between webhooks that check certificates and those that do not', () => {
  const careless = build({ ...attempt, webhook: { ...webhook, tlsVerify: false } });
  assert.notEqual(careless.target.key, build(attempt).target.key);
  assert.equal(build({ ...attempt, webhook: { ...webhook, name: 'other' } }).target.key, build(attempt).target.key);
});
