import { join } from 'node:path';
import type { Config } from './config/settings.ts';
import { serverSettings } from './config/room-settings.ts';
import { openListener } from './http/server/listener.ts';
import { serverLog } from './http/server/server-options.ts';
import { systemClock } from './runtime/clock.ts';
import { Closing } from './runtime/closing.ts';
import { connectionsWithin, descriptorsMax } from './runtime/descriptors.ts';
import { systemIds } from './runtime/ids.ts';
import { createLogger, type Logger } from './runtime/logger.ts';
import { systemRandom } from './runtime/random.ts';
import { inTurns } from './runtime/turns.ts';
import { runningFrom, version } from './version.ts';
import type { App, AppOptions } from './wiring/running-app.ts';

export type { App, AppOptions } from './wiring/running-app.ts';

/**
 * Builds everything once and starts it, each part after those that it needs. Listens from the beginning, and reports
 * itself not ready until the end.
 * @throws Failure or DatabaseFailure with a sentence for the operator; the reason of `stop` when that ended it.
 */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const logger = createLogger(config.logLevel);
  const closing = new Closing();
  try {
    return await start(config, options, logger, closing);
  } catch (error) {
    // Why it did not start matters more than that something which had not started could not be closed.
    await closing.run().catch((left: unknown) => logger.warn({ error: left }, 'service.not_closed'));
    throw error;
  }
}

async function start(config: Config, options: AppOptions, logger: Logger, closing: Closing): Promise<App> {
  const ids = systemIds(systemClock, systemRandom);
  // Before the database is touched, so that a taken port is the only thing to correct.
  const forServer = serverSettings(config);
  const connectionsMax = connectionsWithin(descriptorsMax(), config.connections);
  const limits = { ...forServer.limits, connectionsMax };
  const { checkReplies = false } = options;
  const door = await openListener({ ...forServer, limits, checkReplies, ids, log: serverLog(logger) });
  closing.add(() => door.close());
  logger.info({ version, runs: runningFrom, ...door.listening }, 'service.listening');
  if (connectionsMax < config.connections) logger.info({ connectionsMax }, 'connections.limited');
  await inTurns(parts, (load) => load());
  const { runBehind } = await import('./wiring/running-app.ts');
  return runBehind({ config, options, logger, closing, ids, door, connectionsMax, consoleFolder });
}

/** The rest of the service, after which `wiring` loads at once. Between two of them, requests are answered. */
const parts: readonly (() => Promise<unknown>)[] = [
  () => import('./database/open.ts'),
  () => import('./delivery/engine.ts'),
  () => import('./http/routes/index.ts'),
];

/** Beside `src` and `dist`, where the build puts it. */
const consoleFolder = join(import.meta.dirname, '..', 'console', 'dist');
