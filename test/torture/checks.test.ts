import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFaults } from './checks.ts';
import { countAll } from './counts.ts';
import type { Evidence, Target } from './evidence.ts';
import {
  alo,
  amo,
  changed,
  claimedAt,
  death,
  idOf,
  interrupted,
  mustFind,
  sent,
  sound,
  start,
  storing,
  without,
} from './checks/valid-run.ts';

test('a sound run has no faults', () => {
  assert.deepEqual(findFaults(sound()), []);
});

test('what a death cut off is repeated at least once, and unknown at most once; neither is a fault', () => {
  const run = interrupted(interrupted(sound(), amo), alo);
  const evidence = { ...run, episodes: [death] };
  assert.deepEqual(findFaults(evidence), []);
  const { repeated, unknown, deaths, deathsInFlight, abandoned } = countAll(evidence, 0);
  assert.deepEqual(
    { repeated, unknown, deaths, deathsInFlight, abandoned },
    { repeated: 1, unknown: 1, deaths: 1, deathsInFlight: 1, abandoned: 2 },
  );
});

test('a delivery that was claimed and never sent is unknown as well', () => {
  assert.deepEqual(findFaults({ ...interrupted(sound(), amo, 'unsent'), episodes: [death] }), []);
});

test('a claim that was given back was not lost, though its row says how the attempt before ended', () => {
  const id = idOf(alo, 3);
  const run = interrupted(sound(), alo);
  const claim = { deliveryId: id, fence: 2, reason: 'interrupted' };
  const moves = run.stored.moves.flatMap((move) => {
    if (move.deliveryId !== id || move.fence < 2) return [move];
    const again = { ...move, fence: 3 };
    if (move.state !== 'sending') return [again];
    // Long after the death, which cannot explain it.
    const granted = { ...claim, attempt: 2, state: 'sending', at: claimedAt(3) + 700 };
    return [granted, { ...claim, attempt: 1, state: 'pending', at: claimedAt(3) + 750 }, again];
  });
  const deliveries = changed(run.stored.deliveries, id, { fence: 3 });
  assert.deepEqual(findFaults({ ...storing(run, { moves, deliveries }), episodes: [death] }), []);
});

test('a result that the absence of the database held up may be lost to a death soon after it, and not later', () => {
  const lost = interrupted(sound(), amo, {});
  const moves = lost.stored.moves.map((move) =>
    move.reason === 'interrupted' ? { ...move, at: move.at + 2_000 } : move,
  );
  const at = claimedAt(3) + 1_200;
  const withAbsence = (awayMs: number) =>
    findFaults({
      ...storing(lost, { moves }),
      episodes: [
        { kind: 'postgres', node: 0, at: claimedAt(3) + 1, endedAt: claimedAt(3) + awayMs },
        { ...death, at, endedAt: at },
      ],
    });
  assert.deepEqual(withAbsence(800), []);
  assert.match(withAbsence(100).join(), /was taken for interrupted, and nothing had happened/);
});

test('a long pause costs what a death costs, and nothing where there is nobody to take over', () => {
  const pause = { kind: 'pause', node: 1, at: claimedAt(3) + 3, endedAt: claimedAt(3) + 2_500 } as const;
  const run = { ...interrupted(sound(), amo), episodes: [pause] };
  assert.deepEqual(findFaults(run), []);
  const alone = { ...run, nodes: run.nodes.slice(0, 1) };
  assert.match(findFaults(alone).join('\n'), /taken for interrupted, and nothing had happened/);
});

test('a node that has no processor for long costs what its pause costs, and nothing of another node', () => {
  const span = { kind: 'starved', at: claimedAt(3) + 3, endedAt: claimedAt(3) + 2_500 } as const;
  const run = interrupted(sound(), amo);
  assert.deepEqual(findFaults({ ...run, episodes: [{ ...span, node: 1 }] }), []);
  const other = findFaults({ ...run, episodes: [{ ...span, node: 2 }] });
  assert.match(other.join('\n'), /taken for interrupted, and nothing had happened/);
});

