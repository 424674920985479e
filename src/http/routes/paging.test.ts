import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { Failure } from '../../runtime/failure.ts';
import { check } from '../json/validation.ts';
import { pageFields, readCursor, readPage, writeCursor } from './paging.ts';

const request = z.object(pageFields);

describe('pages (contract 6.1)', () => {
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

describe('cursors', () => {
  test('a cursor comes back as it was written, and wins over the page', () => {
    const cursor = writeCursor('incidents', { time: 1_700_000_000_000, id: 'abc' });
    const page = readPage('incidents', { p: 500, limit: 100, search_after_ctx: cursor });
    assert.deepEqual(page, { limit: 100, offset: 0, after: { time: 1_700_000_000_000, id: 'abc' } });
  });

  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cursor = writeCursor('incidents', { time: 5, id: 'abc' });
  const bad: [what: string, cursor: string][] = [
    ['of another list', writeCursor('alerts', { time: 5, id: 'abc' })],
    ['with a letter more', `${cursor}A`],
    ['with a stray character', `${cursor.slice(0, 4)}!${cursor.slice(4)}`],
    ['cut short', cursor.slice(0, -2)],
    ['of 10 KB', writeCursor('incidents', { time: 5, id: 'a'.repeat(10_000) })],
    ['that is no JSON', Buffer.from('hello').toString('base64url')],
    ['that is an object', text({ list: 'incidents' })],
    ['with an object inside', text(['incidents', { $gt: 0 }])],
    ['without a position', text(['incidents'])],
    ['with a value more', text(['incidents', 5, 'abc', 1])],
    ['with the id first', text(['incidents', 'abc', 5])],
    ['with a number in place of the id', text(['incidents', 5, 5])],
    ['with the time as text', text(['incidents', '5', 'abc'])],
    ['with half a millisecond', text(['incidents', 5.5, 'abc'])],
    ['with a time before 1970', text(['incidents', -5, 'abc'])],
    ['with a time beyond all dates', text(['incidents', 1e18, 'abc'])],
    ['with a time beyond all numbers', Buffer.from('["incidents",1e999,"abc"]').toString('base64url')],
    ['with nothing', text(['incidents', null, null])],
    ['with the time written in another way', Buffer.from('["incidents",5.0,"abc"]').toString('base64url')],
    ['with a NUL in the id', text(['incidents', 5, 'a\0c'])],
    ['with half a pair in the id', text(['incidents', 5, 'a\ud800'])],
    ['without an id', text(['incidents', 5, ''])],
    ['of SQL', "' or 1=1 --"],
  ];
  for (const [what, edited] of bad) {
    test(`a cursor ${what} is refused`, () => {
      assert.throws(() => readCursor('incidents', edited), /invalid cursor/);
    });
  }

  test('whatever place is written is read again, by its own list only', () => {
    const id = fc.stringMatching(/^[0-9A-Za-z]{1,64}$/);
    fc.assert(
      fc.property(fc.nat({ max: 8_640_000_000_000_000 }), id, (time, text) => {
        const written = writeCursor('incidents', { time, id: text });
        assert.deepEqual(readCursor('incidents', written), { time, id: text });
        assert.throws(() => readCursor('alerts', written), /invalid cursor/);
      }),
      { numRuns: 200 },
    );
  });
});
