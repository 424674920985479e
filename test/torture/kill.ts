import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { temporaryFolder } from '../counterparts/program.ts';
import { seeded, startReceiverProcess, type ReceiverProcess } from '../counterparts/receiver-process.ts';
import { startPostgres } from '../support/postgres-server.ts';
import type { Json } from '../support/service.ts';
import { findFaults } from './checks.ts';
import { countAll, findTooLittle, type Counts } from './counts.ts';
import {
  freezesIn,
  type Evidence,
  type HistoryItem,
  type ListedAlert,
  type ListedReplay,
  type Target,
} from './evidence.ts';
import { Setup, makeIntegrations, type Call } from './setup.ts';
import { startGenerator, type Generator } from './generator.ts';
import { postgresLog, sqliteLog, type DatabaseLog } from './database-log.ts';
import { FaultInjector } from './faults.ts';
import { watchMachine } from './machine.ts';
import { nodeFolder, startNode, unexplainedStarts, type Diary, type TortureNode } from './nodes.ts';
import { countKinds, planRounds } from './plan.ts';

/** The shortest that can be set: others wait so long until they take over. */
const leaseMs = 2_000;
/** A life ends when so many pushes were acknowledged in it; this is the longest that it takes on a machine that is busy. */
const lifeMaxMs = 5_000;
const lifePollMs = 5;
/** How long the pending deliveries may take once nothing more is pushed and nothing more goes wrong. */
const drainMaxMs = 30_000;
const drainPollMs = 100;
const pageSize = 100;
/** The rounds before which a replay begins: the fourth, and so many after it; none when the end is near. */
const replays = { first: 3, every: 8, notInLast: 3 };
/**
 * Eight workers push about as fast as the slow receivers take it: always some requests in flight, and no backlog that takes
 * minutes to drain.
 */
const load = { workers: 8, alertsPerWorker: 12, paceMaxMs: 150 };

export interface TortureOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly database: 'sqlite' | 'postgres';
  /** Processes of the service on the same database; more than one only on PostgreSQL. 1 by default. */
  readonly nodes?: number;
  readonly command?: readonly [string, ...string[]];
  /** Called with the progress. */
  readonly say?: (line: string) => void;
}

export interface TortureReport {
  readonly counts: Counts;
  /** Broken promises, and what happened too rarely; empty when the run is a proof. */
  readonly faults: readonly string[];
}

/**
 * Does to the service under load whatever may happen to it, at random moments, and then asks the sender, the receiver, the
 * API and the database what became of it all.
 */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { rounds, seed, database, nodes: count = 1, say = () => {} } = options;
  if (database === 'sqlite' && count > 1) throw new Error('several nodes need PostgreSQL');
  await using stack = new AsyncDisposableStack();
  const stage = await setUp(options, count, stack);
  const { nodes, mishaps, ledger, furniture, diary } = stage;
  say('started');
  const generator = startGenerator({
    ...load,
    urls: nodes.map(({ service }) => service.url),
    appKey: nodes[0]?.service.appKey ?? '',
    integrationKeys: stage.integrationKeys,
    logFile: join(stage.folder, 'acknowledged.log'),
    seed,
  });
  let generating = true;
  const unwatch = watchMachine({
    episodes: diary.episodes,
    nodes: nodes.map((node) => ({
      get pid() {
        return node.service.pid;
      },
    })),
    leaseMs,
  });
  stack.defer(async () => unwatch());
  stack.defer(() => (generating ? generator.stop() : undefined));
  const plan = planRounds({ rounds, seed, database, nodes: count, leaseMs });
  for (const [index, round] of plan.entries()) {
    await live(generator, round.pushes);
    if (index % replays.every === replays.first && index < rounds - replays.notInLast)
      await furniture.replay(mishaps.call);
    await mishaps.happen(round).finally(() => failOn(diary));
    say(`${index + 1} of ${rounds}: ${round.mishap.kind}, ${generator.acknowledgedCount()} acknowledged`);
  }
  await mishaps.over().finally(() => failOn(diary));
  await generator.stop();
  generating = false;
  await replaysOver(mishaps.call);
  await drain(ledger, furniture.targets);
  unwatch();
  say('drained');
  const evidence = await gather(stage, generator);
  const lostCommits = nodes.reduce((sum, { proxy }) => sum + (proxy?.lost ?? 0), 0);
  const counts = countAll(evidence, lostCommits);
  for (const node of nodes) await node.leave();
  return {
    counts,
    faults: [...findFaults(evidence), ...unexplainedStarts(diary), ...findTooLittle(counts, countKinds(plan))],
  };
}

interface Stage {
  readonly folder: string;
  readonly ledger: DatabaseLog;
  readonly receiver: ReceiverProcess;
  readonly nodes: readonly TortureNode[];
  readonly furniture: Setup;
  readonly mishaps: FaultInjector;
  readonly integrationKeys: readonly string[];
  readonly diary: Diary;
}

