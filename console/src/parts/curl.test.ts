import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { curlOf, headersOf } from './curl.ts';

/** What a shell makes of a command: the arguments that curl would get. */
function argumentsOf(command: string, environment: Record<string, string> = {}): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  const out = execFileSync('sh', ['-c', script], { env: { PATH: process.env['PATH'], ...environment } });
  return out.toString().split('\0').slice(0, -1);
}

test('a shell gives curl exactly the request', () => {
  const body = `{"title":"it's $HOME \`id\` \\" !x"}\n`;
  const command = curlOf({
    url: 'https://example.org/a?b=c&d=$(id)',
    headers: [['Content-Type', 'application/json']],
    body,
  });
  assert.deepEqual(argumentsOf(command), [
    '-X',
    'POST',
    'https://example.org/a?b=c&d=$(id)',
    '-H',
    'Content-Type: application/json',
    '--data-raw',
    body,
  ]);
});

test('a masked value becomes a variable of the shell, whatever its name holds', () => {
  const command = curlOf({ url: 'http://x/', headers: [['X-`id`$Token', '••••1234']], body: '' });
  assert.doesNotMatch(command, /•/);
  assert.deepEqual(argumentsOf(command, { X__ID__TOKEN: 'secret' }).slice(3, 5), ['-H', 'X-`id`$Token: secret']);
  assert.match(command, /^# Set first: X__ID__TOKEN\n/);
});

test('an endpoint that is masked becomes a variable too', () => {
  const command = curlOf({ url: 'https://example.org/••••', headers: [], body: '' });
  assert.match(command, /^# Set first: ENDPOINT\n/);
  assert.deepEqual(argumentsOf(command, { ENDPOINT: 'https://example.org/secret' }).slice(0, 3), [
    '-X',
    'POST',
    'https://example.org/secret',
  ]);
});

test('what belongs to one attempt is left out, and how to sign is said', () => {
  const headers = [
    ['webhook-id', '1'],
    ['webhook-timestamp', '2'],
    ['webhook-signature', 'v1,••••'],
    ['Host', 'x'],
    ['Content-Length', '3'],
  ] as const;
  const command = curlOf({ url: 'http://x/', headers, body: '{}' });
  assert.deepEqual(argumentsOf(command), ['-X', 'POST', 'http://x/', '--data-raw', '{}']);
  assert.match(command, /^# Unsigned/);
});

test('headers are read from the forms in which the history keeps them, and nothing breaks on others', () => {
  assert.deepEqual(headersOf('{"a":"1","b":["2","3"]}'), [
    ['a', '1'],
    ['b', '2'],
    ['b', '3'],
  ]);
  assert.deepEqual(headersOf('[["a","1"]]'), [['a', '1']]);
  assert.deepEqual(headersOf(undefined), []);
  assert.deepEqual(headersOf('a: 1'), [['', 'a: 1']]);
  assert.deepEqual(headersOf('7'), [['', '7']]);
});
