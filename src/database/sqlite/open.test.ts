import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { CompiledQuery, sql } from 'kysely';
import { systemClock, type Clock } from '../../runtime/clock.ts';
import { systemTimers, type Timers } from '../../runtime/timers.ts';
import type { Database, Transaction } from '../database.ts';
import { migrate } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import { databaseFile } from '../open.ts';
import { goMaxMs } from '../loop-turn.ts';
import { openSqlite, type SqliteOptions } from './open.ts';
import { compareVersions } from './file.ts';
import { countPlaces } from './handle.ts';
import { until } from '../../../test/support/until.ts';
import type { IdempotencyRow } from '../tables.ts';

const program = join(import.meta.dirname, '../../../test/support/programs/open-sqlite.ts');
const killedAfterMs = 10_000;

test('a full disk takes all of a shared transaction back, and nothing of it appears later', async (context) => {
  const { database } = await opened(context);
  await write(database, 'before');
  await setPages(database, 1);
  const results = await Promise.allSettled([
    write(database, 'first'),
    database.transaction(async (tx) => {
      await tx.insertMany('idempotency', [row('second')]);
      await fill(tx).catch(() => {});
      // Outside of a transaction this would be committed at once, alone.
      await tx.insertMany('idempotency', [row('stray')]);
    }),
    write(database, 'third'),
  ]);
  assert.deepEqual(
    results.slice(0, 2).map((result) => result.status === 'rejected' && (result.reason as { kind: string }).kind),
    ['full', 'full'],
  );
  const afterwards = results[2]?.status === 'fulfilled' ? ['before', 'third'] : ['before'];
  assert.deepEqual(await ids(database), afterwards);

  await setPages(database, 1_000_000);
  await write(database, 'again');
  assert.deepEqual(await ids(database), ['again', ...afterwards]);
});

test('a transaction with much to write lets the event loop go on, and keeps the order of its statements', async (context) => {
  let ms = 0;
  // Each look at the clock finds that the time of one go is over.
  const clock = { ...systemClock, monotonic: () => (ms += goMaxMs) };
  const { database } = await opened(context, { clock });
  let turns = 0;
  let ended = false;
  const count = () => {
    turns += 1;
    if (!ended) setImmediate(count);
  };
  setImmediate(count);
  const many = Array.from({ length: 1_000 }, (_, index) => `a${String(index).padStart(4, '0')}`);
  await database.transaction(async (tx) => {
    await Promise.all([
      tx.insertMany(
        'idempotency',
        many.map((id) => row(id)),
      ),
      tx.updateMany(
        'idempotency',
        many.map((id) => ({ match: { idempotency_id: id }, set: { created_at: 7 } })),
      ),
      tx.query.deleteFrom('idempotency').where('idempotency_id', '<>', 'a0001').execute(),
      tx.insertMany('idempotency', [row('a0002')]),
    ]);
    ended = true;
  });
  // Pieces of 250 rows, and the statements.
  assert.ok(turns >= 8, `${turns} turns`);
  const rows = await database.read.selectFrom('idempotency').select(['idempotency_id', 'created_at']).execute();
  assert.deepEqual(
    rows.map((one) => [one.idempotency_id, one.created_at === 7]),
    [
      ['a0001', true],
      ['a0002', false],
    ],
  );
});

test('transactions of the same moment share a commit, and the groups have a largest size', async (context) => {
  const statements: unknown[] = [];
  const logger = { warn: (fields: Readonly<Record<string, unknown>>) => statements.push(fields['statement']) };
  const { database } = await opened(context, { logger, slowMs: 0 });
  statements.length = 0;
  await Promise.all(Array.from({ length: 300 }, (_, index) => write(database, `a${index}`)));
  const commits = statements.filter((statement) => statement === 'commit').length;
  assert.ok(commits >= 2 && commits <= 20, `${commits} commits`);
  assert.equal((await ids(database)).length, 300);
});

test('too few and too many parameters are refused', async (context) => {
  const { database } = await opened(context);
  const run = (text: string, parameters: unknown[]) => database.read.executeQuery(CompiledQuery.raw(text, parameters));
  await assert.rejects(run('select ? as a, ? as b', [1]), /1 parameters were given where 2 are needed/);
  await assert.rejects(run('select ? as a', [1, 2]), /2 parameters were given where 1 are needed/);
  await assert.rejects(run('select ?1 as a', [1]), /only plain \?/);
  assert.deepEqual((await run("select ? || '' as a, 5 / ? as b, '?' as \"c?\" -- ?", [5, 2])).rows, [
    { a: '5', b: 2, 'c?': '?' },
  ]);
  assert.equal(countPlaces(`select '?''?', "?""", \`?\`, [?] /* ? \n ? */, ? -- ?`), 1);
});

