import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overtakesNone } from './invariants/commit.ts';
import { Lane } from './lane.ts';
import type { Owed } from './model.ts';

test('a resend goes before later events that still wait', () => {
  const lane = new Lane(1);
  const second = owed({ sequence: 2, generation: 0 });
  const again = owed({ sequence: 1, generation: 1 });
  lane.add(second);
  assert.equal(lane.head, second);
  lane.add(again);
  lane.add(owed({ sequence: 1, generation: 2 }));
  assert.equal(lane.head, again);
});

test('a resend that outlives its original is not what came before', () => {
  const lane = new Lane(1);
  const first = owed({ sequence: 1, generation: 0 });
  lane.add(first);
  lane.add(owed({ sequence: 1, generation: 1 }));
  assert.equal(lane.last, first);
  lane.forget(first);
  assert.equal(lane.last, undefined);
});

test('behind a resend only pending deliveries give a lane its turn, and none that waits for its next attempt', () => {
  const lane = new Lane(1);
  const again = owed({ sequence: 1, generation: 1, owedAt: 5 });
  lane.add(owed({ sequence: 2, generation: 0, owedAt: 1, state: 'retry_wait' }));
  lane.add(again);
  assert.equal(lane.goesFor, again);
  const third = owed({ sequence: 3, generation: 0, owedAt: 2 });
  lane.add(third);
  assert.equal(lane.goesFor, third);
});

test('a claim goes for its own delivery, not for a resend that was made in the same commit', () => {
  const [lane, other] = [new Lane(1), new Lane(1)];
  const now = 5_000;
  const claimed = owed({ sequence: 2, generation: 0, owedAt: 900, state: 'sending' });
  lane.add(claimed);
  lane.add(owed({ sequence: 1, generation: 1, owedAt: now }));
  other.add(owed({ sequence: 1, generation: 0, owedAt: 1_600, pendingAt: 1_600 }));
  assert.equal(overtakesNone(claimed, [lane, other], now), undefined);
  const late = owed({ sequence: 2, generation: 0, owedAt: 4_000, state: 'sending' });
  const third = new Lane(1);
  third.add(late);
  assert.match(overtakesNone(late, [third, other], now) ?? '', /2400 ms older/);
});

function owed(place: Pick<Owed, 'sequence' | 'generation'> & Partial<Owed>): Owed {
  return {
    number: 1,
    deliveryId: `d${place.sequence}-${place.generation}`,
    webhookId: 1,
    eventId: `e${place.sequence}`,
    entityId: 'a',
    mode: 'at_least_once',
    createdAt: 0,
    previousSequence: 0,
    urgency: 0,
    owedAt: 0,
    pendingAt: 0,
    state: 'pending',
    attempt: 0,
    fence: 0,
    dueAt: 0,
    reason: '',
    claim: undefined,
    first: undefined,
    endedAt: 0,
    ...place,
  };
}
