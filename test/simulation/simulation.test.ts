import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import type { CrashPoint } from '../../src/runtime/crash-points.ts';
import { WorkerPool } from './worker-pool.ts';
import { sumOf } from './counts.ts';
import { mutants } from './mutant-list.ts';
import { regressions } from './regressions.ts';
import { commandFor, failureOf, type Report } from './run.ts';

const workers = 2;
const seeds = 300;
/** Within so many seeds each mutant must be found. */
const mutantSeeds = 60;
/** Much longer than two idle cores need. */
const timeout = 900_000;

const crew = new WorkerPool(workers);
after(() => crew[Symbol.asyncDispose]());

test('a run depends on its seed alone', { timeout }, async () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const [one, other] = await Promise.all([crew.run({ seed }), crew.run({ seed })]);
    assert.equal(one.digest, other.digest, `seed ${seed} gave two different runs`);
  }
});

test('seeds that once failed hold', { timeout }, async () => {
  const reports = await Promise.all(regressions.map(({ seed }) => crew.run({ seed })));
  holds(reports);
});

test('every invariant holds in three hundred worlds', { timeout }, async (t: TestContext) => {
  const began = performance.now();
  const reports = await Promise.all(Array.from({ length: seeds }, (_, index) => crew.run({ seed: index + 1 })));
  holds(reports);
  const totals = sumOf(reports.map(({ counts }) => counts));
  t.diagnostic(JSON.stringify({ seconds: Math.round((performance.now() - began) / 1000), ...totals }));
  // Where too little happens, nothing is shown.
  for (const [what, least] of Object.entries(enough)) {
    const count = totals[what as keyof typeof enough];
    assert.ok(count >= least, `only ${count} ${what} in ${seeds} runs`);
  }
  const crashedAt = new Set(reports.flatMap((report) => [...report.crashedAt]));
  assert.deepEqual([...crashedAt].sort(), Object.keys(crashPoints).sort(), 'the service was not killed at every point');
});

/** All there are, so that a new one is not forgotten. */
const crashPoints: Readonly<Record<CrashPoint, true>> = {
  'fanout.before-insert': true,
  'fanout.before-commit': true,
  'claim.before-commit': true,
  'send.after-claim': true,
  'send.before-connect': true,
  'send.before-write': true,
  'send.after-response': true,
  'settle.before-commit': true,
  'recover.mid': true,
  'replay.before-commit': true,
};

const enough = {
  requests: 12_000,
  crashes: 200,
  crashedAtPoint: 80,
  faults: 800,
  unknown: 400,
  clockSteps: 120,
  lacks: 100,
};

for (const { name } of mutants) {
  test(`a service that ${name} is found out`, { timeout }, async (t: TestContext) => {
    for (let seed = 1; seed <= mutantSeeds; seed += workers) {
      const pair = Array.from({ length: workers }, (_, index) => crew.run({ seed: seed + index, mutant: name }));
      const found = (await Promise.all(pair)).find(({ violation }) => violation !== undefined);
      if (found === undefined) continue;
      t.diagnostic(`seed ${found.seed}, ${found.violation?.id}`);
      return;
    }
    assert.fail(`not within ${mutantSeeds} seeds`);
  });
}

function holds(reports: readonly Report[]): void {
  const failures = reports.filter(({ violation }) => violation !== undefined);
  const told = failures.slice(0, 3).map((report) => failureOf(report, commandFor(report.seed)));
  assert.equal(failures.length, 0, told.join('\n'));
}
