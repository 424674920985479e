import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportUnsent, type Report } from '../../egress/report.ts';
import { secretsOf, withoutEchoes } from './echoed-secrets.ts';
import { threadCpuMs } from '../../runtime/loop-meter.ts';

const unsent = reportUnsent({ kind: 'error', code: '', message: '' });
const answer = (responseBody: string, responseHeadersJson = '{}'): Report => ({
  ...unsent,
  responseBody,
  responseHeadersJson,
});
const token = 'canary-0123456789';

test('the values of own headers count from eight characters on, with and without their scheme', () => {
  const headers = [
    { name: 'Authorization', value: `Bearer ${token}` },
    { name: 'x-short', value: 'abcdefg' },
    { name: 'x-same', value: token },
    { name: 'x-edge', value: 'abcdefgh' },
  ];
  assert.deepEqual(secretsOf(headers), [`Bearer ${token}`, token, 'abcdefgh']);
});

test('an answer that echoes shows the mask in its body and headers, however often', () => {
  const secrets = secretsOf([{ name: 'Authorization', value: `Bearer ${token}` }]);
  const shown = withoutEchoes(
    answer(`{"a":"Bearer ${token}","b":"${token}"} ${token}`, `{"x-echo":"Bearer ${token}","x":"1"}`),
    secrets,
  );
  assert.equal(shown.responseBody, '{"a":"••••6789","b":"••••6789"} ••••6789');
  assert.equal(shown.responseHeadersJson, '{"x-echo":"••••6789","x":"1"}');
});

test('a value is found as JSON writes it, and what looks like a pattern is text', () => {
  const value = 'pass"word\\$&.*';
  const shown = withoutEchoes(answer(JSON.stringify({ value }), JSON.stringify({ value })), [value]);
  assert.equal(shown.responseBody, '{"value":"••••$&.*"}');
  assert.deepEqual(JSON.parse(shown.responseHeadersJson), { value: '••••$&.*' });
});

test('the beginning of a value at the end of an answer that was cut is not shown', () => {
  assert.equal(withoutEchoes(answer(`x ${token.slice(0, 12)}`), [token]).responseBody, 'x ••••');
  assert.equal(withoutEchoes(answer(`x ${token.slice(0, 7)}`), [token]).responseBody, `x ${token.slice(0, 7)}`);
});

test('a long answer of one letter takes no time', () => {
  const started = threadCpuMs();
  withoutEchoes(answer('a'.repeat(16_384)), ['a'.repeat(4_000) + 'b', 'b'.repeat(4_000)]);
  assert.ok(threadCpuMs() - started < 100);
});
