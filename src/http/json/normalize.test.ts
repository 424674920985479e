import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { z } from 'zod';
import { normalize } from './normalize.ts';

const inner = z.object({
  by: z.object({ critical: z.array(z.string()).nullish() }).optional(),
  ids: z.array(z.int()).min(1).optional(),
});
const schema = z.object({
  name: z.string().min(1).optional(),
  note: z.string().optional(),
  limit: z.int().min(1).default(20),
  level: z.enum(['Critical', 'Warning']).optional(),
  target: inner.optional(),
  layers: z.array(inner).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  due: z.int().min(0).optional(),
  cleared: z.string().nullish(),
  any: z.unknown(),
});
const value = (body: unknown) => normalize(schema, body).value;

suite('bodies of typed clients', () => {
  test('an object in which no value stands is as absent, at any depth', () => {
    assert.deepEqual(value({ target: {} }), {});
    assert.deepEqual(value({ target: { by: {} } }), {});
    assert.deepEqual(value({ target: { by: { critical: [] }, ids: [] } }), {});
    assert.deepEqual(value({ target: { by: { critical: null }, ids: [3] } }), { target: { ids: [3] } });
    assert.deepEqual(value({ layers: [{ by: {}, ids: [1] }] }), { layers: [{ ids: [1] }] });
  });

  test('a map with a member that its schema would drop is named, and the maps inside it', () => {
    const map = z.record(z.string(), z.record(z.string(), z.string()));
    const both = z.object({ one: map.optional(), other: z.union([z.string(), map]).nullish(), any: z.unknown() });
    const lost = (body: string) => normalize(both, JSON.parse(body)).lost;
    assert.deepEqual(lost('{"one":{"__proto__":{}},"other":{"a":{"__proto__":"x"}}}'), ['one', 'other.a']);
    assert.deepEqual(lost('{"one":{"constructor":{"toString":"x"}},"other":"__proto__","any":{"__proto__":1}}'), []);
  });

  test('a map without entries, a false and a 0 are values', () => {
    assert.deepEqual(value({ labels: {} }), { labels: {} });
    assert.deepEqual(value({ due: 0 }), { due: 0 });
    assert.deepEqual(value({ target: { ids: [0] } }), { target: { ids: [0] } });
  });

  test('null and empty texts are as absent where the field does not take them', () => {
    assert.deepEqual(value({ name: '', note: '', level: '', due: null, target: null }), { note: '' });
    assert.deepEqual(value({ cleared: null }), { cleared: null });
    assert.deepEqual(value({ limit: 0 }), {});
    assert.deepEqual(value({ any: { a: {} } }), { any: { a: {} } });
  });

  test('words of an enumeration are read in any case, and others stay for the schema to refuse', () => {
    assert.deepEqual(value({ level: 'critical' }), { level: 'Critical' });
    assert.deepEqual(value({ level: 'bad' }), { level: 'bad' });
  });

  test('unknown fields are named with their path', () => {
    const { unknown } = normalize(schema, {
      nam: 1,
      target: { ids: [1], idz: 2 },
      layers: [{ x: 1 }],
      labels: { free: '1' },
    });
    assert.deepEqual(
      unknown.map(({ path }) => path),
      ['nam', 'target.idz', 'layers[0].x'],
    );
  });

  test('a body that is no object stays as it is', () => {
    for (const body of [[], 'x', 5, null, [{}]]) assert.deepEqual(value(body), body);
  });
});