test('a read cannot write', async (context) => {
  const { database } = await opened(context);
  await assert.rejects(sql`delete from idempotency`.execute(database.read), { kind: 'unavailable' });
});

test('a file that is open already is refused, and free again once it is closed', async (context) => {
  const { database, file } = await opened(context);
  await assert.rejects(openSqlite({ file, ...ports }), { kind: 'busy', message: /already running/ });
  await database.close();
  await (await openSqlite({ file, ...ports })).close();
});

test("another process's file is refused until that process dies, however it dies", async (context) => {
  const folder = temporaryFolder(context);
  const child = await startHolder(context, folder);
  const file = join(folder, databaseFile);
  await assert.rejects(openSqlite({ file, ...ports }), { kind: 'busy', message: /already running/ });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const database = await openSqlite({ file, ...ports });
  context.after(() => database.close());
  assert.deepEqual(await ids(database), ['row']);
});

test("another program's lock is waited for while timers go on", async (context) => {
  const { database, file } = await opened(context);
  const other = new DatabaseSync(file);
  context.after(() => other.close());
  other.exec('begin immediate');
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 5);
  setTimeout(() => other.exec('commit'), 300);
  const started = performance.now();
  await write(database, 'a');
  clearInterval(ticking);
  assert.ok(performance.now() - started >= 250);
  assert.ok(ticks > 5, `timers went off ${ticks} times`);
  assert.deepEqual(await ids(database), ['a']);
});

test("another program's lock that stays makes a transaction fail, and only while it stays", async (context) => {
  let leapMs = 0;
  let now = 0;
  const clock: Clock = { now: () => 0, monotonic: () => (now += leapMs) };
  const { database, file } = await opened(context, { clock });
  const other = new DatabaseSync(file);
  context.after(() => other.close());
  other.exec('begin immediate');
  leapMs = 500;
  await assert.rejects(write(database, 'a'), { name: 'DatabaseFailure', kind: 'busy' });
  other.exec('rollback');
  await write(database, 'b');
  assert.deepEqual(await ids(database), ['b']);
});

test('work that awaits something else is given up, and holds nobody after that', async (context) => {
  const timers: Timers = { ...systemTimers, after: (delayMs, work) => systemTimers.after(delayMs / 100, work) };
  const { database } = await opened(context, { timers });
  const stuck = database.transaction(async (tx) => {
    await tx.insertMany('idempotency', [row('stuck')]);
    await new Promise(() => {});
  });
  const next = write(database, 'next');
  await assert.rejects(stuck, /may await nothing but its transaction/);
  await next;
  assert.deepEqual(await ids(database), ['next']);
});

test('a file that is no database is refused', async (context) => {
  const file = join(temporaryFolder(context), 'a.db');
  writeFileSync(file, 'this is a text, and not a database at all. '.repeat(100));
  await assert.rejects(openSqlite({ file, ...ports }), { kind: 'broken', message: /restore it from a backup/ });
  assert.match(readFileSync(file, 'utf8'), /^this is a text/);
});

test('a damaged or truncated database is refused', async (context) => {
  const { database, file } = await opened(context);
  await Promise.all(Array.from({ length: 200 }, (_, index) => write(database, `row ${index}`)));
  await database.close();
  const sound = readFileSync(file);
  const damaged = Buffer.from(sound);
  damaged.fill(0xff, 4096 * 3, 4096 * 40);
  for (const bytes of [damaged, sound.subarray(0, sound.length / 2)]) {
    writeFileSync(file, bytes);
    await assert.rejects(openSqlite({ file, ...ports }), { kind: 'broken' });
  }
  writeFileSync(file, sound);
  await (await openSqlite({ file, ...ports })).close();
});

test('a new file, and the log beside it, are for their owner only', async (context) => {
  const { file } = await opened(context);
  for (const path of [file, `${file}-wal`]) assert.equal(statSync(path).mode & 0o777, 0o600, path);
});

test('versions are compared as numbers', () => {
  assert.ok(compareVersions('3.51.2', '3.51.3') < 0);
  assert.ok(compareVersions('3.9.0', '3.51.3') < 0);
  assert.equal(compareVersions('3.51.3', '3.51.3'), 0);
  assert.ok(compareVersions('3.100.0', '3.51.3') > 0);
  assert.ok(compareVersions('4.0.0', '3.51.3') > 0);
});

const hasStrace = spawnSync('strace', ['-V']).status === 0;

