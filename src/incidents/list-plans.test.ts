import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sql, type CompiledQuery } from 'kysely';
import { databases } from '../../test/support/databases.ts';
import type { Database } from '../database/database.ts';
import { searchedKinds } from '../database/search-text.ts';
import { queryOn } from '../database/query-on.ts';
import { openTestService } from '../../test/support/test-service.ts';
import { listAlerts, type AlertFilter, type AlertPage } from '../alerts/alert-list-store.ts';
import { alertRow, everyAlert, everyIncident, incidentRow } from '../../test/support/incident-rows.ts';
import { countIncidents, frequentOf, listIncidents, type IncidentFilter } from './incident-list-store.ts';

/** Filters, and the index that each must be answered by, whatever the database knows of its tables. */
const expected: readonly [string, Partial<IncidentFilter>, string][] = [
  ['a window', { startTime: 1_779_999_999_000, endTime: 1_790_000_000_000 }, 'incident_start'],
  ['open ones', { progress: ['Triggered', 'Processing'] }, 'incident_open'],
  ['open ones of a severity', { progress: ['Triggered', 'Processing'], severities: ['Critical'] }, 'incident_open'],
  ['one channel', { channelIds: [7] }, 'incident_channel'],
  ['a number', { nums: ['0000AB'] }, 'incident_num'],
  ['ids', { incidentIds: ['6a1f00c2d4e5f60718293a4b'] }, 'incident'],
];

/** Filters whose incidents the index of texts and values finds: the rows are read by their keys. */
const found: readonly [string, Partial<IncidentFilter>][] = [
  ['a word', { query: 'volume' }],
  ['two letters', { query: 'zq' }],
  ['one letter', { query: '~' }],
  ['a title', { title: 'volume' }],
  ['a title with a wildcard', { title: 'vol*e' }],
  ['a label', { labels: { host: 'web-17' } }],
  ['a common value of another label', { labels: { region: 'prod-eu-1' } }],
  ['a custom field', { fields: { ticket: 'OPS-1' } }],
  ['who made it', { creatorIds: [7] }],
  ['who closed it', { closerIds: [7] }],
  ['who is asked', { responderIds: [7] }],
  ['who has acknowledged', { ackerIds: [7] }],
  ['a severity', { severities: ['Info'] }],
  ['muted ones', { everMuted: true }],
  ['snoozed ones', { snoozedAt: { now: 1_780_000_000_000, snoozed: true } }],
];

const foundAlerts: readonly [string, Partial<AlertFilter>][] = [
  ['a title', { title: 'volume' }],
  ['a title with a wildcard', { title: 'vol*e' }],
  ['a label', { labels: { host: 'web-17' } }],
  ['a common value of another label', { labels: { region: 'prod-eu-1' } }],
  ['a channel', { channelIds: [4711] }],
  ['an integration', { integrationIds: [4711] }],
  ['a key', { alertKeys: ['key-17'] }],
  ['a severity', { severities: ['Info'] }],
  ['muted ones', { everMuted: true }],
  ['active ones', { active: true }],
  ['ids', { alertIds: ['6a1f00c2d4e5f60718293a4b'] }],
];

