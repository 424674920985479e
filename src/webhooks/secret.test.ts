import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signingKey } from '#receiver';
import { systemRandom } from '../runtime/random.ts';
import { checkSecret, makeSecret, maskSecret, rotateSecrets, signingSecrets, signingSecretsMax } from './secret.ts';

const now = 1_780_000_000_000;
const hour = 3_600_000;
const own = (bytes: number) => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;

test('a secret that we make is whsec_ and the base64 of 32 random bytes, and passes our own check', () => {
  const secret = makeSecret({ ...systemRandom, bytes: (count) => new Uint8Array(count).fill(255) });
  assert.equal(secret, `whsec_${Buffer.alloc(32, 255).toString('base64')}`);
  assert.deepEqual(checkSecret(secret), { ok: true, secret });
  assert.notEqual(makeSecret(systemRandom), makeSecret(systemRandom));
  signingKey(secret);
});

const secrets: readonly (readonly [text: string, fault: RegExp | undefined])[] = [
  [own(24), undefined],
  [own(64), undefined],
  [own(23), /this one 23; it must be whsec_ and the base64 of 24 to 64 random bytes/],
  [own(65), /this one 65/],
  ['', /does not start with whsec_/],
  [own(32).slice(6), /does not start with whsec_/],
  ['whsec_', /this one 0/],
  [`${own(32)}\n`, /base64 with its padding/],
  ['whsec_correct horse battery staple', /base64 with its padding/],
];

for (const [text, fault] of secrets) {
  test(`the user's own secret ${JSON.stringify(text.slice(0, 20))} of ${text.length} characters is ${fault ? 'refused' : 'taken'}`, () => {
    const check = checkSecret(text);
    assert.equal(check.ok, fault === undefined);
    if (!check.ok) {
      assert.equal(check.faults[0]?.field, 'secret');
      assert.match(check.faults[0].message, fault ?? /^$/);
      assert.ok(text.length < 12 || !check.faults[0].message.includes(text.slice(6)));
    }
  });
}

test('the secrets that sign now: none when signing is off, the old one until its overlap ends', () => {
  const pair = [
    { secret: 'new', expiresAt: 0 },
    { secret: 'old', expiresAt: now + 1 },
  ];
  assert.deepEqual(signingSecrets({ signing: true, secrets: pair }, now), ['new', 'old']);
  assert.deepEqual(signingSecrets({ signing: true, secrets: pair }, now + 1), ['new']);
  assert.deepEqual(signingSecrets({ signing: false, secrets: pair }, now), []);
});

test('a rotation puts the fresh secret first, ends the one before with the overlap, and leaves the end of an older one as promised', () => {
  const first = rotateSecrets([{ secret: 'a', expiresAt: 0 }], 'b', now, hour);
  assert.deepEqual(first, [
    { secret: 'b', expiresAt: 0 },
    { secret: 'a', expiresAt: now + hour },
  ]);
  assert.deepEqual(rotateSecrets(first, 'c', now + 1, hour), [
    { secret: 'c', expiresAt: 0 },
    { secret: 'b', expiresAt: now + 1 + hour },
    { secret: 'a', expiresAt: now + hour },
  ]);
  assert.deepEqual(rotateSecrets(first, 'c', now + 1, hour / 2), [
    { secret: 'c', expiresAt: 0 },
    { secret: 'b', expiresAt: now + 1 + hour / 2 },
    { secret: 'a', expiresAt: now + hour },
  ]);
  assert.deepEqual(rotateSecrets(first, 'c', now + 1, 0), [{ secret: 'c', expiresAt: 0 }], 'a leak');
  assert.deepEqual(rotateSecrets(first, 'c', now + hour, 0), [{ secret: 'c', expiresAt: 0 }]);
  assert.deepEqual(rotateSecrets(first, 'a', now, hour), [
    { secret: 'a', expiresAt: 0 },
    { secret: 'b', expiresAt: now + hour },
  ]);
});

test('however often it rotates, only a few secrets sign', () => {
  let secrets = [{ secret: '0', expiresAt: 0 }];
  for (let count = 1; count < 10; count += 1) secrets = rotateSecrets(secrets, String(count), now, hour);
  assert.deepEqual(
    secrets.map(({ secret }) => secret),
    ['9', '8', '7', '6'],
  );
  assert.equal(secrets.length, signingSecretsMax);
});

test('a masked secret shows four characters', () => {
  assert.equal(maskSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), 'whsec_••••LaSw');
  assert.equal(maskSecret('whsec_AAAABCDE=='), 'whsec_••••BCDE');
});
