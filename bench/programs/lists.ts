import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { listAlerts, type AlertFilter } from '../../src/alerts/alert-list-store.ts';
import { searchedKinds } from '../../src/database/search-text.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { listIncidents, type IncidentFilter } from '../../src/incidents/incident-list-store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { alertRow, everyAlert, everyIncident, incidentRow } from '../../test/support/incident-rows.ts';
import { startPostgres } from '../../test/support/postgres-server.ts';

/** How long lists and searches take beside many incidents: `node bench/programs/lists.ts [postgres] [incidents]`. */
const usesPostgres = process.argv.includes('postgres');
const count = Number(process.argv.find((one) => /^\d+$/.test(one)) ?? 100_000);
const repeats = 7;
/** The kernel counts the time of a process in hundredths of a second. */
const tickMs = 10;
const page = { ascending: false, after: undefined, offset: 0, limit: 20 };

const folder = await mkdtemp(join(tmpdir(), 'tocsin-lists-'));
const server = usesPostgres ? await startPostgres() : undefined;
const place = { folder, ...(server === undefined ? {} : { url: server.url }) };
const ports = { clock: systemClock, timers: systemTimers };
try {
  // The index finds these rows by its walk through what was there before: they have no events.
  const before = await openDatabase({ ...place, ...ports });
  await fill(before);
  await before.close();
  const database = await openDatabase({ ...place, ...ports, inBackground: true });
  await indexed(database);
  await measureAll(database);
  await database.close();
} finally {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
}

async function measureAll(database: Database): Promise<void> {
  const incidents: [string, Partial<IncidentFilter>][] = [
    ['first page', {}],
    ['open', { progress: ['Triggered', 'Processing'] }],
    ['one channel', { channelIds: [7] }],
    ['Critical of two channels', { channelIds: [7, 8], severities: ['Critical'] }],
    ['somebody who closed none', { closerIds: [4711] }],
    ['somebody who has none', { responderIds: [4711] }],
    ['query: one in all', { query: 'overall-54321' }],
    ['query: one host', { query: hostAt(54_321) }],
    ['query: a number', { query: '000abc' }],
    ['query: a common word', { query: 'prod-eu' }],
    ['query: a word of one in seventeen', { query: 'team-payment' }],
    ['query: two words', { query: 'payment node' }],
    ['query: two letters', { query: 'db' }],
    ['query: two letters that are rare', { query: 'zq' }],
    ['query: one letter that is nowhere', { query: '~' }],
    ['query: nothing', { query: 'nothing-like-it' }],
    ['query: trigrams of all, a text of none', { query: 'prod-eu-node' }],
    ['label: one in all', { labels: { host: hostAt(54_321) } }],
    ['label: common', { labels: { zone: 'prod-eu-1' } }],
    ['label: one in seventeen', { labels: { team: 'team-payment' } }],
    ['label: a common value of another label', { labels: { region: 'prod-eu-1' } }],
    ['labels: two that exclude each other', { labels: { team: 'team-payment', alertname: 'Highweb' } }],
    ['title with wildcard', { title: 'high*54321' }],
  ];
  for (const [name, filter] of incidents) {
    await measure(database, `incidents, ${name}`, async () => {
      return (await listIncidents(database, { ...everyIncident, ...filter }, page)).total;
    });
  }
  const alerts: [string, Partial<AlertFilter>][] = [
    ['first page', {}],
    ['active', { active: true }],
    ['one channel', { channelIds: [7] }],
    ['a channel that has none', { channelIds: [4711] }],
    ['an integration that has none', { integrationIds: [4711] }],
    ['a key', { alertKeys: ['key-54321'] }],
    ['muted', { everMuted: true }],
    ['title: one in all', { title: hostAt(54_321) }],
    ['title: common', { title: 'high' }],
    ['title: nothing', { title: 'nothing-like-it' }],
    ['title with wildcard', { title: 'high*54321' }],
    ['label: one in all', { labels: { host: hostAt(54_321) } }],
    ['label: common', { labels: { zone: 'prod-eu-1' } }],
    ['label: one in seventeen', { labels: { team: 'team-payment' } }],
    ['label: a common value of another label', { labels: { region: 'prod-eu-1' } }],
    ['label and a channel that has none', { labels: { zone: 'prod-eu-1' }, channelIds: [4711] }],
  ];
  for (const [name, filter] of alerts) {
    await measure(database, `alerts, ${name}`, async () => {
      const { total } = await listAlerts(database, { ...everyAlert, ...filter }, { ...page, orderBy: 'created_at' });
      return total;
    });
  }
}

function hostAt(at: number): string {
  return (JSON.parse(incidentRow(at).labels_json) as { host: string }).host;
}

async function measure(database: Database, name: string, list: () => Promise<number>): Promise<void> {
  const took: number[] = [];
  const before = await cpuMs(database);
  let found = 0;
  for (let run = 0; run < repeats; run += 1) {
    const begun = performance.now();
    found = await list();
    took.push(performance.now() - begun);
  }
  const sorted = took.toSorted((a, b) => a - b);
  const cpu = ((await cpuMs(database)) - before) / repeats;
  print(
    `${name}: ${sorted[0]?.toFixed(1)} ms at best, ${sorted[3]?.toFixed(1)} at the median, ${sorted.at(-1)?.toFixed(1)} at worst, ${cpu.toFixed(1)} of CPU, ${found} found`,
  );
}

/** What this process and the server's have worked: beside other work on the machine, only this says what a list costs. */
async function cpuMs(database: Database): Promise<number> {
  const { user, system } = process.cpuUsage();
  let sum = (user + system) / 1000;
  if (database.kind !== 'postgres') return sum;
  const { rows } = await sql<{
    pid: number;
  }>`select pid from pg_stat_activity where datname = current_database()`.execute(database.read);
  for (const { pid } of rows) {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).split(' ');
    sum += (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * tickMs;
  }
  return sum;
}

async function fill(into: Database): Promise<void> {
  const begun = performance.now();
  for (let from = 0; from < count; from += 1000) {
    const places = Array.from({ length: Math.min(1000, count - from) }, (_, index) => from + index);
    await into.transaction(async (tx) => {
      await tx.insertMany('incident', places.map(incidentRow));
      await tx.insertMany('alert', places.map(alertRow));
    });
  }
  print(`${count} incidents with an alert each made in ${Math.round(performance.now() - begun)} ms`);
}

async function indexed(database: Database): Promise<void> {
  const begun = performance.now();
  for (const kind of searchedKinds) {
    const isIndexed = async () => (await database.find(kind, { words: ['nothing'], pairs: [] }, 1)) !== undefined;
    while (!(await isIndexed().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 200));
  }
  // A server does so on its own within a minute.
  if (database.kind === 'postgres') {
    for (const table of ['incident', 'alert', 'incident_document', 'alert_document'])
      await database.transaction(async (tx) => sql`analyze ${sql.table(table)}`.execute(tx.query));
  }
  print(`found by the index ${Math.round(performance.now() - begun)} ms later`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