for (const { name, open } of databases) {
  suite(`plans of lists on ${name}`, () => {
    for (const statistics of [false, true]) {
      test(`each filter has its index ${statistics ? 'with' : 'without'} statistics`, async () => {
        await using service = await openTestService(open);
        await fill(service.database);
        if (statistics) await service.database.transaction(async (tx) => sql`analyze`.execute(tx.query));
        for (const [what, filter, index] of expected) {
          const plans = await plansOf(service.database, filter);
          const wanted = name === 'sqlite' && index === 'incident' ? 'sqlite_autoindex_incident_1' : index;
          assert.match(plans[0] ?? '', new RegExp(String.raw`\b${wanted}`), `${what}: ${plans[0]}`);
          for (const plan of plans) assert.doesNotMatch(plan, wholeTable, `${what}: ${plan}`);
        }
        // Each row of a list says whether it is rare: by the time alone, all of thirty days would be read for each.
        const [ofRows = ''] = await plansIn(service.database, (asking) => frequentOf(asking, ['6a1f', '6a2f']));
        const [ofList = ''] = await plansOf(service.database, { rare: true });
        for (const plan of [ofRows, ofList]) assert.match(plan, /\bincident_dedup\b/, plan);
      });
    }

    test('open incidents are counted from their index alone, also those of a severity, and their rows are not read', async () => {
      await using service = await openTestService(open);
      await fill(service.database);
      const severities = [[], ['Critical']];
      for (const some of severities) {
        const filter = { ...everyIncident, progress: ['Triggered', 'Processing'], severities: some };
        const plans = await plansIn(service.database, (asking) => countIncidents(asking, filter));
        assert.equal(plans.length, 1);
        assert.match(plans[0] ?? '', /COVERING INDEX incident_open|Index Only Scan(?: Backward)? using incident_open/);
      }
      const counted = await countIncidents(service.database, {
        ...everyIncident,
        progress: ['Triggered', 'Processing'],
        severities: ['Critical'],
      });
      // Of 20 open ones, every third one.
      assert.equal(
        counted.reduce((sum, { count }) => sum + count, 0),
        7,
      );
    });

    test('alerts come in the order of their ids, or by the index of their changes', async () => {
      await using service = await openTestService(open);
      await fill(service.database);
      const [byId = ''] = await alertPlansOf(service.database, {});
      assert.match(byId, byKey('alert'));
      const [byUpdate = ''] = await alertPlansOf(service.database, { byUpdate: true }, 'updated_at');
      assert.match(byUpdate, /alert_updated/);
      for (const plan of [byId, byUpdate]) assert.doesNotMatch(plan, /SORT|TEMP B-TREE/i, plan);
    });

    test('what the index of texts and values finds is read by its keys, and no whole table', async () => {
      await using service = await openTestService(open);
      await fill(service.database);
      await indexed(service.database);
      for (const [what, filter] of found) {
        for (const plan of await plansOf(service.database, filter))
          assert.match(plan, byKey('incident'), `${what}: ${plan}`);
      }
      for (const [what, filter] of foundAlerts) {
        for (const plan of await alertPlansOf(service.database, filter))
          assert.match(plan, byKey('alert'), `${what}: ${plan}`);
      }
    });
  });
}

const wholeTable = /SCAN incident(?! USING)|Seq Scan on incident/;

/** The rows come by their ids; nothing at all is a plan too, when the index has found none. */
const byKey = (table: string) =>
  new RegExp(String.raw`sqlite_autoindex_${table}_1|\b${table}_pkey\b|One-Time Filter: false`);

async function fill(database: Database): Promise<void> {
  const places = Array.from({ length: 2000 }, (_, index) => index);
  await database.transaction(async (tx) => {
    await tx.insertMany('incident', places.map(incidentRow));
    await tx.insertMany('alert', places.map(alertRow));
  });
}

/** Rows that were there before the index come into it page by page. */
async function indexed(database: Database): Promise<void> {
  for (const kind of searchedKinds) {
    while ((await database.find(kind, { words: ['nothing'], pairs: [] }, 1)) === undefined);
  }
}

async function plansOf(database: Database, filter: Partial<IncidentFilter>): Promise<string[]> {
  return plansIn(database, async (asking) => listIncidents(asking, { ...everyIncident, ...filter }, page));
}

async function alertPlansOf(
  database: Database,
  filter: Partial<AlertFilter>,
  orderBy: AlertPage['orderBy'] = 'created_at',
): Promise<string[]> {
  return plansIn(database, async (asking) => listAlerts(asking, { ...everyAlert, ...filter }, { ...page, orderBy }));
}

const page = { ascending: false, after: undefined, offset: 0, limit: 20 };

/** The plans of what a list reads. PostgreSQL reads small tables whole unless it is asked not to. */
async function plansIn(database: Database, list: (asking: Database) => Promise<unknown>): Promise<string[]> {
  const asked: CompiledQuery[] = [];
  const longRead = queryOn(database.kind, async (query) => {
    asked.push(query);
    return database.longRead.executeQuery(query);
  });
  await list({ ...database, longRead });
  const explain = database.kind === 'sqlite' ? 'explain query plan' : 'explain';
  const plans: string[] = [];
  for (const { sql: text, parameters } of asked) {
    const plan = await database.transaction(async (tx) => {
      if (database.kind === 'postgres') {
        await sql`set local enable_seqscan = off`.execute(tx.query);
      }
      return tx.query.executeQuery({ sql: `${explain} ${text}`, parameters } as unknown as CompiledQuery);
    });
    plans.push(plan.rows.map((row) => Object.values(row as object).join(' ')).join('\n'));
  }
  return plans;
}
