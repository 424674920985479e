import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { temporaryFolder } from '../counterparts/program.ts';
import { seeded, startReceiverProcess } from '../counterparts/receiver-process.ts';
import type { ReceiverProcess } from '../counterparts/receiver-process.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { startService } from '../support/service.ts';
import type { Json, Service } from '../support/service.ts';
import { findFaults } from './checks.ts';
import { count, findTooLittle } from './counts.ts';
import type { Counts } from './counts.ts';
import type { Evidence, HistoryItem, Kill, ListedAlert, Target } from './evidence.ts';
import { describe, startGenerator } from './generator.ts';
import type { Generator } from './generator.ts';

/**
 * A life ends once so many more pushes were acknowledged in it, whatever time that takes: a slow machine shall not make the
 * run an easy one. From the first pushes after a start to full load.
 */
const lifePushesMax = 60;
const lifeMaxMs = 5_000;
const lifePollMs = 5;
/** So many kills come while it starts, at most this long after its start: before, during and after its recovery. */
const startShare = 0.25;
const startMaxMs = 700;
/** How long what is still owed may take once nothing more is pushed and nothing more dies. */
const drainMaxMs = 60_000;
/** The wire counts as quiet after this long without a request. */
const quietMs = 1_000;
const drainPollMs = 100;
const maxInFlight = 8;
const pageSize = 100;
/** Every receiver but the flaky one answers within a tenth of a second; the rest is for a machine that is busy with other things. */
const timeoutMs = 5_000;

export interface TortureOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly database: 'sqlite' | 'postgres';
  /** An empty database; needed for `postgres`. */
  readonly databaseUrl?: string;
  readonly command?: readonly [string, ...string[]];
  /** Told how far it is. */
  readonly say?: (line: string) => void;
}

export interface TortureReport {
  readonly counts: Counts;
  /** Broken promises, and what happened too rarely; empty when the run is a proof. */
  readonly faults: readonly string[];
}

/** Kills the service at random moments under load, and then asks the sender, the receiver and the API what became of it all. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const random = seeded(options.seed);
  const say = options.say ?? (() => {});
  await using stack = new AsyncDisposableStack();
  const folder = await temporaryFolder('torture');
  stack.defer(() => folder.remove());
  const receiver = await startReceiverProcess(join(folder.path, 'wire.log'), options.seed);
  stack.defer(() => receiver.stop());
  const service = await startService({
    ...options,
    folder: join(folder.path, 'data'),
    // Starts are half of the run; what the first life compiled, the others need not compile again.
    env: { NODE_COMPILE_CACHE: join(folder.path, 'compiled') },
  });
  stack.defer(() => service.kill('SIGKILL'));
  const { targets, integrationKeys } = await furnish(service, receiver.url);
  await service.stop();
  await service.restart();
  const generator = startGenerator({
    url: service.url,
    integrationKeys,
    logFile: join(folder.path, 'acknowledged.log'),
    seed: options.seed,
    workers: 8,
    alertsPerWorker: 12,
  });
  let generating = true;
  stack.defer(() => (generating ? generator.stop() : undefined));

  const kills: Kill[] = [];
  while (kills.length < options.rounds) {
    await live(generator, random() * lifePushesMax);
    kills.push(await killNow(service));
    while (kills.length < options.rounds && random() < startShare) {
      const starting = service.restart().catch(() => {});
      await sleep(random() * startMaxMs);
      kills.push(await killNow(service));
      await starting;
    }
    await service.restart();
    say(`killed ${kills.length} of ${options.rounds} times, ${generator.acknowledgedCount()} acknowledged`);
  }
  await generator.stop();
  generating = false;
  await drain(receiver, generator, targets);

  const evidence: Evidence = {
    acknowledged: generator.acknowledged(),
    wire: receiver.log(),
    history: await readHistory(service, targets),
    alerts: await readAlerts(service),
    targets,
    kills,
    maxInFlight,
  };
  await service.stop();
  const counts = count(evidence);
  return { counts, faults: [...findFaults(evidence), ...findTooLittle(counts)] };
}

async function live(generator: Generator, pushes: number): Promise<void> {
  const before = generator.acknowledgedCount();
  const deadline = performance.now() + lifeMaxMs;
  while (generator.acknowledgedCount() - before < pushes && performance.now() < deadline) await sleep(lifePollMs);
}

async function killNow(service: Service): Promise<Kill> {
  const at = Date.now();
  await service.kill('SIGKILL');
  return { at, endedAt: Date.now() };
}

/** One channel, four integrations, and a webhook for each way of delivering. */
async function furnish(
  service: Service,
  receiverUrl: string,
): Promise<{ targets: Target[]; integrationKeys: string[] }> {
  const { team_id } = await service.api('/team/upsert', { team_name: 'torture' });
  const { channel_id } = await service.api('/channel/create', { channel_name: 'torture', team_id });
  const integrationKeys: string[] = [];
  for (const name of ['one', 'two', 'three', 'four']) {
    const made = await service.api('/integration/create', { name, type: 'standard', channel_id });
    integrationKeys.push(String(made['integration_key']));
  }
  const wanted: readonly Omit<Target, 'integrationId'>[] = [
    { path: '/slow/at-most-once', mode: 'at_most_once', about: 'alert' },
    { path: '/flaky/at-most-once', mode: 'at_most_once', about: 'alert' },
    { path: '/ok/incidents', mode: 'at_most_once', about: 'incident' },
    { path: '/slow/at-least-once', mode: 'at_least_once', about: 'alert' },
    { path: '/ok/incidents-at-least-once', mode: 'at_least_once', about: 'incident' },
  ];
  const targets: Target[] = [];
  for (const one of wanted) {
    const made = await service.api('/webhook/create', {
      type: one.about,
      name: one.path,
      endpoint: receiverUrl + one.path,
      timeout_ms: timeoutMs,
      delivery_mode: one.mode,
      max_in_flight: maxInFlight,
    });
    targets.push({ ...one, integrationId: Number(made['integration_id']) });
  }
  return { targets, integrationKeys };
}

