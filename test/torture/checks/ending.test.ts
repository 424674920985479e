import type { Evidence } from '../evidence.ts';
import type { Move, Stored } from '../stored.ts';
import {
  alo,
  amo,
  changed,
  claimedAt,
  death,
  idOf,
  interrupted,
  late,
  latest,
  mustFind,
  sent,
  storing,
  without,
} from './valid-run.ts';

mustFind([
  {
    name: 'an ended delivery that changes',
    because: /amo: event 3 of a went from delivered, fence 1, to pending/,
    change: (run) => moving(run, idOf(amo, 3), { state: 'pending', fence: 1 }),
  },
  {
    name: 'a result under another fence than its claim has',
    because: /amo: event 3 of a went from sending, fence 1, to delivered, fence 2/,
    change: (run) =>
      storing(run, {
        moves: run.stored.moves.map((move) =>
          move.deliveryId === idOf(amo, 3) && move.state === 'delivered' ? { ...move, fence: 2 } : move,
        ),
      }),
  },
  {
    name: 'a delivery that waits to be tried again at most once',
    because: /amo: event 3 of a went from sending, fence 1, to retry_wait/,
    change: (run) =>
      storing(run, {
        moves: run.stored.moves.map((move) =>
          move.deliveryId === idOf(amo, 3) && move.state === 'delivered' ? { ...move, state: 'retry_wait' } : move,
        ),
      }),
  },
  {
    name: 'a delivery that never ends',
    because: /alo: event 3 of a is still retry_wait/,
    change: (run) =>
      storing(run, { deliveries: changed(run.stored.deliveries, idOf(alo, 3), { state: 'retry_wait' }) }),
  },
  {
    name: 'a failure at a receiver that never fails',
    because: /amo: event 3 of a is failed \(connect\)/,
    change: (run) =>
      storing(run, {
        deliveries: changed(run.stored.deliveries, idOf(amo, 3), { state: 'failed', reason: 'connect' }),
      }),
  },
  {
    name: 'an at-least-once delivery that is given up after its death',
    because: /alo: event 3 of a is unknown \(interrupted\)/,
    change: (run) =>
      storing(run, {
        deliveries: changed(run.stored.deliveries, idOf(alo, 3), { state: 'unknown', reason: 'interrupted' }),
      }),
  },
  {
    name: 'a delivery that is cancelled before its webhook is deleted',
    because: /alo: event 3 of a was cancelled before its webhook was deleted/,
    change: (run) => ({
      ...storing(run, {
        deliveries: changed(run.stored.deliveries, idOf(alo, 3), { state: 'cancelled', reason: 'cancelled' }),
      }),
      targets: [amo, { ...alo, deleted: { at: late, endedAt: late } }, latest],
    }),
  },
  {
    name: 'a newest event that is superseded',
    because: /latest: event 3 of a was superseded by nothing/,
    change: (run) =>
      storing(run, {
        deliveries: changed(run.stored.deliveries, idOf(latest, 3), { state: 'superseded', reason: 'superseded' }),
      }),
  },
  {
    name: 'a push that was acknowledged and never taken',
    because: /alo: push 1 of k was acknowledged and never delivered/,
    change: (run) => ({ ...run, wire: [...without(run.wire, alo, 1), ...sent(alo, 1, { status: 503 })] }),
  },
  {
    name: 'a request without a record',
    because: /attempt 1 of .*amo: event 3 of a was sent, and has no record/,
    change: (run) => storing(run, { attempts: changed(run.stored.attempts, idOf(amo, 3)) }),
  },
  {
    name: 'a record of a request that there was not',
    because: /attempt 1 of .*amo: event 3 of a says delivered \(ok\), 200, .*; there was no request/,
    change: (run) => ({ ...run, wire: without(run.wire, amo, 3) }),
  },
  {
    name: 'a record that says that nothing was sent',
    because: /says failed \(connect\), 0, .*, not sent; there was a request/,
    change: (run) => recording(run, { outcome: 'failed', reason: 'connect', maybeSent: false, statusCode: 0 }),
  },
  {
    name: 'a record of another answer',
    because: /says delivered \(ok\), 204, .*; the answer was 200/,
    change: (run) => recording(run, { statusCode: 204 }),
  },
  {
    name: 'a record of a failure that was taken',
    because: /says failed \(timeout_response\), 0, .*; the answer was 200/,
    change: (run) => recording(run, { outcome: 'failed', reason: 'timeout_response', statusCode: 0 }),
  },
  {
    name: 'a success without a 2xx',
    because: /amo: event 3 of a is delivered; its last attempt was answered with 503/,
    change: (run) => ({ ...run, wire: [...without(run.wire, amo, 3), ...sent(amo, 3, { status: 503 })] }),
  },
  {
    name: 'a loss that nothing explains',
    because: /amo: event 3 of a: attempt 1, .* was taken for interrupted, and nothing had happened/,
    change: (run) => interrupted(run, amo),
  },
  {
    name: 'a loss on a node that did not die',
    because: /was taken for interrupted, and nothing had happened/,
    change: (run) => ({ ...interrupted(run, amo), episodes: [{ ...death, node: 2 }] }),
  },
  {
    name: 'a loss of a result long before the death',
    because: /was taken for interrupted, and nothing had happened/,
    change: (run) => ({ ...interrupted(run, amo, {}), episodes: [{ ...death, at: late, endedAt: late }] }),
  },
  {
    name: 'a loss of a result a while before the death, though results are quick here',
    because: /was taken for interrupted, and nothing had happened/,
    change: (run) => {
      const lost = interrupted(run, amo, {});
      const recovered = lost.stored.moves.map((move) =>
        move.reason === 'interrupted' ? { ...move, at: move.at + 2_000 } : move,
      );
      const at = claimedAt(3) + 1_200;
      return { ...storing(lost, { moves: recovered }), episodes: [{ ...death, at, endedAt: at }] };
    },
  },
  {
    name: 'a loss after an orderly end',
    because: /was taken for interrupted, and nothing had happened/,
    change: (run) => ({ ...interrupted(run, amo), episodes: [{ ...death, kind: 'leave' }] }),
  },
  {
    name: 'more losses than could be in flight',
    because: /amo: 1 were lost at once; 0 could be in flight/,
    change: (run) => ({
      ...interrupted(run, amo),
      episodes: [death],
      targets: [{ ...amo, maxInFlight: 0 }, alo, latest],
    }),
  },
  {
    name: 'another attempt at a receiver that never fails',
    because: /alo: event 3 of a failed: connection_lost/,
    change: (run) => {
      const again = interrupted(run, alo);
      const fails = again.stored.moves.map((move) =>
        move.reason === 'interrupted' ? { ...move, reason: 'connection_lost' } : move,
      );
      return { ...storing(again, { moves: fails }), episodes: [death] };
    },
  },
]);

function moving(run: Evidence, deliveryId: string, move: Pick<Move, 'state' | 'fence'>): Evidence {
  const next = { deliveryId, attempt: 1, reason: '', at: late, ...move };
  return storing(run, { moves: [...run.stored.moves, next] });
}

function recording(run: Evidence, change: Partial<Stored['attempts'][number]>): Evidence {
  return storing(run, { attempts: changed(run.stored.attempts, idOf(amo, 3), change) });
}
