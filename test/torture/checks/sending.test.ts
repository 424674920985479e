import assert from 'node:assert/strict';
import {
  alo,
  amo,
  changed,
  claimedAt,
  events,
  idOf,
  late,
  latest,
  mustFind,
  sent,
  start,
  storing,
  without,
} from './valid-run.ts';

mustFind([
  {
    name: 'an event that an at-most-once webhook receives twice',
    because: /amo: event 3 of a was received 2 times/,
    change: (run) => ({ ...run, wire: [...run.wire, ...sent(amo, 3, { attempt: 2 })] }),
  },
  {
    name: 'half of a request and then all of it, at most once',
    because: /amo: event 1 of a was received 2 times/,
    change: (run) => ({
      ...run,
      wire: [{ kind: 'torn', path: amo.path, headers: { 'webhook-id': 'e1' }, at: start }, ...run.wire],
    }),
  },
  {
    name: 'one attempt that is two requests',
    because: /alo: event 3 of a was received twice as one attempt/,
    change: (run) => ({ ...run, wire: [...run.wire, ...sent(alo, 3)] }),
  },
  {
    name: 'a request without a claim',
    because: /attempt 2 of .*alo: event 3 of a was sent and never claimed/,
    change: (run) => ({ ...run, wire: [...run.wire, ...sent(alo, 3, { attempt: 2 })] }),
  },
  {
    name: 'a request before its claim is committed',
    because: /amo: event 3 of a was sent 50 ms before its claim/,
    change: (run) => ({ ...run, wire: [...without(run.wire, amo, 3), ...sent(amo, 3, { at: claimedAt(3) - 50 })] }),
  },
  {
    name: 'a request of a node that does not hold the shard',
    because: /was sent by node 2, while its shard was held by node 1/,
    change: (run) => ({ ...run, wire: [...without(run.wire, amo, 3), ...sent(amo, 3, { from: '127.0.0.12' })] }),
  },
  {
    name: 'a claim in a shard that had been taken over',
    because: /was sent by node 1, while its shard was held by node 2/,
    change: (run) =>
      storing(run, { leases: [...run.stored.leases, { shard: 5, owner: 'two.1', fence: 2, at: claimedAt(3) - 1 }] }),
  },
  {
    name: 'a request after the end of its attempt',
    because: /amo: event 3 of a came 1990 ms after it had ended/,
    change: (run) => ({ ...run, wire: [...without(run.wire, amo, 3), ...sent(amo, 3, { at: claimedAt(5) })] }),
  },
  {
    name: 'a request before the end of the one before it is committed',
    because: /amo: event 2 of a came before the end of an earlier one/,
    change: (run) =>
      storing(run, {
        moves: run.stored.moves.map((move) =>
          move.deliveryId === idOf(amo, 1) && move.state === 'delivered' ? { ...move, at: claimedAt(2) + 500 } : move,
        ),
      }),
  },
  {
    name: 'a request while an earlier one of its lane is on the wire',
    because: /amo: event 3 of a came before an earlier event/,
    change: (run) => {
      const [request, answered] = sent(amo, 2);
      assert.ok(request !== undefined && answered !== undefined);
      const rest = without(run.wire, amo, 2);
      return { ...run, wire: [...rest.slice(0, 6), request, ...rest.slice(6), answered] };
    },
  },
  {
    name: 'an older event after a newer one',
    because: /amo: event 2 of a came before an earlier event/,
    change: (run) => ({ ...run, wire: [...without(run.wire, amo, 1), ...sent(amo, 1)] }),
  },
  {
    name: 'an older state behind the guard',
    because: /a went from event 3 to 1 behind the guard/,
    change: (run) => ({
      ...run,
      wire: [...without(run.wire, amo, 1), ...sent(amo, 1, { headers: { 'tocsin-sequence': '9' } })],
    }),
  },
  {
    name: 'a newest state that the guard refuses',
    because: /amo: event 3 of a was delivered, and the guard stayed at 2/,
    change: (run) => ({
      ...run,
      wire: [...without(run.wire, amo, 3), ...sent(amo, 3, { headers: { 'tocsin-sequence': '1' } })],
    }),
  },
  {
    name: 'another body than the event has',
    because: /alo: event 3 of a was sent with another body/,
    change: (run) => ({
      ...run,
      wire: [...without(run.wire, alo, 3), ...sent(alo, 3, { body: `${events[2]?.payload} ` })],
    }),
  },
  {
    name: 'a signature that does not fit',
    because: /alo: event 3 of a is not signed/,
    change: (run) => ({
      ...run,
      wire: [...without(run.wire, alo, 3), ...sent(alo, 3, { headers: { 'webhook-signature': 'v1,AAAA' } })],
    }),
  },
  {
    name: 'a repetition with the signature of the first attempt',
    because: /attempt 1 of .*alo: event 3 of a was signed for 50000 ms after its claim/,
    change: (run) => ({ ...run, wire: [...without(run.wire, alo, 3), ...sent(alo, 3, { at: claimedAt(3) + 50_000 })] }),
  },
  {
    name: 'a push that nobody asked for',
    because: /alo: event e3 has no delivery there/,
    change: (run) => storing(run, { deliveries: changed(run.stored.deliveries, idOf(alo, 3)) }),
  },
  {
    name: 'a request to a webhook that was deleted',
    because: /alo: event 3 of a was claimed 2000 ms after its webhook was deleted/,
    change: (run) => ({
      ...run,
      targets: [amo, { ...alo, deleted: { at: claimedAt(1) - 10, endedAt: claimedAt(1) } }, latest],
    }),
  },
  {
    name: 'a request of a webhook that is paused',
    because: /alo: event 3 of a was claimed while its webhook was paused/,
    change: (run) => ({
      ...run,
      edits: [{ webhookId: alo.webhookId, to: 'paused', at: claimedAt(1), endedAt: claimedAt(1) + 5 }],
    }),
  },
  {
    name: 'a request with settings that were replaced',
    because: /alo: event 3 of a went out as of before the edit to 2/,
    change: (run) => ({
      ...run,
      edits: [{ webhookId: alo.webhookId, to: 2, at: claimedAt(1), endedAt: claimedAt(1) + 5 }],
    }),
  },
  {
    name: 'a request with settings that were not made yet',
    because: /alo: event 3 of a went out as of the edit to 2 before it/,
    change: (run) => ({
      ...run,
      wire: [...without(run.wire, alo, 3), ...sent(alo, 3, { headers: { 'x-torture-version': '2' } })],
      edits: [{ webhookId: alo.webhookId, to: 2, at: late, endedAt: late }],
    }),
  },
]);