for (const where of ['in the commit', 'beside']) {
  const skip = !hasStrace && 'no strace';
  test(`a transaction resolves after the log was written and synced, ${where}`, { skip }, (context) => {
    const folder = temporaryFolder(context);
    const trace = join(folder, 'trace');
    const options = ['-f', '-y', '-qq', '-o', trace, '-e', 'trace=write,pwrite64,fsync,fdatasync'];
    spawnSync('strace', [...options, process.execPath, program, folder, where], {
      timeout: killedAfterMs,
      killSignal: 'SIGKILL',
    });
    const lines = readFileSync(trace, 'utf8').split('\n');
    const committed = lines.findIndex((line) => line.includes('committed'));
    const before = lines.slice(0, committed);
    const written = before.findLastIndex((line) => /pwrite64\(.*-wal>/.test(line));
    const begun = before.findLastIndex((line) => /f(?:data)?sync\(.*-wal>/.test(line));
    const ended = before.findLastIndex((line) => /f(?:data)?sync(?:\(.*-wal>.*\)| resumed>\)) += 0$/.test(line));
    const order = `written ${written}, sync begun ${begun} and ended ${ended}, committed ${committed}`;
    assert.ok(written >= 0 && begun > written && ended >= begun, order);
  });
}

test('a log that cannot be synced ends the process', { skip: !hasStrace && 'no strace' }, (context) => {
  const folder = temporaryFolder(context);
  // SQLite itself calls fsync.
  const failing = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO'];
  const { status, stdout, stderr } = spawnSync('strace', [...failing, process.execPath, program, folder, 'beside'], {
    encoding: 'utf8',
    timeout: killedAfterMs,
    killSignal: 'SIGKILL',
  });
  assert.deepEqual([status, stdout], [1, ''], 'nothing that may be lost is acknowledged');
  assert.match(stderr, /tocsin\.db-wal could not be synced, so nobody knows what is in it: start again/);
});

test('the log is moved into the file by another thread, also once it is written over, and never grows beyond its limit', async (context) => {
  const { database, file } = await opened(context, { inBackground: true });
  const looking = new DatabaseSync(file);
  context.after(() => looking.close());
  const log = () => looking.prepare('pragma wal_checkpoint(noop)').get() as unknown as LogState;
  const behind = () => log().log - log().checkpointed;
  let largest = 0;
  for (let round = 1; round <= 4; round += 1) {
    for (let index = 0; index < 12; index += 1) {
      const response = 'x'.repeat(1_000_000);
      await database.transaction((tx) => tx.insertMany('idempotency', [row(`${round} ${index}`, response)]));
    }
    // Fewer pages than this are left where they are.
    await until(() => behind() < 1_024);
    largest = Math.max(largest, statSync(`${file}-wal`).size);
  }
  assert.ok(log().log < 10_000, `${log().log} pages are in the log`);
  assert.ok(largest < 64 * 1024 * 1024, `the log had ${largest} bytes`);
});

const ports = { clock: systemClock, timers: systemTimers };

interface LogState {
  /** Pages. */
  readonly log: number;
  readonly checkpointed: number;
}

async function opened(
  context: TestContext,
  options: Partial<SqliteOptions> = {},
): Promise<{ database: Database; file: string }> {
  const file = join(temporaryFolder(context), databaseFile);
  const database = await openSqlite({ ...ports, ...options, file });
  context.after(() => database.close());
  await migrate(database, migrations);
  return { database, file };
}

/** Removed after its files are closed, because the last registered runs first. */
function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-test-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function startHolder(context: TestContext, folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, folder, 'stay'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: killedAfterMs,
    killSignal: 'SIGKILL',
  });
  context.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function setPages(database: Database, pages: number): Promise<void> {
  await database.transaction((tx) => sql.raw(`pragma max_page_count = ${pages}`).execute(tx.query));
}

async function fill(tx: Transaction): Promise<void> {
  for (let index = 0; index < 1_000; index += 1) {
    await tx.insertMany('idempotency', [row(`filler ${index}`, 'x'.repeat(10_000))]);
  }
}

function row(id: string, response = ''): IdempotencyRow {
  return { idempotency_id: id, body_hash: '', response, created_at: 1 };
}

function write(database: Database, id: string): Promise<void> {
  return database.transaction((tx) => tx.insertMany('idempotency', [row(id)]));
}

async function ids(database: Database): Promise<string[]> {
  const rows = await database.read
    .selectFrom('idempotency')
    .select('idempotency_id')
    .orderBy('idempotency_id')
    .execute();
  return rows.map(({ idempotency_id }) => idempotency_id);
}
