import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closest } from './closest.ts';
import { threadCpuMs } from './loop-meter.ts';

test('the name that was probably meant is found, and another name is not', () => {
  const known = ['endpoint', 'event_types', 'headers'];
  assert.equal(closest('Endpiont', known), 'endpoint');
  assert.equal(closest('header', known), 'headers');
  assert.equal(closest('colour', known), undefined);
});

test('a name of a megabyte is not compared letter by letter', () => {
  const known = Array.from({ length: 50 }, (_, at) => `a_known_field_${at}`);
  const started = threadCpuMs();
  assert.equal(closest('a'.repeat(1_000_000), known), undefined);
  assert.ok(threadCpuMs() - started < 50);
});
