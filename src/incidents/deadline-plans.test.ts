import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sql, type CompiledQuery } from 'kysely';
import { databases } from '../../test/support/databases.ts';
import { openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { readAlerts } from '../alerts/alert-list-store.ts';
import { AlertStore } from '../alerts/alert-store.ts';
import type { Database, Transaction } from '../database/database.ts';
import { queryOn } from '../database/query-on.ts';
import { readDue, readDueAlerts, readNextDueAt } from './deadline-store.ts';

/*
 * What the deadline worker looks for every few seconds, and what a report asks about the alerts before it, is found by an
 * index however much has ended: a silence that ends, a source that closes, an end that passes.
 */

/** Statements, and the indexes that each must use, whatever the database knows of its tables. */
const expected: readonly [
  what: string,
  indexes: readonly string[],
  work: (tx: Transaction, alerts: AlertStore) => unknown,
][] = [
  ['alerts whose time has come', ['alert_due'], ({ query }) => readDueAlerts(query, 2_000, undefined, 100)],
  [
    'the next page of them',
    ['alert_due'],
    ({ query }) => readDueAlerts(query, 2_000, { alertId: 'a', dueAt: 1_000 }, 100),
  ],
  ['incidents whose time has come', ['incident_due'], ({ query }) => readDue(query, 2_000, undefined, 100)],
  ['the next time of any', ['incident_due', 'alert_due'], ({ query }) => readNextDueAt(query, 2_000)],
  [
    'what a source inhibits that closes',
    ['alert_muted_by'],
    (tx, alerts) => alerts.judgeInhibitedBy(tx, ['a', 'b'], 1),
  ],
  ['what is muted in a channel whose rules change', ['alert_muted'], (tx, alerts) => alerts.judgeMuted(tx, 7, 1)],
  [
    'the last alert of a key',
    ['alert_source'],
    (tx, alerts) => alerts.lastClosed(tx, [{ sourceKey: '7:key 3', channelId: 7 }]),
  ],
  [
    'open alerts of the same title',
    ['alert_open_title'],
    (tx, alerts) => alerts.openNamesakes(tx, [{ title: 'x', channelId: 7 }]),
  ],
];

for (const { name, open } of databases) {
  suite(`plans of deadlines on ${name}`, () => {
    for (const statistics of [false, true]) {
      test(`each statement has its index ${statistics ? 'with' : 'without'} statistics`, async () => {
        await using service = await openTestService(open);
        const { database } = service;
        await fill(service);
        if (statistics) await database.transaction(async (tx) => sql`analyze`.execute(tx.query));
        for (const [what, indexes, work] of expected) {
          const plans = await plansOf(database, (tx) => work(tx, new AlertStore(database)));
          assert.equal(plans.length, indexes.length, what);
          for (const [at, plan] of plans.entries()) {
            assert.match(plan, new RegExp(String.raw`\b${indexes[at]}\b`), `${what}: ${plan}`);
            assert.doesNotMatch(plan, wholeTable, `${what}: ${plan}`);
          }
        }
      });
    }
  });
}

const wholeTable =
  /SCAN (?:alert|incident|one)\b(?! USING)|Seq Scan on (?:alert|incident)|alert_pkey on alert .*\n(?!.*Index Cond)/;

/** Much that has ended, and some that is open, as after some months: fewer rows are read whole with good reason. */
async function fill(service: SourcedService): Promise<void> {
  await service.report(report());
  const [alertId = ''] = service.events.map((event) => event.entityId);
  const [one] = await readAlerts(service.database, [alertId]);
  assert.ok(one);
  const alerts = Array.from({ length: 20_000 }, (_, index) => ({
    ...one,
    alertId: index.toString(16).padStart(24, '0'),
    alertKey: `key ${index}`,
    title: `title ${index}`,
    progress: index < 2_000 ? ('Triggered' as const) : ('Closed' as const),
  }));
  await service.database.transaction((tx) => new AlertStore(service.database).insert(tx, alerts));
}

/** The plans of what the work asks. PostgreSQL reads small tables whole unless it is asked not to. */
async function plansOf(database: Database, work: (tx: Transaction) => unknown): Promise<string[]> {
  return database.transaction(async (tx) => {
    const asked: CompiledQuery[] = [];
    const query = queryOn(database.kind, async (compiled) => {
      asked.push(compiled);
      return tx.query.executeQuery(compiled);
    });
    await work({ ...tx, query });
    if (database.kind === 'postgres') await sql`set local enable_seqscan = off`.execute(tx.query);
    const explain = database.kind === 'sqlite' ? 'explain query plan' : 'explain';
    const plans: string[] = [];
    for (const one of asked) {
      const { rows } = await tx.query.executeQuery({ ...one, sql: `${explain} ${one.sql}` });
      plans.push(rows.map((row) => Object.values(row as object).join(' ')).join('\n'));
    }
    return plans;
  });
}
