import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Webhook as Oracle } from 'standardwebhooks';
import { sign, signaturesMax, signingKey, verify } from './webhook.ts';
import type { RequestHeaders } from './headers.ts';
import type { Refusal } from './webhook.ts';

const now = 1_780_000_000_000;
const seconds = now / 1000;
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const body = Buffer.from('{"event_type":"i_new"}');
const message = { id: 'a1b2c3', timestamp: seconds, body };

function signed(changes: Record<string, string | readonly string[] | undefined> = {}): RequestHeaders {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
    'webhook-signature': sign(message, secret),
    ...changes,
  };
}

test('the published vector of Standard Webhooks gives the published signature', () => {
  const vector = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
  const expected = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  assert.equal(sign(vector, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), expected);
  assert.equal(sign(vector, 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), expected);
  const headers = new Headers({
    'Webhook-Id': vector.id,
    'Webhook-Timestamp': String(vector.timestamp),
    'Webhook-Signature': `v1,bm90IHRoaXMgb25l v2,${expected.slice(3)} ${expected}`,
  });
  const request = { headers, body: Buffer.from(vector.body) };
  const verdict = verify(request, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', { now: vector.timestamp * 1000 });
  assert.deepEqual(verdict, { ok: true, id: vector.id, timestamp: vector.timestamp });
});

const anySecret = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const anyId = fc.stringMatching(/^[0-9a-f]{1,32}$/);

test('the reference library accepts what we sign, and we accept what it signs', () => {
  // The reference reads the clock itself, so this one test does too.
  const timestamp = Math.floor(Date.now() / 1000);
  const property = fc.property(anySecret, anyId, fc.jsonValue(), (base64, id, value) => {
    const text = JSON.stringify(value);
    const oracle = new Oracle(base64);
    const ours = sign({ id, timestamp, body: text }, `whsec_${base64}`);
    assert.equal(ours, oracle.sign(id, new Date(timestamp * 1000), text));
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': ours };
    oracle.verify(text, headers, { jsonParse: false });
    assert.equal(verify({ headers, body: Buffer.from(text) }, base64).ok, true);
  });
  fc.assert(property, { numRuns: 100 });
});

test('any changed byte of the body, id or timestamp breaks the signature', () => {
  const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, at) => {
    const signature = sign({ ...message, body: bytes }, secret);
    const changed = Uint8Array.from(bytes);
    changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ 1;
    const headers = signed({ 'webhook-signature': signature });
    assert.equal(verify({ headers, body: bytes }, secret, { now }).ok, true);
    assert.equal(verify({ headers, body: changed }, secret, { now }).ok, false);
    const otherId = signed({ 'webhook-signature': signature, 'webhook-id': 'a1b2c4' });
    assert.equal(verify({ headers: otherId, body: bytes }, secret, { now }).ok, false);
    const later = signed({ 'webhook-signature': signature, 'webhook-timestamp': String(seconds + 1) });
    assert.equal(verify({ headers: later, body: bytes }, secret, { now }).ok, false);
  });
  fc.assert(property, { numRuns: 100 });
});

const entry = sign(message, secret);
const refusals: readonly {
  row: number;
  what: string;
  headers?: RequestHeaders;
  body?: Uint8Array;
  reason: Refusal;
  message: RegExp;
}[] = [
  {
    row: 78,
    what: 'a body that a framework wrote again',
    body: Buffer.from('{ "event_type": "i_new" }'),
    reason: 'no_matching_signature',
    message: /the body is not the bytes that arrived/,
  },
  {
    row: 78,
    what: 'other invalid UTF-8 that decodes to the same text',
    body: Buffer.from([0x22, 0xfe, 0x22]),
    headers: signed({ 'webhook-signature': sign({ ...message, body: Buffer.from([0x22, 0xff, 0x22]) }, secret) }),
    reason: 'no_matching_signature',
    message: /no signature fits/,
  },
  ...[
    '1700000000abc',
    '1700000000.0',
    ' 1780000000',
    '+1780000000',
    '01780000000',
    '1e9',
    '-1780000000',
    '0x6a18a700',
    '1'.repeat(13),
  ].map((timestamp) => ({
    row: 79,
    what: `the timestamp ${timestamp}`,
    headers: signed({ 'webhook-timestamp': timestamp }),
    reason: 'malformed_header' as const,
    message: /webhook-timestamp is not Unix seconds in digits/,
  })),
  {
    row: 79,
    what: 'a timestamp in a list',
    headers: signed({ 'webhook-timestamp': [String(seconds)] }),
    reason: 'malformed_header',
    message: /webhook-timestamp is not one text/,
  },
  {
    row: 79,
    what: 'a signature in a list',
    headers: signed({ 'webhook-signature': [entry] }),
    reason: 'malformed_header',
    message: /webhook-signature is not one text/,
  },
  {
    row: 79,
    what: 'an id in two spellings',
    headers: signed({ 'Webhook-Id': 'a1b2c3' }),
    reason: 'malformed_header',
    message: /webhook-id came more than once/,
  },
  {
    row: 79,
    what: '17 signatures, a good one among them',
    headers: signed({ 'webhook-signature': `${'v1,AAAA '.repeat(signaturesMax)}${entry}` }),
    reason: 'malformed_header',
    message: /more than 16 signatures/,
  },
  {
    row: 79,
    what: 'five minutes and a second ago',
    headers: signed({ 'webhook-timestamp': String(seconds - 301) }),
    reason: 'timestamp_too_old',
    message: /301 seconds ago/,
  },
  {
    row: 79,
    what: 'five minutes and a second ahead',
    headers: signed({ 'webhook-timestamp': String(seconds + 301) }),
    reason: 'timestamp_too_new',
    message: /301 seconds in the future/,
  },
  {
    row: 79,
    what: 'no timestamp',
    headers: signed({ 'webhook-timestamp': undefined }),
    reason: 'missing_header',
    message: /webhook-timestamp is missing/,
  },
  {
    row: 79,
    what: 'an empty id',
    headers: signed({ 'webhook-id': '' }),
    reason: 'missing_header',
    message: /webhook-id is missing/,
  },
  { row: 79, what: 'no headers at all', headers: {}, reason: 'missing_header', message: /webhook-id is missing/ },
  {
    row: 79,
    what: 'an id with a dot, which would shift the signed parts',
    headers: signed({ 'webhook-id': 'a1.b2' }),
    reason: 'malformed_header',
    message: /without a dot/,
  },
  {
    row: 79,
    what: 'an id with a comma and a blank, as two headers become',
    headers: signed({ 'webhook-id': 'a1b2c3, a1b2c3' }),
    reason: 'malformed_header',
    message: /webhook-id is not visible ASCII/,
  },
  {
    row: 79,
    what: 'the signature of an unknown scheme',
    headers: signed({ 'webhook-signature': entry.replace('v1,', 'v1a,') }),
    reason: 'no_matching_signature',
    message: /the secret differs/,
  },
  {
    row: 79,
    what: 'a signature with another spelling of its base64',
    headers: signed({ 'webhook-signature': entry.replace(/=$/, '') }),
    reason: 'no_matching_signature',
    message: /the secret differs/,
  },
  {
    row: 79,
    what: 'a signature of another secret',
    headers: signed({ 'webhook-signature': sign(message, other) }),
    reason: 'no_matching_signature',
    message: /the secret differs/,
  },
];

