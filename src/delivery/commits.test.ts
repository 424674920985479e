import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshPostgres, hasPostgres } from '../../test/support/databases.ts';
import { testEvent } from '../../test/support/deliveries.ts';
import { createDispatcherHarness, quiet, soonOnly, to } from '../../test/support/dispatcher-harness.ts';
import { answer, ScriptedReceiver } from '../../test/support/scripted-receiver.ts';
import { type Database } from '../database/database.ts';
import { openDatabase } from '../database/open.ts';
import { openPostgres } from '../database/postgres/open.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemTimers } from '../runtime/timers.ts';

/** A database that counts its commits exactly. */
interface Counted {
  open(): Promise<Database>;
  /** Commits so far, without those that changed nothing where that is known. */
  commits(): number;
}

const ports = { clock: systemClock, timers: systemTimers };

const [headerBytes, frameBytes] = [32, 24 + 4_096];

/** By its log, in which the last page of each commit says how many pages the file has. */
function countedSqlite(): Counted {
  let file = '';
  return {
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'tocsin-test-'));
      file = join(folder, 'tocsin.db-wal');
      const database = await openDatabase({ folder, ...ports });
      return { ...database, close: () => database.close().then(() => rm(folder, { recursive: true, force: true })) };
    },
    commits() {
      const log = readFileSync(file);
      let commits = 0;
      for (let at = headerBytes; at < log.length; at += frameBytes) if (log.readUInt32BE(at + 4) !== 0) commits += 1;
      return commits;
    },
  };
}

/** By the statements that it is sent. */
function countedPostgres(): Counted {
  let commits = 0;
  const logger = {
    warn({ statement }: Readonly<Record<string, unknown>>) {
      if (statement === 'commit') commits += 1;
    },
  };
  return {
    async open() {
      const { url, remove } = await freshPostgres();
      const database = await openPostgres({ url, ...ports, poolMax: 4, slowMs: 0, logger });
      return { ...database, close: () => database.close().then(remove) };
    },
    commits: () => commits,
  };
}

const kinds = [
  { name: 'sqlite', counted: countedSqlite },
  ...(hasPostgres ? [{ name: 'postgres', counted: countedPostgres }] : []),
];

test('sqlite: a lone change and the result of its push take these statements, and no others', async () => {
  const statements: string[] = [];
  const logger = {
    warn({ statement }: Readonly<Record<string, unknown>>) {
      // This harness looks for the ends of deliveries by such counts.
      if (typeof statement === 'string' && !statement.includes('group by')) statements.push(kindOf(statement));
    },
  };
  const open = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tocsin-test-'));
    const database = await openDatabase({ folder, ...ports, slowMs: 0, logger });
    return { ...database, close: () => database.close().then(() => rm(folder, { recursive: true, force: true })) };
  };
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
  await using rig = await createDispatcherHarness(open, [to(receiver)], { timers: soonOnly });
  await rig.happen([testEvent('a', 1)]);
  await rig.ended(1);
  await quiet();
  const change = (lane: readonly string[]) => [
    'begin immediate',
    'insert into "event"',
    ...lane,
    'insert into "delivery"',
    'select total_changes()',
    'pragma user_version',
    'commit',
  ];
  const result = ['begin immediate', 'update "delivery"', 'select total_changes()', 'commit'];
  for (const [index, [event, lane]] of [
    [testEvent('b', 1), []] as const,
    // Only a lane that may have something is looked at.
    [testEvent('a', 2), ['with lane']] as const,
  ].entries()) {
    statements.length = 0;
    await rig.happen([event]);
    await rig.ended(index + 2);
    await quiet();
    assert.deepEqual(statements, [...change(lane), ...result]);
  }
});

/** Its first words, up to the table. */
function kindOf(statement: string): string {
  const text = statement.trim();
  return /^(?:insert into "\w+"|update "\w+"|with \w+|pragma \w+)/.exec(text)?.[0] ?? text;
}

for (const { name, counted } of kinds) {
  test(`${name}: a lone change to a webhook that answered before is one commit before its push leaves`, async () => {
    const database = counted();
    let atFirstByte = 0;
    const receiver = new ScriptedReceiver((socket) => {
      atFirstByte = database.commits();
      socket.write(answer(200));
    });
    await using _ = await receiver.listen();
    await using rig = await createDispatcherHarness(database.open, [to(receiver)], { timers: soonOnly });
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(1);
    await quiet();
    for (const [index, event] of [testEvent('b', 1), testEvent('a', 2)].entries()) {
      const before = database.commits();
      await rig.happen([event]);
      await rig.ended(index + 2);
      await quiet();
      // The change with the claim; then the result.
      assert.deepEqual([atFirstByte - before, database.commits() - before], [1, 2]);
    }
  });

  test(`${name}: in a busy lane each push takes one commit: its result and the claim of the next`, async () => {
    const database = counted();
    await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
    await using rig = await createDispatcherHarness(database.open, [to(receiver)], { timers: soonOnly });
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(1);
    await quiet();
    const before = database.commits();
    await rig.happen(Array.from({ length: 20 }, (_, index) => testEvent('a', index + 2)));
    await rig.ended(21);
    await quiet();
    // The change with the claim of the first, and one for each.
    assert.equal(database.commits() - before, 21);
  });
}
