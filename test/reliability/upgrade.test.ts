import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { databaseFile } from '../../src/database/open.ts';
import { openPostgres } from '../../src/database/postgres/open.ts';
import { openSqlite } from '../../src/database/sqlite/open.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { temporaryFolder } from '../counterparts/program.ts';
import { startReceiver, type Received } from '../counterparts/receiver.ts';
import { hasPostgres } from '../support/databases.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { laterMigrations } from '../support/later-migrations.ts';
import { around, pushOf } from '../support/test-app.ts';
import { startService, type Service } from '../support/service.ts';
import { until } from '../support/until.ts';

const only = { skip: hasPostgres ? false : 'needs PostgreSQL' };
const root = join(import.meta.dirname, '..', '..');
const modes = ['at_most_once', 'at_least_once'] as const;
const ports = { clock: systemClock, timers: systemTimers };

describe('a migration', () => {
  for (const name of ['sqlite', 'postgres'] as const) {
    const skip = name === 'sqlite' ? false : only.skip;
    test(
      `${name}: whose process is killed has not begun, and the next start goes on from there`,
      { skip },
      async (t) => {
        const folder = await temporaryFolder('migration');
        t.after(() => folder.remove());
        await using empty = name === 'postgres' ? await emptyPostgres('migration') : undefined;
        const place = empty?.url ?? folder.path;
        const names = laterMigrations.map((migration) => migration.name);
        const open = () =>
          empty === undefined
            ? openSqlite({ file: join(folder.path, databaseFile), ...ports })
            : openPostgres({ url: empty.url, ...ports });
        for (const pass of [1, 3, names.length]) {
          const child = spawn(process.execPath, [
            join(root, 'test/support/programs/migrate-and-die.ts'),
            place,
            String(pass),
          ]);
          const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
          assert.equal(signal, 'SIGKILL', `in migration ${pass}`);
          const left = await open();
          // Nothing to do and nothing newer: exactly those before it have run.
          assert.deepEqual(await migrate(left, laterMigrations.slice(0, pass - 1)), []);
          await left.close();
        }
        const database = await open();
        t.after(() => database.close());
        assert.deepEqual(await migrate(database, laterMigrations), names.slice(-1));
        assert.deepEqual(await applied(database), names);
        assert.equal(await database.read.selectFrom('delivery').select('delivery_id').executeTakeFirst(), undefined);
      },
    );
  }
});

test(
  'a node of the next version beside one of this: both send, in order, while the schema moves on',
  only,
  async (t) => {
    await using rig = await startRig();
    const { older } = rig;
    let number = 0;
    /** One change of each alert, to whichever node. */
    const change = async (node: Service) => {
      number += 1;
      await Promise.all(rig.alerts.map((alert) => rig.push(node, alert, `change ${number}`)));
    };
    for (let count = 0; count < 5; count += 1) await change(older);
    const starting = rig.startNewer();
    const state = { started: false };
    void starting.finally(() => (state.started = true)).catch(() => {});
    while (!state.started) await change(older);
    const newer = await starting;
    t.diagnostic(`${number} changes of ${rig.alerts.length} alerts while the newer one started`);
    await until(async () => (await shardsOf(older)) === 32 && (await shardsOf(newer)) === 32);
    for (let count = 0; count < 10; count += 1) await change(count % 2 === 0 ? older : newer);
    // What the older one does not know, it leaves alone.
    await rig.leaveSomethingUnknown();
    await older.api('/webhook/history/list', { ...around(), limit: 100, asc: true });
    for (let count = 0; count < 5; count += 1) await change(count % 2 === 0 ? older : newer);
    await older.stop();
    for (let count = 0; count < 5; count += 1) await change(newer);
    await assert.rejects(older.restart(), /was made by a newer version, with 9001-next/);

    const total = number * rig.alerts.length;
    for (const mode of modes) {
      const pushes = await rig.pushes(mode, total);
      assert.equal(pushes.length, total);
      const lanes = Map.groupBy(pushes, (push) => String(pushOf(push).alert?.['alert_key']));
      for (const lane of lanes.values()) {
        assert.deepEqual(
          lane.map(({ headers }) => Number(headers['tocsin-sequence'])),
          Array.from({ length: number }, (_, index) => index + 1),
        );
      }
    }
    assert.deepEqual(await rig.unknownStates(), ['parked']);
  },
);