/** Waits until everything that was acknowledged has arrived at the at-least-once webhook and the wire is quiet. */
async function drain(receiver: ReceiverProcess, generator: Generator, targets: readonly Target[]): Promise<void> {
  const path = targets.find((target) => target.mode === 'at_least_once' && target.about === 'alert')?.path;
  const owed = new Set(generator.acknowledged().flatMap((one) => (one.recovery ? [] : [describe(one.number)])));
  const deadline = performance.now() + drainMaxMs;
  let length = 0;
  let changedAt = performance.now();
  while (performance.now() < deadline) {
    const log = receiver.log();
    if (log.length !== length) {
      length = log.length;
      changedAt = performance.now();
    }
    if (performance.now() - changedAt >= quietMs) {
      const came = new Set(
        log.flatMap((record) => (record.kind === 'request' && record.path === path ? [record.body] : [])),
      );
      const descriptions = new Set([...came].map((body) => descriptionOf(body)));
      if ([...owed].every((description) => descriptions.has(description))) return;
    }
    await sleep(drainPollMs);
  }
  // Not a fault by itself: the checks say precisely what is missing.
}

function descriptionOf(body: string): string {
  return (JSON.parse(body) as { alert?: { description?: string } }).alert?.description ?? '';
}

async function readHistory(service: Service, targets: readonly Target[]): Promise<HistoryItem[]> {
  const now = Date.now();
  const window = { start_time: now - 86_400_000, end_time: now + 60_000, limit: pageSize };
  const pages = await Promise.all(
    targets.map((target) =>
      readPages(service, '/webhook/history/list', { ...window, integration_id: target.integrationId }),
    ),
  );
  return pages.flat() as unknown as HistoryItem[];
}

async function readAlerts(service: Service): Promise<ListedAlert[]> {
  const now = Math.floor(Date.now() / 1000);
  const window = { start_time: now - 86_400, end_time: now + 60, limit: pageSize };
  return (await readPages(service, '/alert/list', window)) as unknown as ListedAlert[];
}

async function readPages(service: Service, path: string, query: object): Promise<Json[]> {
  const items: Json[] = [];
  let cursor = '';
  do {
    const page = await service.api(path, { ...query, search_after_ctx: cursor });
    items.push(...(page['items'] as Json[]));
    cursor = typeof page['search_after_ctx'] === 'string' ? page['search_after_ctx'] : '';
  } while (cursor !== '');
  return items;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(randomInt(1_000_000)) },
      database: { type: 'string', default: 'sqlite' },
      'database-url': { type: 'string' },
    },
  });
  const database = values.database === 'postgres' ? 'postgres' : 'sqlite';
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  say(`seed ${values.seed}, ${values.rounds} rounds, ${database}`);
  await using stack = new AsyncDisposableStack();
  let databaseUrl = values['database-url'];
  if (database === 'postgres' && databaseUrl === undefined) {
    const server = await startPostgres();
    stack.defer(() => server.stop());
    databaseUrl = server.url;
  }
  const report = await torture({
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    database,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    say,
  });
  say(JSON.stringify(report.counts));
  for (const fault of report.faults) say(`FAULT ${fault}`);
  say(report.faults.length === 0 ? 'nothing was lost, doubled or out of order' : `${report.faults.length} faults`);
  process.exitCode = report.faults.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
