import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawingOf } from './chart-scale.ts';

const bucket = (counts: number[], lines: (number | null)[] = []) => ({ t: 0, counts, lines });

test('bars are stacked, fill their place, and small counts can be seen', () => {
  const { bars, countTicks } = drawingOf([bucket([90, 10]), bucket([0, 0]), bucket([1, 0])], 300, 100);
  assert.deepEqual(
    bars.map(({ x }) => x),
    [0, 100, 200],
  );
  assert.deepEqual(bars[0]?.parts, [
    { y: 10, height: 90 },
    { y: 0, height: 10 },
  ]);
  assert.ok(bars[1]?.parts.every(({ height }) => height === 0));
  assert.equal(bars[2]?.parts[0]?.height, 2);
  assert.deepEqual(countTicks.at(-1), { value: 100, y: 0 });
});

test('a line has a gap where nothing was tried, and the limit fits in', () => {
  const { paths, timeTop, yOfMs } = drawingOf(
    [bucket([1], [10]), bucket([0], [null]), bucket([1], [20])],
    30,
    10,
    1000,
  );
  assert.equal(paths[0]?.match(/M/g)?.length, 2);
  assert.equal(timeTop, 1000);
  assert.equal(yOfMs(1000), 0);
  assert.deepEqual(drawingOf([], 100, 10).bars, []);
});
