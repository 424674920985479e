import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { WorkerPool } from './worker-pool.ts';
import { explore, type Explored } from './exploration.ts';
import { failureOf } from './run.ts';
import { commandForTiny, tinyWorlds, type TinyWorld } from './tiny.ts';

const workers = 2;
/** Of each world; with one departure there are fewer. */
const runsMax = 1_000;
/** All worlds together take a few seconds on two idle cores. */
const timeout = 300_000;

const crew = new WorkerPool(workers);
after(() => crew[Symbol.asyncDispose]());

for (const tiny of tinyWorlds) {
  test(`"${tiny.name}" holds, whatever one thing goes otherwise than usual`, { timeout }, async (t: TestContext) => {
    const { failures, ...explored } = await exploreWorld(tiny);
    assert.deepEqual(failures.slice(0, 3), []);
    assert.ok(explored.whole && explored.histories >= enough, `only ${explored.histories} histories`);
    t.diagnostic(JSON.stringify(explored));
  });
}

/** Where too little may happen, nothing is shown. */
const enough = 100;

/** Some that only a rare order of things shows. */
const found: readonly { mutant: string; world: string }[] = [
  { mutant: 'settles without looking at fence and state', world: 'at most once' },
  { mutant: 'trusts timers alone for the send window', world: 'at most once' },
  { mutant: 'never looks for what a lost hint left lying', world: 'at least once' },
  { mutant: 'never looks at the configuration again', world: 'at least once, moved' },
  { mutant: 'deletes and disables without cancelling', world: 'at least once, disabled' },
];

for (const { mutant, world } of found) {
  test(`a service that ${mutant} is found out without chance`, { timeout }, async (t: TestContext) => {
    const tiny = tinyWorlds.find(({ name }) => name === world);
    assert.ok(tiny);
    const { failures, runs } = await exploreWorld(tiny, mutant);
    assert.notEqual(failures.length, 0, `not in ${runs} runs`);
    t.diagnostic(`run ${runs}`);
  });
}

/** @param mutant with one, it ends with the first failure. */
async function exploreWorld(tiny: TinyWorld, mutant?: string): Promise<Explored & { failures: string[] }> {
  const failures: string[] = [];
  const explored = await explore({
    departuresMax: 1,
    runsMax,
    beside: workers,
    run: async (departures) => crew.runTiny({ tiny, departures, mutant }),
    ran(report, departures) {
      if (report.violation !== undefined) failures.push(failureOf(report, commandForTiny(tiny, departures)));
      return mutant === undefined || failures.length === 0;
    },
  });
  return { ...explored, failures };
}
