import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Audit } from '../access/audit.ts';
import { firstEmail, openInstallation, requireUsable } from '../access/first-start.ts';
import { isOpenToOthers, keyFileName, openKeyRing, removeKeyFile } from '../access/master-key-file.ts';
import { operatorLink } from '../access/sign-in-link.ts';
import type { Config } from '../config/settings.ts';
import type { Database } from '../database/database.ts';
import { holdNodeFolder } from '../database/node-folder.ts';
import { databaseFile, openDatabase, waitForRoom } from '../database/open.ts';
import { readConsoleFiles } from '../http/console/console-files.ts';
import type { Listener } from '../http/server/listener.ts';
import { createServer, type Server } from '../http/server/server.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Closing } from '../runtime/closing.ts';
import { crashPoints, noCrashPoints } from '../runtime/crash-points.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import { startLoopMeter } from '../runtime/loop-meter.ts';
import { createMetrics, type Metrics } from '../runtime/metrics.ts';
import { systemRandom } from '../runtime/random.ts';
import { atMost, systemTimers } from '../runtime/timers.ts';
import { firstStart, hostOf, publicUrlOf } from '../config/room-settings.ts';
import { version } from '../version.ts';
import type { Ports } from './configuration.ts';
import { engineOf, serviceOf, type OpenedParts } from './service.ts';

/** A running service. */
export interface App {
  readonly url: string;
  /** The app key that the very first start made for the administrator, to be shown once. */
  readonly firstKey: string | undefined;
  /** Resolves with the reason when the service cannot go on, and accepts nothing any more. */
  readonly broken: Promise<Error>;
  /** A link that signs the administrator in, once; made at the first start only, unless there is a password. */
  readonly firstLink: string | undefined;
  /** The address that the administrator of the first start signs in with. */
  readonly firstEmail: string;
  /** Makes another such link. */
  signInLink(): string;
  /** Drains: accepts nothing new, lets work in flight end, and closes everything in reverse order. */
  close(): Promise<void>;
}

export interface AppOptions {
  /** The crash points of a test; '' = none. */
  readonly crashPlan?: string;
  /** Checks every reply before it goes out: one that breaks its schema becomes a loud 500. */
  readonly checkReplies?: boolean;
  /** The database was restored from a backup: its waiting deliveries may have been sent since. */
  readonly restored?: boolean;
  /** Begin anew, on purpose, where the database of the data folder is gone. */
  readonly anew?: boolean;
  /** The settings by name, as they may be shown. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Ends a start that waits for its database; it waits without a limit. */
  readonly stop?: AbortSignal;
}

/** The service as far as it has come: it listens. */
export interface Listening {
  readonly config: Config;
  readonly options: AppOptions;
  readonly logger: Logger;
  readonly closing: Closing;
  readonly ids: Ids;
  readonly door: Listener;
  readonly connectionsMax: number;
  /** Where the files of the console are. */
  readonly consoleFolder: string;
}

