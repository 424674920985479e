import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Facts } from '../../filters/matcher.ts';
import { alikeOnes, candidatesMax, trigramSimilarity, likenessKeysDefault } from './trigram-similarity.ts';

const disk: Facts = {
  title: 'db-3 / disk usage',
  description: 'the disk of db-3 is 91% full',
  labels: { service: 'postgres', resource: 'db-3' },
};
const keys = likenessKeysDefault;

const rows: [string, Partial<Facts>, boolean][] = [
  ['itself', {}, true],
  ['another host of its kind, another measured value', numbered('db-12', '97'), true],
  ['the same in capitals and with other blanks', { title: 'DB-3 /  Disk usage' }, true],
  ['another service', { ...numbered('db-3', '91'), labels: { service: 'nginx', resource: 'db-3' } }, false],
  ['another check', { title: 'db-3 / replication lag', description: 'db-3 lags behind by 40 s' }, false],
  ['something that lacks most of what it has', { description: '', labels: {} }, false],
];

function numbered(host: string, value: string): Partial<Facts> {
  return {
    title: `${host} / disk usage`,
    description: `the disk of ${host} is ${value}% full`,
    labels: { service: 'postgres', resource: host },
  };
}

for (const [name, changes, expected] of rows) {
  test(`an alert is${expected ? '' : ' not'} alike ${name}`, () => {
    const found = alikeOnes(disk, [{ ...disk, ...changes }], { keys, threshold: 0.9 });
    assert.equal(found.length === 1, expected);
  });
}

test('the score is the mean over the keys that one of the two has', () => {
  const half = trigramSimilarity(
    { title: 'same', description: 'abcdef', labels: {} },
    { title: 'same', labels: {} },
    keys,
  );
  assert.equal(half, 0.5);
  assert.equal(trigramSimilarity({ labels: {} }, { labels: {} }, keys), 0);
  assert.equal(
    trigramSimilarity({ title: 'a', labels: { x: 'q' } }, { title: 'b', labels: { x: 'q' } }, ['labels.x']),
    1,
  );
});

test('a score exactly at the threshold is alike', () => {
  const [one, other]: Facts[] = [
    { title: 'abcdefgh', labels: {} },
    { title: 'abcdefxy', labels: {} },
  ];
  assert.ok(one && other);
  const score = trigramSimilarity(one, other, ['title']);
  assert.equal(alikeOnes(one, [other], { keys: ['title'], threshold: score }).length, 1);
  assert.equal(alikeOnes(one, [other], { keys: ['title'], threshold: score + 1e-9 }).length, 0);
});

test('the most alike comes first, and of equals the first of the list', () => {
  const named = (name: string, title: string) => ({ name, title, labels: {} });
  const candidates = [
    named('near', 'disk usage is higher'),
    named('first', 'disk usage'),
    named('second', 'disk usage'),
  ];
  const found = alikeOnes({ title: 'disk usage', labels: {} }, candidates, { keys: ['title'], threshold: 0.5 });
  assert.deepEqual(
    found.map((one) => one.name),
    ['first', 'second', 'near'],
  );
});

const facts = fc.record({ title: fc.string(), description: fc.string({ unit: 'binary' }), labels: fc.constant({}) });

test('likeness goes from 0 to 1, is the same both ways, and is 1 with itself', () => {
  fc.assert(
    fc.property(facts, facts, (one, other) => {
      const score = trigramSimilarity(one, other, keys);
      assert.ok(score >= 0 && score <= 1);
      assert.equal(trigramSimilarity(other, one, keys), score);
      if (one.title !== '') assert.equal(trigramSimilarity(one, one, keys), 1);
    }),
  );
});

test('a new alert is compared with as many incidents as are looked at in a few milliseconds', () => {
  const words = ['disk', 'usage', 'lag', 'memory', 'latency', 'errors', 'queue', 'backup'];
  const long = (seed: number) =>
    Array.from({ length: 70 }, (_, index) => words[(index * seed + seed) % words.length]).join(' ');
  const candidates = Array.from({ length: candidatesMax }, (_, index) => ({
    title: long(index),
    description: long(index + 3),
    labels: {},
  }));
  const compare = () =>
    alikeOnes({ title: long(5), description: long(8), labels: {} }, candidates, { keys, threshold: 0.5 });
  compare();
  const took = Array.from({ length: 10 }, () => {
    const started = performance.now();
    compare();
    return performance.now() - started;
  });
  // The quickest says what the work takes; the others may have waited for the processor.
  assert.ok(Math.min(...took) < 50, `${took.map(Math.round).join(', ')} ms`);
});

test('ten keys take about as long as four, because all of them share the characters that are compared', () => {
  const names = Array.from({ length: 10 }, (_, at) => `labels.a${at}`);
  const text = (seed: number) =>
    Array.from({ length: 256 }, (_, at) => String.fromCodePoint(97 + ((at * seed) % 26), 97 + (at % 25))).join('');
  const labelsOf = (seed: number) => Object.fromEntries(names.map((_, at) => [`a${at}`, text(seed * 10 + at)]));
  const one = { labels: labelsOf(1) };
  const candidates = Array.from({ length: candidatesMax }, (_, at) => ({ labels: labelsOf(at + 2) }));
  // Processor time, because other tests take the processor meanwhile.
  const timed = (keys: readonly string[]) => {
    const from = process.threadCpuUsage();
    alikeOnes(one, candidates, { keys, threshold: 0 });
    const { user, system } = process.threadCpuUsage(from);
    return (user + system) / 1000;
  };
  const least = (keys: readonly string[]) => Math.min(...Array.from({ length: 8 }, () => timed(keys)));
  const [four, ten] = [least(names.slice(0, 4)), least(names)];
  assert.ok(ten < 2 * four + 2, `${ten} ms with ten keys, ${four} ms with four`);
});

test('the end of a value that is not compared makes no difference', () => {
  const keys = Array.from({ length: 10 }, (_, at) => `labels.a${at}`);
  const of = (end: string) => ({
    labels: Object.fromEntries(keys.map((_, at) => [`a${at}`, 'same '.repeat(41) + end])),
  });
  assert.equal(trigramSimilarity(of('one'), of('another'), keys), 1);
  assert.ok(trigramSimilarity(of('one'), of('another'), keys.slice(0, 4)) < 1);
});
