import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { interimMax, interimMaxBytes, ResponseHead } from './response-head.ts';

const interims = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.0 100 Continue\nx: y\n\n',
  '\r\nHTTP/1.1 100\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n',
  'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\ncontent-length: 7\r\n\r\nHTTP/1.1 199 ?\r\n\r\n',
  '',
];
const finals = [
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 503 HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  'HTTP/1.1 204\r\n\r\n',
];

test('interim answers are taken out before the final one, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...interims), { maxLength: 3 }),
      fc.constantFrom(...finals),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 300 }),
      (before, final, cuts) => {
        const head = read(before.join('') + final, cuts);
        assert.equal(head.passed, final);
        assert.deepEqual([head.statuses, head.faults], [[Number(final.slice(9, 12))], []]);
      },
    ),
  );
});

test('as many interim answers and as many bytes of them as may come, and no more', () => {
  const one = 'HTTP/1.1 103 Early Hints\r\n\r\n';
  assert.deepEqual(read(one.repeat(interimMax) + finals[0]).faults, []);
  assert.deepEqual(read(one.repeat(interimMax + 1) + finals[0]).faults, ['more than 16 interim answers']);
  // Counted from behind the status code.
  const large = (bytes: number) => `HTTP/1.1 103\r\nx: ${'x'.repeat(bytes - 9)}\r\n\r\n`;
  assert.deepEqual(read(large(interimMaxBytes) + finals[0]).faults, []);
  assert.deepEqual(read(large(interimMaxBytes + 1) + finals[0]).faults, ['more than 65536 bytes of interim answers']);
});

test('anything but a status line is no sound HTTP, and nothing is said before it is certain', () => {
  for (const text of [
    'HTTP/1.1 000\r\n\r\n',
    'HTTP/1.1 99 x\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'hello\r\n\r\n',
    'http/1.1 200 OK',
  ]) {
    assert.deepEqual(read(text).faults, ['the answer is no sound HTTP'], text);
  }
  for (const text of ['H', 'HTTP/1.1 ', 'HTTP/1.1 20', '\r\n']) {
    assert.deepEqual([read(text).faults, read(text).passed], [[], ''], text);
  }
});

test('the bytes behind a final answer are left as they are', () => {
  const body = 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(40);
  assert.equal(read(`HTTP/1.1 200 OK\r\n\r\n${body}`, [25]).passed, `HTTP/1.1 200 OK\r\n\r\n${body}`);
});

function read(text: string, cuts: readonly number[] = []) {
  const [statuses, faults]: [number[], string[]] = [[], []];
  const head = new ResponseHead({ status: (code) => statuses.push(code), unsound: (why) => faults.push(why) });
  let [passed, rest] = ['', text];
  for (const cut of [...cuts, text.length]) {
    passed += head.pass(Buffer.from(rest.slice(0, cut), 'latin1')).toString('latin1');
    rest = rest.slice(cut);
  }
  return { passed, statuses, faults };
}