/** Everything but the load. `stack` takes it down. */
async function setUp(options: TortureOptions, count: number, stack: AsyncDisposableStack): Promise<Stage> {
  const { database, seed, command } = options;
  const { path: folder, remove } = await temporaryFolder('torture');
  stack.defer(remove);
  const server = database === 'postgres' ? await startPostgres({ track_commit_timestamp: 'on' }) : undefined;
  if (server !== undefined) stack.defer(() => server.stop());
  const ledger = server === undefined ? sqliteLog(nodeFolder(folder, 1)) : postgresLog(server);
  const receiver = await startReceiverProcess(join(folder, 'wire.log'), seed);
  stack.defer(() => receiver.stop());
  const diary: Diary = { episodes: [], accidents: [], failedStarts: [] };
  const env = {
    TOCSIN_LEASE_SECONDS: String(leaseMs / 1_000),
    TOCSIN_SECRET_KEY: randomBytes(32).toString('base64'),
    // Starts are half of the run; what the first life compiled, the others need not compile again.
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
  };
  const begin = (number: number) => {
    const databaseUrl = ledger.url === undefined ? {} : { databaseUrl: ledger.url };
    return startNode(
      {
        number,
        alone: count === 1,
        database,
        ...databaseUrl,
        folder,
        env,
        ...(command === undefined ? {} : { command }),
      },
      diary,
      stack,
    );
  };
  const first = await begin(1);
  const nodes = [first];
  const furniture = new Setup(receiver.url);
  const mishaps = new FaultInjector({ nodes, furniture, ledger, server, diary, random: seeded(seed + 1) });
  const integrationKeys = await makeIntegrations(mishaps.call);
  await furniture.make(mishaps.call);
  // In good order, so that what it compiled is kept.
  await first.leave();
  await ledger.begin();
  await first.start();
  while (nodes.length < count) nodes.push(await begin(nodes.length + 1));
  diary.episodes.length = 0;
  return { folder, ledger, receiver, nodes, furniture, mishaps, integrationKeys, diary };
}

/** What all sides know, after the last drain. */
async function gather(stage: Stage, generator: Generator): Promise<Evidence> {
  const { ledger, receiver, nodes, furniture, mishaps, diary } = stage;
  const stored = await ledger.read();
  return {
    acknowledged: generator.acknowledged(),
    operations: generator.operations(),
    refused: generator.refused(),
    wire: receiver.log(),
    stored,
    history: await readHistory(mishaps.call, furniture.targets),
    replays: await readReplays(mishaps.call),
    alerts: await readAlerts(mishaps.call),
    targets: furniture.targets,
    edits: furniture.edits,
    episodes: diary.episodes,
    accidents: diary.accidents,
    nodes: nodes.map(({ facts }) => facts),
    leaseMs,
  };
}

/** @throws Error when a process ended unasked: such a run proves nothing. */
function failOn({ accidents, episodes }: Diary): void {
  if (accidents.length === 0) return;
  const freezes = freezesIn(episodes).map(({ at, endedAt }) => `the machine stood still for ${endedAt - at} ms`);
  throw new Error([...freezes, ...accidents].join('\n\n'));
}

async function live(generator: Generator, pushes: number): Promise<void> {
  const before = generator.acknowledgedCount();
  const deadline = performance.now() + lifeMaxMs;
  while (generator.acknowledgedCount() - before < pushes && performance.now() < deadline) await sleep(lifePollMs);
}

/** Waits until every delivery to a webhook that is still there has ended; the checks name the rest. */
async function drain(ledger: DatabaseLog, targets: readonly Target[]): Promise<void> {
  const deleted = targets.flatMap((target) => (target.deleted === undefined ? [] : [target.webhookId]));
  const deadline = performance.now() + drainMaxMs;
  while (performance.now() < deadline && (await ledger.countOpen(deleted)) > 0) await sleep(drainPollMs);
}

async function readHistory(call: Call, targets: readonly Target[]): Promise<HistoryItem[]> {
  const now = Date.now();
  const window = { start_time: now - 86_400_000, end_time: now + 60_000, limit: pageSize };
  const pages = await Promise.all(
    targets.map((target) => readPages(call, '/webhook/history/list', { ...window, integration_id: target.webhookId })),
  );
  return pages.flat() as unknown as HistoryItem[];
}

async function readReplays(call: Call): Promise<ListedReplay[]> {
  const { items } = await call('/replay/list', { limit: pageSize });
  return items as ListedReplay[];
}

/** Waits until none runs; the checks name those that do. */
async function replaysOver(call: Call): Promise<void> {
  const deadline = performance.now() + drainMaxMs;
  const running = async () => (await readReplays(call)).some(({ state }) => state === 'running');
  while (performance.now() < deadline && (await running())) await sleep(drainPollMs);
}

async function readAlerts(call: Call): Promise<ListedAlert[]> {
  const now = Math.floor(Date.now() / 1000);
  const window = { start_time: now - 86_400, end_time: now + 60, limit: pageSize };
  return (await readPages(call, '/alert/list', window)) as unknown as ListedAlert[];
}

async function readPages(call: Call, path: string, query: object): Promise<Json[]> {
  const items: Json[] = [];
  let cursor = '';
  do {
    const page = await call(path, { ...query, search_after_ctx: cursor });
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
      nodes: { type: 'string', default: '1' },
    },
  });
  const database = values.database === 'postgres' ? 'postgres' : 'sqlite';
  const began = performance.now();
  const say = (line: string) => {
    const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${seconds} s  ${line}\n`);
  };
  say(`seed ${values.seed}, ${values.rounds} rounds, ${database}, ${values.nodes} nodes`);
  const report = await torture({
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    database,
    nodes: Number(values.nodes),
    say,
  });
  say(JSON.stringify(report.counts));
  for (const fault of report.faults) say(`FAULT ${fault}`);
  say(report.faults.length === 0 ? 'nothing was lost, doubled or out of order' : `${report.faults.length} faults`);
  process.exitCode = report.faults.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