for (const refusal of refusals) {
  test(`C7 row ${refusal.row}: ${refusal.what} is refused`, () => {
    const verdict = verify({ headers: refusal.headers ?? signed(), body: refusal.body ?? body }, secret, { now });
    assert.ok(!verdict.ok);
    assert.equal(verdict.reason, refusal.reason);
    assert.match(verdict.message, refusal.message);
  });
}

test('C7 row 78: a body that is text or an object is a mistake of the receiver, and says so', () => {
  for (const wrong of ['{"event_type":"i_new"}', { event_type: 'i_new' }, undefined]) {
    const request = { headers: signed(), body: wrong as unknown as Uint8Array };
    assert.throws(() => verify(request, secret, { now }), /needs the raw bytes/);
  }
});

test('C7 row 79: five minutes either way and sixteen signatures are within the limits', () => {
  for (const offset of [-300, 300]) {
    assert.equal(verify({ headers: signed(), body }, secret, { now: now + offset * 1000 }).ok, true);
  }
  const many = signed({ 'webhook-signature': `${'v1,AAAA '.repeat(signaturesMax - 1)}${entry}` });
  assert.equal(verify({ headers: many, body }, secret, { now }).ok, true);
});

test('C7 row 80: secrets that are empty, short, long or not base64 are refused without being shown', () => {
  const rows: [string, RegExp][] = [
    ['', /24 to 64 bytes, this one 0/],
    ['whsec_', /24 to 64 bytes, this one 0/],
    ['whsec_BQ==', /24 to 64 bytes, this one 1/],
    [Buffer.alloc(23).toString('base64'), /24 to 64 bytes, this one 23/],
    [Buffer.alloc(65).toString('base64'), /24 to 64 bytes, this one 65/],
    ['whsec_this is no base64 at all, really', /base64 with its padding/],
    [secret.replace(/=+$/, ''), /base64 with its padding/],
  ];
  for (const [text, expected] of rows) {
    assert.throws(
      () => signingKey(text),
      (error: Error) =>
        expected.test(error.message) && (text === '' || !error.message.includes(text.slice(6) || 'whsec_B')),
    );
    assert.throws(() => verify({ headers: signed(), body }, text, { now }), expected);
  }
  assert.throws(() => verify({ headers: signed(), body }, [], { now }), /at least one webhook secret/);
  // As `process.env` gives it in JavaScript, which no compiler checks.
  const unset = undefined as unknown as string;
  const expected = { name: 'TypeError', message: /the webhook secret is missing/ };
  for (const secrets of [unset, [secret, unset]]) {
    assert.throws(() => verify({ headers: signed(), body }, secrets, { now }), expected);
  }
  assert.throws(() => signingKey(unset), expected);
});

test('during a rotation the old secret, the new one and both verify, and neither does not', () => {
  const third = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  const headers = signed({ 'webhook-signature': sign(message, [secret, signingKey(other)]) });
  for (const secrets of [secret, other, [secret, other], [third, other], signingKey(secret)]) {
    assert.equal(verify({ headers, body }, secrets, { now }).ok, true);
  }
  assert.equal(verify({ headers, body }, third, { now }).ok, false);
});

test('a message that could not be verified is not signed', () => {
  assert.throws(() => sign({ ...message, id: 'a.b' }, secret), /without a dot/);
  assert.throws(() => sign({ ...message, id: '' }, secret), /without a dot/);
  assert.throws(() => sign({ ...message, timestamp: 1.5 }, secret), /whole number of Unix seconds/);
  const byHand = createHmac('sha256', Buffer.alloc(32, 7)).update(`a1b2c3.${seconds}.`).update(body).digest('base64');
  assert.equal(sign(message, secret), `v1,${byHand}`);
});
