import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { freshPostgres, hasPostgres } from '../../../test/support/databases.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import type { Database, Transaction } from '../database.ts';
import { openPostgres, type PostgresOptions } from './open.ts';
import { runsUntilNamed } from './statement-names.ts';

const skip = hasPostgres ? false : 'no PostgreSQL';

test('a transaction that was chosen to end a deadlock is run again', { skip }, async (context) => {
  const { database } = await opened(context);
  await write(database, 'a', 'b');
  let runs = 0;
  const both = gate(2);
  const raise = async (first: string, second: string) =>
    database.transaction(async (tx) => {
      runs += 1;
      await add(tx, first);
      await both();
      await add(tx, second);
    });
  await Promise.all([raise('a', 'b'), raise('b', 'a')]);
  // The server may choose both, when both have waited for as long.
  assert.ok(runs >= 3, `${runs} runs`);
  assert.deepEqual(await numbers(database), [2, 2]);
});

test('a lock that is not free in time is busy', { skip }, async (context) => {
  const { database } = await opened(context, { lockTimeoutMs: 50 });
  await write(database, 'a');
  const held = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const holder = database.transaction(async (tx) => {
    await add(tx, 'a');
    held.resolve();
    await free.promise;
  });
  await held.promise;
  await assert.rejects(
    database.transaction((tx) => add(tx, 'a')),
    { name: 'DatabaseFailure', kind: 'busy' },
  );
  free.resolve();
  await holder;
  assert.deepEqual(await numbers(database), [1]);
});

test('a statement that takes too long is busy, in a transaction and in a read', { skip }, async (context) => {
  const { database } = await opened(context, { statementTimeoutMs: 50 });
  const busy = { name: 'DatabaseFailure', kind: 'busy' };
  await assert.rejects(sql`select pg_sleep(5)`.execute(database.read), busy);
  await assert.rejects(
    database.transaction((tx) => sql`select pg_sleep(5)`.execute(tx.query)),
    busy,
  );
  assert.deepEqual(await numbers(database), []);
});

test('a read cannot write', { skip }, async (context) => {
  const { database } = await opened(context);
  await write(database, 'a');
  await assert.rejects(sql`delete from idempotency`.execute(database.read));
  assert.deepEqual(await numbers(database), [0]);
});

test('a commit whose answer is lost is unavailable, not failed and not run again', { skip }, async (context) => {
  const fresh = await freshPostgres();
  const proxy = await startProxy(context, fresh.url);
  const database = await openPostgres({ url: proxy.url, ...ports });
  let runs = 0;
  const lost = database.transaction(async (tx) => {
    runs += 1;
    await tx.insertMany('idempotency', [{ idempotency_id: 'a', body_hash: '', response: '', created_at: 0 }]);
    proxy.loseAnswers();
  });
  await assert.rejects(lost, { name: 'DatabaseFailure', kind: 'unavailable', message: /outcome is not known/ });
  assert.equal(runs, 1);
  proxy.heal();
  assert.deepEqual(await numbers(database), [0]);
  await database.close();
  await fresh.remove();
});

test('a killed connection makes its transaction unavailable, and the next one works', { skip }, async (context) => {
  const { database } = await opened(context);
  await assert.rejects(
    database.transaction((tx) => sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx.query)),
    { name: 'DatabaseFailure', kind: 'unavailable' },
  );
  await write(database, 'a');
  assert.deepEqual(await numbers(database), [0]);
});

