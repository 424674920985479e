import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemRandom } from '../runtime/random.ts';
import { isCommonPassword } from './common-password.ts';
import { passwordFault, PasswordHasher, passwordMaxChars, passwordMinChars, waitingMax } from './password.ts';
import { threadCpuMs } from '../runtime/loop-meter.ts';

const good = 'Vier Birnen + 1 Velo';

suite('passwords', () => {
  test('a password verifies against its own hash only, and two hashes of it differ', async () => {
    const hasher = new PasswordHasher(systemRandom);
    const [one, other] = [await hasher.hash(good), await hasher.hash(good)];
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(one, other);
    assert.equal(await hasher.verify(good, one), true);
    assert.equal(await hasher.verify(`${good} `, one), false);
    assert.equal(await hasher.verify('', one), false);
  });

  test('a hash that was computed elsewhere verifies', async () => {
    // By the reference implementation, through argon2-cffi.
    const hasher = new PasswordHasher(systemRandom);
    const stored = '$argon2id$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$MO33cCFnqSA8SskhR8/i5r/vajJ3mDxwI/Myoh5GZwk';
    assert.equal(await hasher.verify('correct horse', stored), true);
  });

  test('the same letters in another composition are the same password', async () => {
    const hasher = new PasswordHasher(systemRandom);
    assert.equal(await hasher.verify('ein Gru\u0308n im Wald', await hasher.hash('ein Gr\u00fcn im Wald')), true);
  });

  test('nobody is compared at the same cost, and never let in', async () => {
    const hasher = new PasswordHasher(systemRandom);
    const stored = await hasher.hash(good);
    const cost = async (hash: string | undefined) => {
      const started = process.cpuUsage();
      assert.equal(await hasher.verify('not the password', hash), false);
      const { user, system } = process.cpuUsage(started);
      return user + system;
    };
    const costs = { known: 0, unknown: 0 };
    for (let round = 0; round < 6; round += 1) {
      costs.known += await cost(stored);
      costs.unknown += await cost(undefined);
    }
    const ratio = costs.unknown / costs.known;
    assert.ok(ratio > 0.5 && ratio < 2, `a sign-in of nobody takes ${ratio} times as much`);
  });

  test('few are computed at a time, some wait, and the rest is refused', async () => {
    const hasher = new PasswordHasher(systemRandom);
    const cheap = '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdA';
    const tries = Array.from({ length: waitingMax + 12 }, () => hasher.verify('x', cheap));
    const results = await Promise.allSettled(tries);
    const refused = results.filter((result) => result.status === 'rejected');
    assert.equal(refused.length, 10);
    for (const { reason } of refused) assert.equal((reason as { code: string }).code, 'RequestTooFrequently');
    assert.equal(await hasher.verify('x', cheap), false, 'its places are free again');
  });

  test('a new password has 12 to 128 characters, whatever they are', () => {
    const phrase = (length: number) =>
      Array.from({ length }, (_, index) => 'drxkmwupzvq'[(index * 7 + (index >> 3)) % 11]).join('');
    assert.match(passwordFault(phrase(passwordMinChars - 1), '') ?? '', /12 to 128/);
    assert.equal(passwordFault(phrase(passwordMinChars), ''), undefined);
    assert.equal(passwordFault(phrase(passwordMaxChars), ''), undefined);
    assert.match(passwordFault(phrase(passwordMaxChars + 1), '') ?? '', /12 to 128/);
    assert.match(passwordFault('x'.repeat(1_000_000), '') ?? '', /12 to 128/);
    assert.equal(passwordFault('🐟🐠🦈🐙🐚🦀🦞🐡🐋🐬🦑🦐', ''), undefined, 'an emoji is one character');
  });

  test('a new password does not hold the email', () => {
    assert.match(passwordFault('ada.lovelace-1815-x', 'Ada.Lovelace@example.org') ?? '', /email/);
    assert.match(passwordFault('my ADA@EXAMPLE.ORG key', 'ada@example.org') ?? '', /email/);
    assert.equal(passwordFault('canada maple 77 ok', 'ada@example.org'), undefined, 'ada is in many words');
  });

  test('what guessers try first is common, in each way of writing it', () => {
    const common = [
      'password1234',
      'Password123!',
      'P@ssw0rd2024',
      'passwordpassword',
      '123456789012',
      '987654321098',
      'aaaaaaaaaaaa',
      'abababababab',
      'abcdefghijkl',
      'qwertyuiop[]',
      'qwertyuiop12',
      '1qaz2wsx3edc',
      'asdfghjkl;12',
      'iloveyou2024',
      'letmein12345',
      'administrator',
      'admin@123456',
      'welcome12345',
      'Summer2024!!',
      'changeme1234',
      'qwerty123456',
      'monkeydragon',
      'hunter2hunter2',
      'TocsinTocsin',
      'tocsinadmin1',
      'correct-horse-battery',
      'abc123abc123',
      '111222333444',
      'superman1234',
      'trustno1trustno1',
      'football2023',
      'September2025',
      'PASSWORD!!!!',
    ];
    for (const password of common) assert.equal(isCommonPassword(password), true, password);
  });

  test('what a manager makes, and what several words make, is not common', () => {
    const fine = [
      good,
      'xK9$mQ2vLp4n',
      'tangerine orbit walnut',
      'sixteen geese on ice',
      'mein-alter-schuh-drueckt',
      'gw7-hh2-plo-0dd',
      'the bakery opens at 7',
      '我的密码不是这个对不对呀',
      'f3b1c9e87a2d',
    ];
    for (const password of fine) assert.equal(isCommonPassword(password), false, password);
  });

  test('the longest password that may be asked about is looked at in no time', () => {
    const started = threadCpuMs();
    for (const text of ['love'.repeat(32), 'abc123'.repeat(21), 'themyisme'.repeat(14)])
      isCommonPassword(text.slice(0, 128));
    assert.ok(threadCpuMs() - started < 50);
  });
});