async function startRig() {
  await using stack = new AsyncDisposableStack();
  const folder = await temporaryFolder('upgrade');
  stack.defer(() => folder.remove());
  const empty = stack.use(await emptyPostgres('upgrade'));
  const receiver = await startReceiver();
  stack.defer(() => receiver.stop());
  const env = { TOCSIN_SECRET_KEY: randomBytes(32).toString('base64'), TOCSIN_LEASE_SECONDS: '2' };
  const node = { database: 'postgres' as const, databaseUrl: empty.url, env };
  const older = await startService({ ...node, folder: join(folder.path, 'older') });
  stack.defer(() => older.kill('SIGKILL'));
  const { channel_id } = await older.api('/channel/create', { channel_name: 'upgrade' });
  const source = await older.api('/integration/create', { name: 'upgrade', type: 'standard', channel_id });
  for (const delivery_mode of modes) {
    const endpoint = `${receiver.url}/${delivery_mode}`;
    await older.api('/webhook/create', { type: 'alert', name: delivery_mode, endpoint, delivery_mode });
  }
  const started = stack.move();
  return {
    older,
    alerts: ['a', 'b', 'c', 'd', 'e', 'f'],
    async push(to: Service, alert: string, description: string): Promise<void> {
      const report = { title: alert, alert_key: alert, event_status: 'Warning', description };
      const { status, body } = await to.push('standard', String(source['integration_key']), report);
      assert.equal(status, 200, body);
    },
    pushes: (mode: string, count: number): Promise<Received[]> =>
      receiver.waitFor(count, ({ path }) => path === `/${mode}`),
    async startNewer(): Promise<Service> {
      const main = await copyWithOneMoreMigration(join(folder.path, 'next'));
      const newer = await startService({
        ...node,
        folder: join(folder.path, 'newer'),
        command: [process.execPath, main, 'serve'],
      });
      started.defer(() => newer.kill('SIGKILL'));
      return newer;
    },
    /** A delivery in a state, and of an event type, that only the newer version knows. */
    leaveSomethingUnknown: () => onPostgres(empty.url, copyOfOneDelivery),
    async unknownStates(): Promise<unknown[]> {
      const rows = await onPostgres(empty.url, `select state from delivery where event_type = 'a_future'`);
      return rows.map(({ state }) => state);
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

const copyOfOneDelivery = `
  insert into delivery
  select (jsonb_populate_record(delivery, '{"delivery_id": "unknown", "generation": 7, "state": "parked", "event_type": "a_future"}')).*
  from delivery order by event_time limit 1`;

async function onPostgres(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** This program as its next version may be: with a migration that adds, and takes nothing away. @returns its main file. */
async function copyWithOneMoreMigration(folder: string): Promise<string> {
  for (const part of ['src', 'receiver', 'package.json']) {
    await cp(join(root, part), join(folder, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const list = join(folder, 'src/database/migrations/index.ts');
  const text = await readFile(list, 'utf8');
  const next = `{ name: '9001-next', async up(db) {
    await sql\`alter table delivery add column note text not null default ''\`.execute(db);
    await sql\`alter table delivery drop constraint delivery_state_check\`.execute(db);
    await sql\`create table next_thing (a int8 not null)\`.execute(db);
  } }`;
  await writeFile(list, `import { sql } from 'kysely';\n${text.replace(/,?\s*\];\s*$/, `, ${next}];`)}`);
  return join(folder, 'src/main.ts');
}

async function applied(database: Database): Promise<string[]> {
  const { rows } = await database.read.executeQuery<{ name: string }>(
    sql<{ name: string }>`select name from schema_migration order by name`.compile(database.read),
  );
  return rows.map(({ name }) => name);
}

async function shardsOf(node: Service): Promise<number> {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return Number(/^tocsin_shards_held (\d+)/m.exec(text)?.[1]);
}
