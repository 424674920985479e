import { ExpiryWorker } from '../access/expiry-worker.ts';
import { IdempotencyStore } from '../access/idempotency-store.ts';
import type { Audit } from '../access/audit.ts';
import { createSecretBox, type KeyRing } from '../access/secret-box.ts';
import { createLinkSigner } from '../access/sign-in-link.ts';
import { deliverySettings, egressInfo, ownHosts, publicUrlOf, serverSettings } from '../config/room-settings.ts';
import type { Config } from '../config/settings.ts';
import { partOf } from '../database/config-snapshot.ts';
import type { Database } from '../database/database.ts';
import { notReady } from '../database/readiness.ts';
import { createDelivery } from '../delivery/engine.ts';
import { deliveryHint, replayHint } from '../http/live/hint.ts';
import type { ConsoleFiles } from '../http/console/console-files.ts';
import { apiRoutes } from '../http/routes/index.ts';
import { pushShapes } from '../http/schemas/push.ts';
import { createBrowsers } from '../http/server/browsers.ts';
import { createHttpMetrics } from '../http/server/http-metrics.ts';
import { LargePushParser } from '../http/server/large-push-parser.ts';
import { serverLog, type ServerOptions } from '../http/server/server-options.ts';
import { DeadlineWorker } from '../incidents/deadline-worker.ts';
import { ActivityRecorder } from '../ingestion/activity-recorder.ts';
import { createIngestionMetrics } from '../ingestion/metrics.ts';
import { SnsGate } from '../ingestion/sns.ts';
import { personOf } from '../members/member.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { systemTimers } from '../runtime/timers.ts';
import { version } from '../version.ts';
import { administrationOf, configurationOn, sessionsOf, type Ports } from './configuration.ts';
import { domainOf, liveOn, pushReceiverOf, replayOn } from './domain.ts';

/** What the start has opened, and how it was asked to run. */
export interface OpenedParts {
  readonly config: Config;
  /** Its transactions write the audit log; `database` is the same one without. */
  readonly ports: Ports;
  readonly database: Database;
  readonly audit: Audit;
  readonly ring: KeyRing;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly at: CrashPoints;
  /** The crash points of a test; '' = none. */
  readonly crashPlan: string;
  /** See `delivery/cluster/node.ts`. */
  readonly nodeName: string | undefined;
  readonly restored: boolean;
  readonly checkReplies: boolean;
  /** The settings by name, as they may be shown. */
  readonly settings: Readonly<Record<string, string>>;
  readonly console: ConsoleFiles | undefined;
}

/** The parts that need no installation yet. */
export type Engine = ReturnType<typeof engineOf>;

export function engineOf({
  config,
  ports,
  database,
  audit,
  ring,
  metrics,
  logger,
  at,
  nodeName,
  crashPlan,
  restored,
}: OpenedParts) {
  const sealer = createSecretBox(ring, ports.random);
  const links = createLinkSigner(ring, ports.random);
  const kept = configurationOn(ports, sealer);
  const live = liveOn(ports, logger);
  const delivery = createDelivery(
    {
      ...ports,
      timers: systemTimers,
      webhooks: partOf(kept.config, 'webhooks'),
      at,
      metrics,
      logger,
      version,
      nodeName,
      changed: (change) => live.publish(deliveryHint(change)),
    },
    { ...deliverySettings(config), crashPlan, restored },
  );
  const replaying = replayOn(ports, kept, {
    at,
    timers: systemTimers,
    logger,
    delivery,
    historyDays: config.historyDays,
    changed: (progress) => live.publish(replayHint(progress)),
  });
  const policy = { refusal: delivery.refusesName, ownHosts: ownHosts(config) };
  const activity = new ActivityRecorder({ database, clock: ports.clock, timers: systemTimers, logger });
  const administration = administrationOf(ports, kept, { deliveries: delivery.deliveries, policy, activity });
  const sessions = sessionsOf(ports, kept, { members: administration.members, links, audit });
  return { sealer, links, kept, live, delivery, replaying, activity, administration, sessions };
}

/** The parts that act for the account: the server's, and the work that is done again and again. */
export function serviceOf(opened: OpenedParts, engine: Engine, accountId: number) {
  const { config, ports, database, audit, metrics, logger } = opened;
  const { kept, live, delivery, replaying, activity, administration, sessions } = engine;
  const account = { accountId, accountName: config.accountName, consoleUrl: publicUrlOf(config) };
  const domain = domainOf(ports, kept, account, delivery.fanOut);
  const idempotency = new IdempotencyStore(database, engine.sealer);
  const large = new LargePushParser();
  const isNotReady = () => notReady(database);
  const services = {
    ...domain.parts,
    ...administration,
    ...domain,
    sessions,
    customActions: domain.customActions(delivery.actions),
    account,
    audit,
    publicUrl: account.consoleUrl,
    trial: delivery.trial,
    health: delivery.health,
    resend: delivery.resend,
    build: delivery.build,
    replays: replaying.replays,
    egress: egressInfo(config),
    installed: { version, historyDays: config.historyDays, settings: opened.settings, notReady: isNotReady },
  };
  const server: ServerOptions = {
    ...serverSettings(config),
    routes: apiRoutes(services),
    ingestion: pushReceiverOf(domain, kept, {
      activity,
      metrics: createIngestionMetrics(metrics, config.pushDeliveries),
      parseLarge: (parts, type, context, integrationId) => large.parse({ parts, type, context, integrationId }),
      sns: new SnsGate({ read: (url) => delivery.readPage(url), clock: ports.clock }),
      log: (event, fields) => logger.warn(fields, event),
      mergeWindowMs: config.eventHours * 3_600_000,
      deliveriesMax: config.pushDeliveries,
    }),
    authenticate: async (key) => {
      const found = await administration.authenticator.authenticate(key);
      return found === undefined ? undefined : { person: personOf(found.member), role: found.member.role };
    },
    browsers: createBrowsers(config.publicUrl, sessions, administration.members),
    live,
    console: opened.console,
    idempotency,
    health: { notReady: isNotReady },
    metrics: () => metrics.text(),
    requests: createHttpMetrics(metrics),
    pushes: pushShapes,
    checkReplies: opened.checkReplies,
    ids: ports.ids,
    log: serverLog(logger),
  };
  const duty = { ...domain.parts, database, timers: systemTimers, logger };
  const purgeChanges = (now: number, max: number) => domain.changes.purge(now, max);
  const duties = [
    new DeadlineWorker(duty),
    new ExpiryWorker({ ...duty, idempotency, sessions: kept.stores.sessions, purgeChanges }),
    replaying.runner,
  ];
  return { server, duties, large };
}