/** Starts everything behind the door, which answers meanwhile that the service starts. */
export async function runBehind({ config, options, logger, closing, ids, door, ...given }: Listening): Promise<App> {
  const { crashPlan = '', checkReplies = false, restored = false, anew = false, settings = {}, stop } = options;
  // A first start, which a wrong setting ends before it has made the folder.
  if (config.databaseUrl === '' && !existsSync(join(config.data, databaseFile))) requireUsable(firstStart(config));
  const waits = databaseOptions(config, logger, door, stop);
  const database = await openDatabase({ ...waits, anew });
  closing.add(() => database.close());
  const audit = new Audit({ database, clock: systemClock, ids });
  const ports: Ports = { database: audit.database, clock: systemClock, ids, random: systemRandom };
  const folder = database.shared === undefined ? undefined : holdNodeFolder(config.data, () => ids.object());
  closing.add(async () => folder?.release());
  const { ring, isNew: isNewKey } = await waitForRoom(waits, () => openKeyRing(config, database.read, systemRandom));
  const keyFile = join(config.data, keyFileName);
  if (config.secretKey === '' && isOpenToOthers(keyFile)) logger.warn({ file: keyFile }, 'secret_key.open_to_others');
  const metrics = createMetrics();
  metrics.addProcess();
  metrics.info('tocsin_build_info', 'What runs here.', { version, database: database.kind, node: process.version });
  showConnections(metrics, door, given.connectionsMax);
  const meter = startLoopMeter({ clock: systemClock, timers: systemTimers }, metrics, logger);
  closing.add(async () => meter.stop());
  const at = crashPlan === '' ? noCrashPoints : crashPoints(crashPlan);
  const parts = {
    config,
    ports,
    database,
    audit,
    ring,
    metrics,
    logger,
    at,
    crashPlan,
    restored,
    checkReplies,
    settings,
  };
  const opened: OpenedParts = { ...parts, nodeName: folder?.name, console: readConsoleFiles(given.consoleFolder) };
  const engine = engineOf(opened);
  const { delivery, links } = engine;
  closing.add(() => engine.activity.flush());
  const founding = { ...ports, sealer: engine.sealer, administrators: engine.administration.members };
  const installation = await openInstallation(founding, firstStart(config)).catch((error: unknown) => {
    // Another node made the installation meanwhile, with its own key.
    if (isNewKey) removeKeyFile(keyFile);
    throw error;
  });
  const service = serviceOf(opened, engine, installation.accountId);
  closing.add(() => service.large.close());
  const server = createServer(service.server, door);
  const ending: Ending = { drained: 0, cut_off: 0, waiting: undefined };
  closing.add(async () => void (ending.waiting = await delivery.waiting()));
  // Also after a start that fails in the middle: left running, it would keep the process from ending.
  closing.add(() => delivery.stop());
  door.waitsFor('the results of attempts that were in flight when it last ended');
  await delivery.start();
  for (const duty of service.duties) {
    duty.start();
    closing.add(() => duty.stop());
  }
  await server.start();
  closing.add(() => server.close());
  // While attempts in flight end, the server still reports itself not ready and answers reads.
  closing.add(async () => {
    const inFlight = delivery.inFlight();
    server.drain();
    await atMost(systemTimers, config.drainSeconds * 1000, delivery.drain());
    ending.cut_off = delivery.inFlight();
    ending.drained = Math.max(0, inFlight - ending.cut_off);
  });
  const left = { ...delivery.recovered(), waiting: await delivery.waiting() };
  logger.info({ version, database: database.kind, ...door.listening, ...left }, 'service.started');
  const { host, port } = door.listening;
  const url = `http://${hostOf(host)}:${port}`;
  const signInLink = () => operatorLink(links, config.publicUrl === '' ? url : publicUrlOf(config), systemClock.now());
  const { firstKey, isNew } = installation;
  const firstLink = isNew && config.adminPassword === '' ? signInLink() : undefined;
  return {
    url,
    firstKey,
    firstLink,
    firstEmail: firstEmail(firstStart(config)),
    signInLink,
    broken: brokenBy(database, server, logger),
    close: () => closeLogged(closing, logger, delivery.inFlight(), ending),
  };
}

/** What became of the deliveries when the service stopped. */
interface Ending {
  /** Attempts in flight that ended in time. */
  drained: number;
  /** Attempts in flight that were ended. */
  cut_off: number;
  /** Left for the next start; `undefined` when the database was away. */
  waiting: number | undefined;
}

async function closeLogged(closing: Closing, logger: Logger, inFlight: number, ending: Ending): Promise<void> {
  const begun = systemClock.monotonic();
  logger.info({ in_flight: inFlight }, 'service.stopping');
  await closing.run();
  logger.info({ after_ms: Math.round(systemClock.monotonic() - begun), ...ending }, 'service.stopped');
}

/** A start waits for a PostgreSQL server that is away and for room on a full disk, until it is stopped. */
function databaseOptions(config: Config, logger: Logger, door: Listener, stop: AbortSignal | undefined) {
  const report = (why: string | undefined) => door.waitsFor(why === undefined ? why : `its database: ${why}`);
  return {
    url: config.databaseUrl,
    prepare: config.databasePrepare,
    folder: config.data,
    traces: [keyFileName],
    clock: systemClock,
    timers: systemTimers,
    logger,
    waiting: stop === undefined ? undefined : { stop, report },
    inBackground: true,
  };
}

/** Once the database is gone, nothing more is taken. */
async function brokenBy(database: Database, server: Server, logger: Logger): Promise<Error> {
  const reason = await (database.gone ?? new Promise<never>(() => {}));
  logger.error({ error: reason.message }, 'database.gone');
  server.drain();
  return reason;
}

function showConnections(metrics: Metrics, door: Listener, max: number): void {
  metrics.gauge('tocsin_connections_open', 'Connections to the service.', () => door.connections);
  metrics.gauge(
    'tocsin_connections_limit',
    'Connections that may be open at once: TOCSIN_CONNECTIONS, or what ulimit -n leaves.',
    () => max,
  );
}