test('a server that cannot be reached is unavailable, and waited for only when asked', async () => {
  const url = 'postgres://nobody@127.0.0.1:1/nothing';
  const unavailable = { name: 'DatabaseFailure', kind: 'unavailable' };
  await assert.rejects(openPostgres({ url, ...ports }), unavailable);
  const stopping = new AbortController();
  const why: unknown[] = [];
  const report = (reason: string | undefined) => {
    if (why.push(reason) === 2) stopping.abort(new Error('stopped by the test'));
  };
  const waiting = { stop: stopping.signal, report };
  await assert.rejects(openPostgres({ url, ...ports, waiting }), /^Error: stopped by the test$/);
  assert.equal(why.length, 2);
  for (const reason of why) assert.match(String(reason), /^the database cannot be reached \(.*ECONNREFUSED/);
});

test('a server that never answers is not waited for any longer than until the stop', async (context) => {
  const { promise: tried, resolve } = Promise.withResolvers<void>();
  const silent = createServer(() => resolve());
  await new Promise<void>((listening) => void silent.listen(0, '127.0.0.1', listening));
  context.after(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const stopping = new AbortController();
  const waiting = { stop: stopping.signal, report: () => assert.fail('the try had not failed yet') };
  const url = `postgres://nobody@127.0.0.1:${port}/nothing`;
  const opening = assert.rejects(openPostgres({ url, ...ports, waiting }), /^Error: stopped by the test$/);
  await tried;
  stopping.abort(new Error('stopped by the test'));
  await opening;
});

for (const [what, change] of [
  ['database', (url: URL) => (url.pathname = '/no_such_database')],
  ['user', (url: URL) => (url.username = 'nobody')],
] as const) {
  test(`a server that has no such ${what} is not waited for`, { skip }, async () => {
    const fresh = await freshPostgres();
    const url = new URL(fresh.url);
    change(url);
    const waiting = { stop: new AbortController().signal, report: () => assert.fail('it was waited for') };
    const refused = { name: 'DatabaseFailure', kind: 'unavailable' };
    await assert.rejects(openPostgres({ url: url.href, ...ports, waiting }), refused);
    await fresh.remove();
  });
}

test('a statement that is run often is parsed once on a connection, under a name', { skip }, async (context) => {
  const { database } = await opened(context, { poolMax: 1 });
  await write(database, 'a');
  for (let runs = 0; runs < often; runs += 1) await database.transaction((tx) => add(tx, 'a'));
  assert.deepEqual((await namedStatements(database)).filter((text) => text.includes('created_at + 1')).length, 1);
  assert.deepEqual(await numbers(database), [often]);
});

for (const [prepare, kept] of [
  ['auto', false],
  ['on', true],
  ['off', false],
] as const) {
  test(`names that the connection has lost fail nothing (${prepare})`, { skip }, async (context) => {
    const { said, logger } = notPrepared();
    const { database } = await opened(context, { poolMax: 1, prepare, logger });
    await write(database, 'a');
    const addOften = async () => {
      for (let runs = 0; runs < often; runs += 1) await database.transaction((tx) => add(tx, 'a'));
    };
    await addOften();
    await database.transaction((tx) => sql`deallocate all`.execute(tx.query));
    await addOften();
    assert.deepEqual(await numbers(database), [2 * often]);
    assert.equal((await namedStatements(database)).length > 0, kept);
    assert.equal(said.length, prepare === 'auto' ? 1 : 0);
  });
}

test('reads go on too when their connection has lost its names', { skip }, async (context) => {
  const { database } = await opened(context);
  await write(database, 'a');
  for (let runs = 0; runs < often; runs += 1) await numbers(database);
  await sql`deallocate all`.execute(database.read);
  for (let runs = 0; runs < often; runs += 1) assert.deepEqual(await numbers(database), [0]);
});

test(
  'a statement that misses its name only because one before it failed is no reason to give names up',
  { skip },
  async (context) => {
    const { said, logger } = notPrepared();
    const { database } = await opened(context, { poolMax: 1, logger });
    await write(database, 'a');
    for (let runs = 1; runs < runsUntilNamed; runs += 1) await database.transaction((tx) => add(tx, 'a'));
    const failing = database.transaction(async (tx) => {
      const again = sql`insert into idempotency values ('a', '', '', 0)`.execute(tx.query);
      await Promise.allSettled([again, add(tx, 'a'), add(tx, 'a')]);
    });
    await assert.rejects(failing, { name: 'DatabaseFailure', kind: 'conflict' });
    await database.transaction((tx) => add(tx, 'a'));
    assert.equal((await namedStatements(database)).filter((text) => text.includes('created_at + 1')).length, 1);
    assert.deepEqual(said, []);
  },
);

test('a column that another node adds fails no statement', { skip }, async (context) => {
  const { database } = await opened(context, { poolMax: 1 });
  const change = (text: string) => database.transaction((tx) => sql.raw(text).execute(tx.query));
  const all = async () => {
    const inside = await database.transaction((tx) => sql`select * from changing`.execute(tx.query));
    return [inside.rows, (await sql`select * from changing`.execute(database.read)).rows];
  };
  await change('create table changing (one int)');
  try {
    await change('insert into changing values (1)');
    for (let runs = 0; runs < often; runs += 1) assert.deepEqual(await all(), [[{ one: 1 }], [{ one: 1 }]]);
    for (const column of ['two', 'three']) await change(`alter table changing add column ${column} int default 2`);
    const row = { one: 1, two: 2, three: 2 };
    for (let runs = 0; runs < often; runs += 1) assert.deepEqual(await all(), [[row], [row]]);
  } finally {
    await change('drop table changing');
  }
});

/** So often that a statement has its name, and the server would keep a plan for it, were it allowed to. */
const often = runsUntilNamed + 6;

/** Hears that names are given up, and nothing else: on a busy machine, slow statements are logged as well. */
function notPrepared() {
  const said: object[] = [];
  const warn = (fields: object, message: string) => {
    if (message === 'database.not_prepared') said.push(fields);
  };
  return { said, logger: { warn } };
}

/** The texts of the named statements of the only connection. */
async function namedStatements(database: Database): Promise<string[]> {
  const { rows } = await database.transaction((tx) =>
    sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(tx.query),
  );
  return rows.map(({ statement }) => statement);
}

const ports = { clock: systemClock, timers: systemTimers };

async function opened(context: TestContext, options: Partial<PostgresOptions> = {}): Promise<{ database: Database }> {
  const { url, remove } = await freshPostgres();
  const database = await openPostgres({ url, ...ports, ...options });
  context.after(async () => {
    await database.close();
    await remove();
  });
  return { database };
}

async function write(database: Database, ...ids: string[]): Promise<void> {
  const rows = ids.map((id) => ({ idempotency_id: id, body_hash: '', response: '', created_at: 0 }));
  await database.transaction((tx) => tx.insertMany('idempotency', rows));
}

async function add(tx: Transaction, id: string): Promise<void> {
  await sql`update idempotency set created_at = created_at + 1 where idempotency_id = ${id}`.execute(tx.query);
}

async function numbers(database: Database): Promise<number[]> {
  const rows = await database.read.selectFrom('idempotency').select('created_at').orderBy('idempotency_id').execute();
  return rows.map(({ created_at }) => created_at);
}

/** Opens, for good, when so many have come. */
function gate(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let come = 0;
  return () => {
    come += 1;
    if (come >= count) resolve();
    return promise;
  };
}

/** Stands between a client and the server, and can keep the server's answers back and then cut the connection. */
async function startProxy(context: TestContext, target: string) {
  const url = new URL(target);
  const upstream = { host: url.hostname, port: Number(url.port) };
  const sockets = new Set<Socket>();
  let losing = false;
  const server = createServer((client) => {
    const remote = connect(upstream);
    for (const socket of [client, remote]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('data', (data) => remote.write(data));
    remote.on('data', (data) => (losing ? client.destroy() : client.write(data)));
    client.on('close', () => remote.end());
    remote.on('close', () => client.end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  url.port = String(address.port);
  return {
    url: url.href,
    loseAnswers: () => {
      losing = true;
    },
    heal: () => {
      losing = false;
    },
  };
}
