import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { freshPostgres, hasPostgres } from '../../../test/support/databases.ts';
import { incidentRow } from '../../../test/support/incident-rows.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../runtime/clock.ts';
import { firstEventIdAt } from '../../runtime/ids.ts';
import { systemTimers } from '../../runtime/timers.ts';
import type { Database } from '../database.ts';
import { openPostgres } from './open.ts';
import { sweepEveryMs } from './search.ts';

const skip = hasPostgres ? false : 'no PostgreSQL';

test('an index that comes with the first migration is used without a new start', { skip }, async (context) => {
  const { database } = await opened(context);
  const rename = (from: string, to: string) =>
    database.transaction(async (tx) => sql`alter index ${sql.ref(from)} rename to ${sql.ref(to)}`.execute(tx.query));
  await rename('alert_pairs', 'not_there_yet');
  try {
    assert.equal(await found(database, 'nothing'), undefined);
  } finally {
    await rename('not_there_yet', 'alert_pairs');
  }
  await until(async () => (await found(database, 'nothing')) !== undefined);
  assert.deepEqual(await found(database, 'nothing'), []);
});

test(
  'a change that is committed long after its time is found within the time of a sweep',
  { skip },
  async (context) => {
    const { database, clock } = await opened(context);
    await until(async () => (await found(database, 'nothing')) !== undefined);
    const now = Date.now();
    await change(database, 1, now);
    const { incident_id: first } = incidentRow(1);
    assert.deepEqual(await found(database, 'db-1'), [first]);
    await change(database, 2, now - 500);
    await change(database, 3, now - 10_000);
    const [{ incident_id: second }, { incident_id: third }] = [incidentRow(2), incidentRow(3)];
    assert.deepEqual(await found(database, 'api-2'), [second]);
    assert.deepEqual(await found(database, 'cache-3'), []);
    clock.ahead += sweepEveryMs;
    assert.deepEqual(await found(database, 'cache-3'), [third]);
  },
);

async function found(database: Database, word: string): Promise<readonly string[] | undefined> {
  return (await database.find('incident', { words: [word], pairs: [] }, 10))?.ids;
}

/** An incident and the event that says so. */
async function change(database: Database, at: number, time: number): Promise<void> {
  const incident = incidentRow(at);
  const event = {
    event_id: `${firstEventIdAt(time).slice(0, -1)}${at}`,
    entity_kind: 'incident',
    entity_id: incident.incident_id,
    sequence: 1,
    event_type: 'i_new',
    event_time: time,
    channel_id: 1,
    person_id: 0,
    detail_json: '{}',
    payload: '{}',
    shared_event: '',
    shared_from: 0,
    shared_length: 0,
    shared_at: 0,
  };
  await database.transaction(async (tx) => {
    await tx.insertMany('incident', [incident]);
    await tx.insertMany('event', [event]);
  });
}

async function opened(context: TestContext) {
  const { url, remove } = await freshPostgres();
  // It moves only when it is moved, however slow the machine is.
  const clock = { ...systemClock, ahead: 0, monotonic: () => 1_000_000 + clock.ahead };
  const database = await openPostgres({ url, clock, timers: systemTimers });
  context.after(async () => {
    await database.close();
    await remove();
  });
  return { database, clock };
}
