import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { Failure } from '../runtime/failure.ts';
import { check } from './faults.ts';
import { pageFields, readCursor, readPage, writeCursor } from './paging.ts';

const request = z.object(pageFields);

describe('pages (contract 6.1, C4 56)', () => {
  const good: [input: unknown, limit: number, offset: number][] = [
    [{}, 20, 0],
    [{ p: 3 }, 20, 40],
    [{ p: 100, limit: 100 }, 100, 9900],
    [{ search_after_ctx: null }, 20, 0],
    [{ search_after_ctx: '', p: 2, limit: 5 }, 5, 5],
  ];
  for (const [input, limit, offset] of good) {
    test(`${JSON.stringify(input)} is rows ${offset} to ${offset + limit}`, () => {
      assert.deepEqual(readPage('incidents', check(request, input)), { limit, offset, after: undefined });
    });
  }

  const bad: unknown[] = [
    { limit: 0 },
    { limit: -1 },
    { limit: 1e9 },
    { limit: 101 },
    { limit: 1.5 },
    { limit: '10abc' },
    { limit: '10' },
    { limit: ' ' },
    { limit: null },
    { p: 0 },
    { p: -1 },
    { p: 101, limit: 100 },
    { p: Number.MAX_SAFE_INTEGER },
    { search_after_ctx: 5 },
  ];
  for (const input of bad) {
    test(`${JSON.stringify(input)} is refused with the field's name`, () => {
      const [field] = Object.keys(input as object);
      assert.throws(
        () => readPage('incidents', check(request, input)),
        (error) => error instanceof Failure && error.code === 'InvalidParameter' && error.faults[0]?.field === field,
      );
    });
  }
});

describe('cursors (C4 55)', () => {
  test('a cursor comes back as it was written, and wins over the page', () => {
    const cursor = writeCursor('incidents', [1_700_000_000_000, 'abc']);
    const page = readPage('incidents', { p: 500, limit: 100, search_after_ctx: cursor });
    assert.deepEqual(page, { limit: 100, offset: 0, after: [1_700_000_000_000, 'abc'] });
  });

  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cursor = writeCursor('incidents', [5, 'abc']);
  const bad: [what: string, cursor: string][] = [
    ['of another list', writeCursor('alerts', [5, 'abc'])],
    ['with a letter more', `${cursor}A`],
    ['with a stray character', `${cursor.slice(0, 4)}!${cursor.slice(4)}`],
    ['cut short', cursor.slice(0, -2)],
    ['of 10 KB', writeCursor('incidents', ['a'.repeat(10_000)])],
    ['that is no JSON', Buffer.from('hello').toString('base64url')],
    ['that is an object', text({ list: 'incidents' })],
    ['with an object inside', text(['incidents', { $gt: 0 }])],
    ['without a position', text(['incidents'])],
    ['of SQL', "' or 1=1 --"],
  ];
  for (const [what, edited] of bad) {
    test(`a cursor ${what} is refused`, () => {
      assert.throws(() => readCursor('incidents', edited), /invalid cursor/);
    });
  }

  test('whatever position is written is read again, by its own list only', () => {
    const value = fc.oneof(fc.string({ maxLength: 40 }), fc.maxSafeInteger());
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), (position) => {
        const written = writeCursor('incidents', position);
        assert.deepEqual(readCursor('incidents', written), position);
        assert.throws(() => readCursor('alerts', written), /invalid cursor/);
      }),
      { numRuns: 200 },
    );
  });
});
