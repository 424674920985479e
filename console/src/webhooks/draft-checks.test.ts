import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDraft } from './draft.ts';
import { endpointNote, headerNote, headersOfPaste, isOutside, mayBeSent, numberLimits } from './draft-checks.ts';

test('an endpoint without a scheme is a fault; clear text and private addresses are warned of', () => {
  const notes: readonly (readonly [string, ReturnType<typeof endpointNote>])[] = [
    ['', undefined],
    ['htt', undefined],
    ['https://example.org/x', undefined],
    ['ftp://example.org', 'scheme'],
    ['example.org', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['http://example.org', 'clear'],
    ['http://10.1.2.3/', 'private'],
    ['https://172.31.0.1/', 'private'],
    ['https://172.32.0.1/', undefined],
    ['http://[::1]:8080/', 'private'],
    ['http://[fd00::1]/', 'private'],
    ['http://localhost:1/', 'private'],
    ['http://100.100.100.201/', 'private'],
    ['http://100.100.100.200/', undefined],
    ['http://169.254.169.254/', undefined],
    ['http://', undefined],
  ];
  for (const [endpoint, note] of notes) assert.equal(endpointNote(endpoint, []), note, endpoint);
});

test('a private address that the operator lists is not warned of', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['http://127.0.0.1:9/', '127.0.0.0/8', true],
    ['http://127.0.0.1/', '127.0.0.1', true],
    ['http://127.0.0.1/', '127.0.0.1:80', true],
    ['https://127.0.0.1/', '127.0.0.1:80', false],
    ['http://10.20.0.1/', '10.20.0.0/16', true],
    ['http://10.21.0.1/', '10.20.0.0/16', false],
    ['http://192.168.1.130/', '192.168.1.128/25', true],
    ['http://192.168.1.127/', '192.168.1.128/25', false],
    ['http://localhost:8/', '127.0.0.0/8', true],
    ['http://localhost:8/', 'localhost:8', true],
    ['http://localhost:8/', '10.0.0.0/8', false],
    ['http://[::1]:8/', '127.0.0.0/8', false],
    ['http://[fd00::5]:8080/', '[fd00::5]:8080', true],
    ['http://[fd00::5]/', 'fd00::/8', true],
  ];
  for (const [endpoint, entry, listed] of cases) {
    assert.equal(endpointNote(endpoint, [entry]), listed ? undefined : 'private', `${endpoint} ${entry}`);
  }
  assert.equal(endpointNote('http://10.1.2.3/', undefined), undefined, 'nothing is said before the list is known');
});

test('numbers are whole and within their limits', () => {
  for (const limit of numberLimits) {
    for (const right of [limit.min, limit.max]) assert.equal(isOutside(String(right), limit), false);
    for (const wrong of [limit.min - 1, limit.max + 1, 1.5, '', 'x', '1e3', '0x10']) {
      assert.equal(isOutside(String(wrong), limit), true, `${limit.field} ${wrong}`);
    }
  }
});

test('a header is there once, whatever its case, and those of the service are its own', () => {
  const rows = ['X-A', 'x-a', 'Webhook-Id', 'tocsin-x', 'Content-Type', ''].map((name) => ({
    name,
    value: '',
    kept: false,
  }));
  assert.deepEqual(
    rows.map((_, index) => headerNote(rows, index)),
    [undefined, 'twice', 'reserved', 'reserved', undefined, undefined],
  );
});

test('pasted lines become rows; anything else is pasted as it is', () => {
  assert.deepEqual(headersOfPaste('X-A: 1\r\nX-B:two: parts\n\n'), [
    { name: 'X-A', value: '1', kept: false },
    { name: 'X-B', value: 'two: parts', kept: false },
  ]);
  assert.equal(headersOfPaste('X-Token'), undefined);
  assert.equal(headersOfPaste('two words: x'), undefined);
});

test('what the page itself can see is wrong is not sent', () => {
  const draft = { ...emptyDraft('incident'), name: 'n', endpoint: 'https://x.test' };
  assert.equal(mayBeSent(draft), true);
  for (const wrong of [
    { name: ' ' },
    { endpoint: 'x' },
    { allChannels: false },
    { allTypes: false },
    { timeoutMs: '99' },
    { headers: [{ name: 'host', value: '', kept: false }] },
  ]) {
    assert.equal(mayBeSent({ ...draft, ...wrong }), false, JSON.stringify(wrong));
  }
});
