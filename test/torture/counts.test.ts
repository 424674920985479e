import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countAll, findTooLittle, type Counts } from './counts.ts';
import { sound, start } from './checks/valid-run.ts';

test('a run in which too little happened proves nothing', () => {
  const counts: Counts = {
    acknowledged: 400,
    insisted: 20,
    replayed: 5,
    replays: 3,
    sentAgain: 60,
    deathsInReplay: 4,
    requests: 900,
    deaths: 20,
    deathsInFlight: 15,
    abandoned: 60,
    unknown: 30,
    carried: 50,
    repeated: 30,
    superseded: 3,
    cancelled: 3,
    takenOver: 90,
    tooLate: 1,
    excused: 0,
    lostCommits: 1,
    freezes: 0,
    mishaps: { kill: 15, crash: 5, commit: 2, pause: 2 },
  };
  const planned = new Map([
    ['kill', 12],
    ['crash', 8],
    ['commit', 3],
    ['pause', 2],
  ] as const);
  assert.deepEqual(findTooLittle(counts, planned), []);
  for (const name of ['acknowledged', 'deathsInFlight', 'abandoned', 'unknown', 'carried', 'repeated'] as const) {
    assert.match(findTooLittle({ ...counts, [name]: 0 }, planned).join('\n'), new RegExp(`${name} is 0`));
  }
  assert.match(findTooLittle({ ...counts, deathsInReplay: 0 }, planned).join('\n'), /deathsInReplay is 0/);
  assert.match(findTooLittle({ ...counts, lostCommits: 0 }, planned).join('\n'), /lostCommits is 0/);
  const fewer = { ...counts, mishaps: { ...counts.mishaps, crash: 3, pause: 0 } };
  assert.match(findTooLittle(fewer, planned).join('\n'), /crash is 3, and should be 4 or more[^]*pause is 0/);
});

test('a delivery that waited at a death and was sent first after it was carried over', () => {
  const run = sound();
  const before = { kind: 'kill', node: 1, at: start + 500, endedAt: start + 505 } as const;
  assert.equal(countAll(run, 0).carried, 0);
  assert.equal(countAll({ ...run, episodes: [before] }, 0).carried, 3);
});

test('shards that change hands without having been given up were taken over', () => {
  const { stored } = sound();
  const hands = ['one.1', 'two.1', '', 'one.1', 'one.2'].map((owner, index) => ({
    shard: 5,
    owner,
    fence: index,
    at: start,
  }));
  assert.equal(countAll({ ...sound(), stored: { ...stored, leases: hands } }, 0).takenOver, 2);
});
