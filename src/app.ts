import { join } from 'node:path';
import { Audit } from './access/audit.ts';
import { openInstallation, type FirstStartSettings } from './access/first-start.ts';
import { Forgetting } from './access/forgetting.ts';
import { IdempotencyStore } from './access/idempotency-store.ts';
import { loadOrCreateKeyFile } from './access/key-file.ts';
import { createSealer, parseSealingKey } from './access/sealer.ts';
import type { Config } from './config.ts';
import { Batcher } from './database/batcher.ts';
import type { Database } from './database/database.ts';
import { holdNodeFolder } from './database/node-folder.ts';
import { openDatabase } from './database/open.ts';
import { readRevision } from './database/revision.ts';
import { createDelivery, type DeliverySettings } from './delivery/engine.ts';
import { openDoor, type Door } from './http/door.ts';
import { createServer } from './http/server.ts';
import type { ServerLimits, ServerLog, ServerOptions } from './http/server-options.ts';
import { pushShapes } from './http/shapes/push.ts';
import { apiRoutes } from './http/routes/index.ts';
import { Timekeeper } from './incidents/timekeeper.ts';
import { Gateway } from './ingestion/gateway.ts';
import { ingest, type Push, type PushCounts } from './ingestion/ingest.ts';
import { createIngestionMetrics } from './ingestion/ingestion-metrics.ts';
import { personOf } from './members/member.ts';
import { systemClock } from './runtime/clock.ts';
import { crashPoints, noCrashPoints } from './runtime/crash-points.ts';
import { systemIds } from './runtime/ids.ts';
import { createLogger, type Logger, type LogLevel } from './runtime/logger.ts';
import { createMetrics, type Metrics } from './runtime/metrics.ts';
import { systemRandom } from './runtime/random.ts';
import { systemTimers } from './runtime/timers.ts';
import { administrationOf, configurationOn, domainOf, type Configuration, type Ports } from './services.ts';
import { version } from './version.ts';

/** A running service. */
export interface App {
  readonly url: string;
  /** The app key that was made for the administrator, at the very first start only: to be shown once. */
  readonly firstKey: string | undefined;
  /** Drains: takes nothing new, lets what is in flight end, and closes everything in reverse order. */
  close(): Promise<void>;
}

export interface AppOptions {
  /** Where a test wants the process killed; '' = nowhere. */
  readonly crashPlan?: string;
  /** Looks at every reply before it goes out: one that breaks its schema becomes a loud 500. */
  readonly checkReplies?: boolean;
  /** The database was restored from a backup: what waits in it may have been sent since. */
  readonly restored?: boolean;
  /** Ends a start that waits for its database, which it does for as long as it takes. */
  readonly stop?: AbortSignal;
}

