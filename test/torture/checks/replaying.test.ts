import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFaults } from '../checks.ts';
import type { Evidence } from '../evidence.ts';
import type { StoredDelivery } from '../stored.ts';
import { amo, changed, events, late, sent, sound, storing } from './valid-run.ts';

const id = 'r1';
const againOf = (sequence: number) => `again-${sequence}`;
const marked = { headers: { 'tocsin-replay': id, 'tocsin-redelivery': '1' } };

/** All that one webhook got was sent again, long after. */
function replayed(): Evidence {
  const run = sound();
  const again = run.stored.deliveries.flatMap((one): StoredDelivery[] =>
    one.webhookId === amo.webhookId ? [{ ...one, deliveryId: againOf(one.sequence), replayId: id }] : [],
  );
  const at = (sequence: number) => late + sequence * 100;
  return {
    ...storing(run, {
      deliveries: [...run.stored.deliveries, ...again],
      moves: [
        ...run.stored.moves,
        ...again.flatMap(({ deliveryId, sequence }) => [
          { deliveryId, attempt: 1, fence: 1, state: 'sending', reason: '', at: at(sequence) },
          { deliveryId, attempt: 1, fence: 1, state: 'delivered', reason: 'ok', at: at(sequence) + 10 },
        ]),
      ],
    }),
    wire: [...run.wire, ...again.flatMap(({ sequence }) => sent(amo, sequence, { ...marked, at: at(sequence) + 2 }))],
    history: [
      ...run.history,
      ...again.map(({ deliveryId }) => ({
        integration_id: amo.webhookId,
        event_id: deliveryId,
        ref_id: 'a',
        event_time: new Date(late).toISOString(),
        status: 'success',
        status_code: 200,
      })),
    ],
    replays: [
      {
        replay_id: id,
        integration_id: amo.webhookId,
        state: 'done',
        done: events.length,
        created_at: late,
        finished_at: late + 1_000,
        selection: { start_time: 0, end_time: late },
      },
    ],
  };
}

/** With other rows in place of those of one delivery of the replay. */
function withDelivery(run: Evidence, sequence: number, change?: Partial<StoredDelivery>): Evidence {
  return storing(run, { deliveries: changed(run.stored.deliveries, againOf(sequence), change) });
}

test('a replay that sent all once is sound', () => {
  assert.deepEqual(findFaults(replayed()), []);
});

test('a push of a replay that a death cut off is unknown, sent or not', () => {
  const unknown = withDelivery(replayed(), 3, { state: 'unknown', reason: 'interrupted', statusCode: 0 });
  assert.deepEqual(findFaults(unknown), []);
  const isLast = (number: number) => unknown.wire.findLast((one) => one.kind === 'request')?.number === number;
  const unsent = unknown.wire.filter((one) => one.kind === 'torn' || !isLast(one.number));
  assert.deepEqual(findFaults({ ...unknown, wire: unsent }), []);
});

const broken: readonly [what: string, because: RegExp, change: (run: Evidence) => Evidence][] = [
  [
    'a push that was sent twice',
    /e2 of replay r1 was received 2 times/,
    (run) => ({ ...run, wire: [...run.wire, ...sent(amo, 2, { ...marked, at: late + 5_000 })] }),
  ],
  [
    'a push that was sent once more in part',
    /e2 of replay r1 was received 2 times/,
    (run) => ({
      ...run,
      wire: [
        ...run.wire,
        { kind: 'torn', path: amo.path, headers: { ...marked.headers, 'webhook-id': 'e2' }, at: late + 5_000 },
      ],
    }),
  ],
  [
    'a second delivery of one event',
    /made two deliveries of one event/,
    (run) =>
      storing(run, {
        deliveries: run.stored.deliveries.flatMap((one) =>
          one.deliveryId === againOf(2) ? [one, { ...one, deliveryId: 'twice' }] : [one],
        ),
      }),
  ],
  ['an event that was left out', /has left out event e2/, (run) => withDelivery(run, 2)],
  ['a push without a delivery', /sent event e2, and has no delivery of it/, (run) => withDelivery(run, 2)],
  [
    'a push that waits for ever',
    /e2 of replay r1 is still pending/,
    (run) => withDelivery(run, 2, { state: 'pending' }),
  ],
  [
    'a push that is delivered and was never sent',
    /e3 of replay r1 is delivered and was never received/,
    (run) => ({ ...run, wire: run.wire.slice(0, -2) }),
  ],
  [
    'a replay that does not end',
    /replay r1 is running at the end/,
    (run) => ({ ...run, replays: run.replays.map((one) => ({ ...one, state: 'running' })) }),
  ],
  [
    'a replay that counts wrong',
    /has 3 pushes and counts 2/,
    (run) => ({ ...run, replays: run.replays.map((one) => ({ ...one, done: 2 })) }),
  ],
  ['a replay that nobody began', /which the API does not list/, (run) => ({ ...run, replays: [] })],
];
for (const [what, because, change] of broken) {
  test(`the checks find ${what}`, () => {
    assert.match(findFaults(change(replayed())).join('\n'), because);
  });
}
