import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseFailure } from '../database.ts';
import { postgresFailure } from './errors.ts';

const cases: readonly [string, string, DatabaseFailure['kind'] | undefined][] = [
  ['EPIPE', 'write EPIPE', 'unavailable'],
  ['ECONNRESET', 'read ECONNRESET', 'unavailable'],
  ['', 'Connection terminated unexpectedly', 'unavailable'],
  ['40P01', 'deadlock detected', 'busy'],
  ['42P01', 'relation "x" does not exist', undefined],
];

for (const [code, message, kind] of cases) {
  test(`${code} ${message} is ${kind ?? 'a bug of ours'}`, () => {
    const failure = postgresFailure(Object.assign(new Error(message), { code }));
    assert.equal(failure instanceof DatabaseFailure ? failure.kind : undefined, kind);
  });
}