/**
 * Builds everything once and starts it, each part after those that it rests on. It listens from the beginning, and says
 * that it is not ready until the end.
 * @throws Failure or DatabaseFailure with a sentence for the operator; the reason of `stop` when that has ended it.
 */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const logger = createLogger(config.logLevel as LogLevel);
  const closing = new Closing();
  try {
    return await start(config, options, logger, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function start(config: Config, options: AppOptions, logger: Logger, closing: Closing): Promise<App> {
  const { crashPlan = '', checkReplies = false, restored = false, stop } = options;
  const ids = systemIds(systemClock, systemRandom);
  // Before anything is done to a database, so that a port that is taken is all that there is to mend.
  const door = await openDoor({ ...serverSettings(config), checkReplies, ids, log: serverLog(logger) });
  closing.add(() => door.close());
  logger.info({ version, ...door.listening }, 'service.listening');
  const database = await databaseOf(config, logger, door, stop);
  closing.add(() => database.close());
  const audit = new Audit({ database, clock: systemClock, ids });
  const ports: Ports = { database: audit.database, clock: systemClock, ids, random: systemRandom };
  const folder = database.shared === undefined ? undefined : holdNodeFolder(config.data, () => ids.object());
  closing.add(async () => folder?.release());
  const sealer = createSealer(sealingKey(config), systemRandom);
  const metrics = createMetrics();
  const kept = configurationOn(ports, sealer);
  const at = crashPlan === '' ? noCrashPoints : crashPoints(crashPlan);
  const delivery = createDelivery(
    { ...ports, timers: systemTimers, webhooks: kept.webhooks, at, metrics, logger, version, nodeName: folder?.name },
    { ...deliverySettings(config), restored },
  );
  const policy = { refusal: delivery.refusesName, ownHosts: ownHosts(config) };
  const administration = administrationOf(ports, kept, { deliveries: delivery.deliveries, policy });
  const { accountId, firstKey } = await openInstallation(
    { ...ports, sealer, administrators: administration.members },
    firstStart(config),
  );
  const account = { accountId, accountName: config.accountName, consoleUrl: publicUrl(config) };
  const domain = domainOf(ports, kept, account, delivery.fanOut);
  const idempotency = new IdempotencyStore(database, sealer);
  const services = {
    ...domain.parts,
    ...administration,
    ...domain,
    customActions: domain.customActions(delivery.actions),
    account,
    audit,
    publicUrl: account.consoleUrl,
    trial: delivery.trial,
    resend: delivery.resend,
    egress: egressInfo(config),
  };
  const serverOptions: ServerOptions = {
    ...serverSettings(config),
    routes: apiRoutes(services),
    ingestion: gatewayOf(config, kept, domain, metrics),
    authenticate: async (key) => {
      const found = await administration.authenticator.authenticate(key);
      return found === undefined ? undefined : { person: personOf(found.member), role: found.member.role };
    },
    idempotency,
    health: { notReady: () => notReady(database) },
    metrics: () => metrics.text(),
    pushes: pushShapes,
    checkReplies,
    ids,
    log: serverLog(logger),
  };
  const server = createServer(serverOptions, door);
  // Also what a start has begun that fails in the middle: left running, it would keep the process from ending.
  closing.add(() => delivery.stop());
  door.waitsFor('what was in flight when it last ended to be settled');
  await delivery.start();
  const duties = { ...domain.parts, database, timers: systemTimers, logger };
  for (const duty of [new Timekeeper(duties), new Forgetting({ ...duties, idempotency })]) {
    duty.start();
    closing.add(() => duty.stop());
  }
  await server.start();
  closing.add(() => server.close());
  // While pushes get their results the server still says that it is not ready, and answers what only reads.
  closing.add(() => {
    server.drain();
    return atMost(config.drainSeconds * 1000, delivery.drain());
  });
  logger.info({ version, database: database.kind, ...door.listening }, 'service.started');
  const { host, port } = door.listening;
  return { url: `http://${hostOf(host)}:${port}`, firstKey, close: () => closing.run() };
}

/** Waits for a PostgreSQL server that is away until it is told to stop; what will not pass by itself ends the start. */
async function databaseOf(
  config: Config,
  logger: Logger,
  door: Door,
  stop: AbortSignal | undefined,
): Promise<Database> {
  const told = (why: string | undefined) => door.waitsFor(why === undefined ? why : `its database: ${why}`);
  return openDatabase({
    url: config.databaseUrl,
    folder: config.data,
    clock: systemClock,
    timers: systemTimers,
    logger,
    waiting: stop === undefined ? undefined : { stop, told },
    logBeside: true,
  });
}

/** Where monitoring systems push to. What waits at the same moment is taken in together. */
function gatewayOf(
  config: Config,
  kept: Configuration,
  domain: ReturnType<typeof domainOf>,
  metrics: Metrics,
): Gateway {
  const parts = { ...domain.parts, mergeWindowMs: config.eventHours * 3_600_000 };
  const pushes = new Batcher<Push, PushCounts>({ run: (take) => ingest(parts, take) });
  return new Gateway({
    integrations: kept.integrations,
    channels: kept.channels,
    people: kept.people,
    incidents: domain.incidents,
    ingest: (push) => pushes.add(push),
    observe: createIngestionMetrics(metrics).observe,
    clock: systemClock,
    ids: parts.ids,
  });
}

function deliverySettings(config: Config): DeliverySettings {
  return {
    allow: config.egressAllow,
    bind: config.egressBind,
    proxy: config.egressProxy,
    historyDays: config.historyDays,
    leaseMs: config.leaseSeconds * 1000,
  };
}

function firstStart(config: Config): FirstStartSettings {
  const { accountId, adminEmail: administratorEmail, appKey } = config;
  return { accountId, administratorName: '', administratorEmail, appKey };
}

function serverSettings(config: Config) {
  return {
    listen: config.listen,
    hosts: ownHosts(config),
    publicUrl: config.publicUrl,
    limits: limitsOf(config),
    version,
    clock: systemClock,
    timers: systemTimers,
  };
}

/** Goes on after so long, whether or not the work has ended. */
async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let cancel = () => {};
  const enough = new Promise<void>((resolve) => (cancel = systemTimers.after(milliseconds, resolve)));
  await Promise.race([work, enough]).finally(() => cancel());
}

/** What is to be closed, in the order in which it was opened. */
class Closing {
  readonly #steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /** In reverse; one that fails does not keep the others from closing. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the service could not be closed cleanly');
  }
}

