import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignInThrottle, triesPerMinute, triesPerMinuteOfAddress } from './sign-in-throttle.ts';

function throttle() {
  const time = { now: 0 };
  return { time, throttle: new SignInThrottle({ now: () => time.now, monotonic: () => time.now }) };
}

test('an address has five tries a minute for an email, and then as many again', () => {
  const { time, throttle: one } = throttle();
  for (let tries = 0; tries < triesPerMinute; tries += 1) assert.equal(one.take('192.0.2.1', 'a@x.org'), 0);
  assert.equal(one.take('192.0.2.1', 'a@x.org'), 60);
  time.now = 59_999;
  assert.equal(one.take('192.0.2.1', 'a@x.org'), 1);
  time.now = 60_000;
  assert.equal(one.take('192.0.2.1', 'a@x.org'), 0);
});

test('another email and another address have their own', () => {
  const { throttle: one } = throttle();
  for (let tries = 0; tries <= triesPerMinute; tries += 1) one.take('192.0.2.1', 'a@x.org');
  assert.equal(one.take('192.0.2.1', 'b@x.org'), 0);
  assert.equal(one.take('192.0.2.2', 'a@x.org'), 0, 'nobody is locked out');
});

test('one address has thirty tries a minute for all emails together, a right password not counted', () => {
  const { throttle: one } = throttle();
  for (let index = 0; index < triesPerMinuteOfAddress; index += 1) {
    assert.equal(one.take('192.0.2.1', `right-${index}@x.org`), 0);
    one.clear('192.0.2.1', `right-${index}@x.org`);
  }
  for (let index = 0; index < triesPerMinuteOfAddress; index += 1) assert.equal(one.take('192.0.2.1', `${index}`), 0);
  assert.notEqual(one.take('192.0.2.1', 'last@x.org'), 0);
});

test('addresses of one /64 are one address, of two are two', () => {
  const { throttle: one } = throttle();
  const same = [
    '2001:db8:1:2::1',
    '2001:db8:1:2:ffff::7',
    '2001:DB8:1:2:3:4:5:6',
    '2001:db8:1:2:0:0:0:9',
    '2001:db8:1:2::',
  ];
  for (const address of same) assert.equal(one.take(address, 'a@x.org'), 0);
  assert.notEqual(one.take('2001:db8:1:2::a', 'a@x.org'), 0);
  assert.equal(one.take('2001:db8:1:3::a', 'a@x.org'), 0);
  assert.equal(one.take('::1', 'a@x.org'), 0);
  assert.equal(one.take('::ffff:192.0.2.1', 'a@x.org'), 0);
});

test('made-up emails and addresses do not fill the memory', () => {
  const { throttle: one } = throttle();
  for (let index = 0; index < 15_000; index += 1)
    one.take(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, 'x');
  assert.equal(one.take('192.0.2.1', 'a@x.org'), 0);
});