test('a machine that stands still costs what a pause of all nodes costs, and what came to its time limit meanwhile', () => {
  const freeze = { kind: 'freeze', node: 0, at: claimedAt(3) + 3, endedAt: claimedAt(3) + 2_500 } as const;
  const run = interrupted(sound(), amo);
  assert.deepEqual(findFaults({ ...run, episodes: [freeze] }), []);
  const cutShort = { state: 'failed', reason: 'timeout_connect' };
  const failed = storing(sound(), {
    deliveries: changed(sound().stored.deliveries, idOf(amo, 3), cutShort),
    moves: sound().stored.moves.map((move) =>
      move.deliveryId === idOf(amo, 3) && move.state === 'delivered' ? { ...move, ...cutShort } : move,
    ),
    attempts: changed(sound().stored.attempts, idOf(amo, 3), {
      startedAt: claimedAt(3) + 2,
      durationMs: 2_600,
      outcome: 'failed',
      reason: 'timeout_connect',
      statusCode: 0,
    }),
  });
  const told = (evidence: Evidence) => findFaults(evidence).filter((fault) => !fault.includes('the history says'));
  assert.equal(told(failed).length, 2);
  assert.deepEqual(told({ ...failed, episodes: [freeze] }), []);
});

test('a request that is written after a pause, to a connection that was closed meanwhile, is unknown', () => {
  const id = idOf(amo, 3);
  const cutOff = { state: 'unknown', reason: 'connection_lost' };
  const pause = { kind: 'pause', node: 1, at: claimedAt(3) + 3, endedAt: claimedAt(3) + 5_500 } as const;
  const { stored, wire } = sound();
  const lost = {
    ...storing(sound(), {
      deliveries: changed(stored.deliveries, id, { ...cutOff, statusCode: 0 }),
      moves: stored.moves.map((move) =>
        move.deliveryId === id && move.state === 'delivered' ? { ...move, ...cutOff, at: pause.endedAt + 5 } : move,
      ),
      attempts: changed(stored.attempts, id, {
        startedAt: claimedAt(3) + 2,
        durationMs: 5_500,
        outcome: 'unknown',
        reason: 'connection_lost',
        statusCode: 0,
      }),
    }),
    wire: without(wire, amo, 3),
  };
  const told = (evidence: Evidence) => findFaults(evidence).filter((fault) => !fault.includes('the history says'));
  assert.equal(told(lost).length, 2);
  assert.deepEqual(told({ ...lost, episodes: [pause] }), []);
  assert.equal(told({ ...lost, episodes: [{ ...pause, endedAt: claimedAt(3) + 9_000 }] }).length, 2);
});

test('a paused node may write one request that it had looked at before its pause, and no second one', () => {
  const pause = { kind: 'pause', node: 1, at: start - 5_000, endedAt: claimedAt(3) + 2_100 } as const;
  const second = { at: claimedAt(3) + 2_110 };
  const lateTwice = (run: Evidence, of: Target): Evidence => ({
    ...run,
    wire: [...without(run.wire, of, 1), ...sent(of, 1, second)],
  });
  const one = { ...lateTwice(sound(), amo), episodes: [pause] };
  assert.deepEqual(
    findFaults(one).filter((fault) => !/signed for/.test(fault)),
    [],
  );
  assert.equal(countAll(one, 0).excused, 1);
  assert.match(findFaults(lateTwice(one, alo)).join('\n'), /came .* after it had ended/);
});

mustFind([
  {
    name: 'a process that ends unasked',
    because: /node 2 ended unasked/,
    change: (run) => ({ ...run, accidents: ['node 2 ended unasked'] }),
  },
  {
    name: 'an answer that no mishap explains',
    because: /was answered with 500: oh/,
    change: (run) => ({ ...run, refused: [{ kind: 'refused', path: '/x', status: 500, body: 'oh' }] }),
  },
]);
