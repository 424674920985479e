import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { Failure } from '../../runtime/failure.ts';
import { check } from './validation.ts';

test('a value of the wrong type has that fault alone, and each other field has its own', () => {
  const schema = z.object({
    ids: z.array(z.int()).max(3),
    name: z.string().min(3).max(5),
    count: z.int().max(10),
  });
  const faultsOf = (input: unknown) => {
    try {
      check(schema, input);
    } catch (error) {
      return (error as Failure).faults.map(({ field, message }) => `${field} ${message}`);
    }
    return [];
  };
  assert.deepEqual(faultsOf({ ids: 'abcd', name: [1, 2], count: 'many' }), [
    'ids must be a list, not a text',
    'name must be a text, not a list',
    'count must be a number, not a text',
  ]);
  assert.deepEqual(faultsOf({ ids: [1, 2, 3, 4], name: 'ab', count: 11 }), [
    'ids must have at most 3 items',
    'name must have at least 3 characters',
    'count must be at most 10',
  ]);
});