/** The given key, or one that is made in the data folder at the first start. */
function sealingKey(config: Config): Uint8Array {
  if (config.secretKey !== '') return parseSealingKey(config.secretKey);
  return loadOrCreateKeyFile(join(config.data, 'secret.key'), systemRandom);
}

function publicUrl(config: Config): string {
  if (config.publicUrl !== '') return config.publicUrl.replace(/\/$/, '');
  return `http://${hostOf(config.listen.host)}:${config.listen.port}`;
}

/** As it is written in a URL; who listens on all addresses is reached on this one. */
function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** Names under which this service is spoken to; a webhook to one of them would push to itself. */
function ownHosts(config: Config): string[] {
  const own = config.publicUrl === '' ? [] : [new URL(config.publicUrl).hostname];
  return [...own, ...config.trustedHosts];
}

function egressInfo(config: Config) {
  const listed = config.egressAllow.length > 0;
  return {
    source_addresses: [...config.egressPublished],
    user_agent: `Tocsin/${version}`,
    guard: {
      private_addresses: listed ? ('allowed_where_listed' as const) : ('refused' as const),
      allowed: [...config.egressAllow],
    },
  };
}

function limitsOf(config: Config): ServerLimits {
  return {
    bodyMaxBytes: config.bodyBytes,
    headersMaxBytes: config.headerBytes,
    headerTimeoutMs: config.headerSeconds * 1000,
    requestTimeoutMs: config.requestSeconds * 1000,
    connectionsMax: config.connections,
    drainMs: config.drainSeconds * 1000,
    apiPerSecond: config.apiRate,
    ingestPerSecond: config.ingestRate,
  };
}

/** With less on the disk of the data folder, a push with all that follows from it may not find room. */
const roomMinBytes = 1024 * 1024;

/** A transaction shows that the database can do its work, since it takes the writer's lock, but not that there is room. */
async function notReady(database: Database): Promise<string[]> {
  const reasons: string[] = [];
  try {
    await database.transaction((tx) => readRevision(tx.query));
  } catch (error) {
    reasons.push(`the database does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
  const room = await database.roomBytes?.();
  if (room !== undefined && room < roomMinBytes) {
    reasons.push(`the disk of TOCSIN_DATA has ${room} bytes left, and ${roomMinBytes} are needed: free some`);
  }
  return reasons;
}

function serverLog(logger: Logger): ServerLog {
  return {
    warn: (event, fields) => logger.warn(fields, event),
    error: (event, fields) => logger.error(fields, event),
  };
}
