import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShownWebhooks, shownWebhooksMax, type Trouble } from './shown-webhooks.ts';

const well: Trouble = { breaker: 0, behindSeconds: 0 };
const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const allWell = (count: number) => new Map(ids(count).map((webhookId) => [webhookId, well]));

test('every webhook has its own series while there is room', () => {
  const shown = new ShownWebhooks();
  shown.choose(allWell(3));
  shown.failed(2);
  assert.deepEqual(Object.fromEntries(shown.failures()), { '1': 0, '2': 1, '3': 0, other: 0 });
  assert.deepEqual(Object.fromEntries(shown.labelled(new Map([[3, 7]]), Math.max)), {
    '1': 0,
    '2': 0,
    '3': 7,
    other: 0,
  });
});

test('their number has a limit, and those in trouble have the places of those that are well', () => {
  const shown = new ShownWebhooks();
  const last = shownWebhooksMax + 5;
  shown.choose(allWell(last));
  assert.equal(shown.failures().size, shownWebhooksMax + 1);
  assert.equal(shown.has(last), false);
  shown.choose(
    new Map([
      ...allWell(last),
      [last, { breaker: 2, behindSeconds: 0 }],
      [last - 1, { breaker: 0, behindSeconds: 600 }],
    ]),
  );
  assert.deepEqual([shown.has(last), shown.has(last - 1), shown.has(last - 2)], [true, true, false]);
  assert.equal(shown.failures().size, shownWebhooksMax + 1);
});

test('where more are in trouble than there are places, the open breakers are shown first', () => {
  const shown = new ShownWebhooks();
  const behind = ids(shownWebhooksMax).map((id): [number, Trouble] => [id, { breaker: 0, behindSeconds: 3_600 * id }]);
  const open = ids(10).map((id): [number, Trouble] => [1_000 + id, { breaker: 2, behindSeconds: 0 }]);
  shown.choose(new Map(behind));
  shown.choose(new Map([...behind, ...open]));
  assert.ok(open.every(([id]) => shown.has(id)));
  assert.deepEqual([shown.has(shownWebhooksMax), shown.has(1)], [true, false]);
  shown.choose(new Map([...behind, ...open, [2_000, { breaker: 0, behindSeconds: 1e6 }]]));
  assert.equal(shown.has(2_000), false, 'the same kind of trouble takes no place');
});

test('the failures of the others never get less, whichever are shown', () => {
  const shown = new ShownWebhooks();
  const last = shownWebhooksMax + 1;
  shown.choose(allWell(last));
  shown.failed(last);
  assert.equal(shown.failures().get('other'), 1);
  shown.choose(new Map([...allWell(last), [last, { breaker: 2, behindSeconds: 0 }]]));
  assert.deepEqual([shown.failures().get('other'), shown.failures().get(String(last))], [1, 0]);
  shown.failed(last);
  assert.deepEqual([shown.failures().get('other'), shown.failures().get(String(last))], [1, 1]);
});

test('a deleted webhook has no series, and those behind by a moment keep nobody from a place', () => {
  const shown = new ShownWebhooks();
  shown.choose(allWell(2));
  shown.choose(new Map([[2, { breaker: 0, behindSeconds: 1 }]]));
  assert.deepEqual([...shown.failures().keys()], ['2', 'other']);
  assert.deepEqual(
    [...shown.labelled(new Map([[1, 4]]), Math.max)],
    [
      ['2', 0],
      ['other', 4],
    ],
  );
});
