import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommittedEvent } from '../../events/event-store.ts';
import type { Hint, HintFilter } from './hint.ts';
import { keptMax, LiveHub, recentMs, type Subscriber } from './live-hub.ts';

const everything: HintFilter = { topics: [], webhookId: 0, channelId: 0 };

function rig(hasPeers = false) {
  const time = { now: 1_800_000_000_000 };
  const committed: CommittedEvent[] = [];
  let due: (() => void) | undefined;
  const hub = new LiveHub({
    clock: { now: () => time.now, monotonic: () => time.now },
    timers: {
      after: (_ms, work) => {
        due = work;
        return () => (due = undefined);
      },
      soon: () => () => undefined,
    },
    eventsAfter: async (after, limit) => committed.filter(({ eventId }) => eventId > after).slice(0, limit),
    hasPeers,
    failed: (error) => assert.fail(String(error)),
  });
  const commit = (sequence: number, change: Partial<CommittedEvent> = {}): void => {
    const eventId = `${time.now.toString(16).padStart(12, '0')}${sequence.toString(16).padStart(20, '0')}`;
    const event = { eventId, kind: 'incident', entityId: 'i1', type: 'i_new', sequence, channelId: 7 } as const;
    committed.push({ ...event, ...change });
  };
  const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const look = async () => {
    const work = due;
    time.now += 400;
    work?.();
    await settled();
  };
  return { hub, time, commit, look, settled, isAsleep: () => due === undefined };
}

function listener(filter = everything): Subscriber & { seen: string[]; cursor: string } {
  const one = {
    filter,
    seen: [] as string[],
    cursor: '',
    hint(cursor: string, hint: Hint) {
      one.cursor = cursor;
      one.seen.push(`${hint.topic} ${Object.values(hint.data).join(' ')}`);
    },
    gap(cursor: string) {
      one.cursor = cursor;
      one.seen.push('gap');
    },
  };
  return one;
}

function delivery(webhookId: number, number = 0): Hint {
  return { topic: 'delivery', webhookId, channelId: 7, data: { number } };
}

test('a committed event is sent once, whichever node committed it, and those of long before are not', async () => {
  const { hub, commit, look, settled, time } = rig();
  commit(1);
  time.now += recentMs + 1;
  const one = listener();
  hub.subscribe(one, '');
  await settled();
  await look();
  assert.deepEqual(one.seen, []);
  commit(2, { type: 'i_ack' });
  commit(3, { kind: 'alert', entityId: 'a1', type: 'a_new' });
  await look();
  await look();
  assert.deepEqual(one.seen, ['incident i1 i_ack 2 7', 'alert a1 a_new 3 7']);
});

test('a new stream begins with the hints of the last two seconds, which the rows of its page may lack', async () => {
  const { hub, commit, look, settled, time } = rig();
  hub.publish(delivery(1, 1));
  time.now += recentMs + 1;
  hub.publish(delivery(1, 2));
  commit(1);
  const one = listener();
  hub.subscribe(one, '');
  await settled();
  assert.deepEqual(one.seen, ['delivery 2', 'incident i1 i_new 1 7']);
  const two = listener({ ...everything, topics: ['incident'] });
  hub.subscribe(two, '');
  assert.deepEqual(two.seen, ['incident i1 i_new 1 7']);
  await look();
  assert.equal(one.seen.length + two.seen.length, 3);
  time.now += recentMs;
  const three = listener();
  hub.subscribe(three, '');
  assert.deepEqual(three.seen, []);
});

test('an event that is committed late, with an id from before others, is sent too', async () => {
  const { hub, commit, look, settled, time } = rig();
  const one = listener();
  hub.subscribe(one, '');
  await settled();
  commit(5);
  await look();
  time.now -= 1500;
  commit(4);
  time.now += 1500;
  await look();
  assert.deepEqual(one.seen, ['incident i1 i_new 5 7', 'incident i1 i_new 4 7']);
});

test('an event of a node whose clock is ahead is sent once', async () => {
  const { hub, commit, look, settled, time } = rig();
  const one = listener();
  hub.subscribe(one, '');
  await settled();
  time.now += 30_000;
  commit(5);
  time.now -= 30_000;
  for (let looks = 0; looks < 100; looks += 1) await look();
  assert.deepEqual(one.seen, ['incident i1 i_new 5 7']);
});

test('a stream gets what it asked for: topics, a webhook, a channel', async () => {
  const { hub } = rig();
  const [ofTwo, alerts, elsewhere] = [
    listener({ ...everything, webhookId: 2 }),
    listener({ ...everything, topics: ['alert'] }),
    listener({ ...everything, channelId: 8 }),
  ];
  for (const one of [ofTwo, alerts, elsewhere]) hub.subscribe(one, '');
  hub.publish(delivery(1));
  hub.publish(delivery(2));
  assert.deepEqual([ofTwo.seen, alerts.seen, elsewhere.seen], [['delivery 0'], [], []]);
});

test('a stream that reconnects gets missed hints, or a gap', () => {
  const { hub } = rig();
  const stays = listener();
  hub.subscribe(stays, '');
  const first = listener();
  const end = hub.subscribe(first, '');
  hub.publish(delivery(1, 1));
  end();
  hub.publish(delivery(1, 2));
  hub.publish(delivery(1, 3));
  const again = listener();
  hub.subscribe(again, first.cursor);
  assert.deepEqual(again.seen, ['delivery 2', 'delivery 3']);
  for (let number = 0; number <= keptMax; number += 1) hub.publish(delivery(1, number));
  for (const cursor of [first.cursor, '5-1', 'nonsense', '--', `${first.cursor}9999`]) {
    const late = listener();
    hub.subscribe(late, cursor);
    assert.deepEqual(late.seen, ['gap'], cursor);
  }
});

test('without streams nothing is read, and no cursor of before is believed', async () => {
  const { hub, isAsleep, look, settled } = rig();
  hub.publish(delivery(1));
  const one = listener();
  const end = hub.subscribe(one, '');
  await settled();
  hub.publish(delivery(1));
  await look();
  end();
  assert.equal(isAsleep(), true);
  hub.publish(delivery(1));
  const two = listener();
  hub.subscribe(two, one.cursor);
  assert.deepEqual(two.seen, ['gap']);
});

test('more events than a look takes, and peers that send too, are a gap', async () => {
  const flooded = rig();
  const one = listener();
  flooded.hub.subscribe(one, '');
  await flooded.settled();
  for (let sequence = 1; sequence <= 1_001; sequence += 1) flooded.commit(sequence);
  await flooded.look();
  assert.equal(one.seen.at(-1), 'gap');
  const shared = rig(true);
  const two = listener();
  shared.hub.subscribe(two, '');
  await shared.settled();
  for (let looks = 0; looks < 13; looks += 1) await shared.look();
  assert.deepEqual(two.seen, ['gap']);
});
