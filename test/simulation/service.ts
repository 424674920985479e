import { createSecretBox, type SecretBox } from '../../src/access/secret-box.ts';
import { partOf } from '../../src/database/config-snapshot.ts';
import { migrate } from '../../src/database/migrate.ts';
import { migrations } from '../../src/database/migrations/index.ts';
import type { Database } from '../../src/database/database.ts';
import { openSqlite } from '../../src/database/sqlite/open.ts';
import { openInstallation } from '../../src/access/first-start.ts';
import { defaultSettings } from '../../src/channels/channel.ts';
import type { QueueLimits } from '../../src/delivery/queue/memory-budget.ts';
import type { HttpClient } from '../../src/egress/http-client.ts';
import type { Push } from '../../src/ingestion/ingest.ts';
import { createPushQueue } from '../../src/ingestion/push-queue.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { administrationOf, configurationOn, type Ports } from '../../src/wiring/configuration.ts';
import { domainOf, replayOn } from '../../src/wiring/domain.ts';
import { createTestEngine } from '../support/delivery-engine.ts';
import { Chance } from './chance.ts';
import { simulatedIds, type ProcessLifetime } from './process-lifetime.ts';
import type { Variant } from './mutants.ts';

/** When the virtual world begins, Unix milliseconds. */
export const worldStart = 1_780_000_000_000;

const accountId = 10_010_001_001;
const account = { accountId, accountName: 'Simulated', consoleUrl: 'https://tocsin.example.com' };
const policy = { refusal: () => undefined, ownHosts: [] };
/** Shorter than the steps of the clock, so that runs come to forget history. */
const historyDays = 1;
const mergeWindowMs = 24 * 3_600_000;

export function sealerOf(chance: Chance): SecretBox {
  return createSecretBox([new Uint8Array(32).fill(7)], chance);
}

/** Where things are in every run. */
export interface Place {
  readonly channelIds: readonly number[];
  readonly integrationId: number;
}

/** A database with the schema, an installation, two channels and a source: made once, copied for each run. */
export async function makeTemplate(file: string): Promise<Place> {
  const chance = new Chance(1n);
  const clock = { now: () => worldStart - 1_000, monotonic: () => 0 };
  const database = await openSqlite({ file, clock, timers: systemTimers });
  await migrate(database, migrations);
  const ports: Ports = { database, clock, ids: simulatedIds(clock, chance), random: chance };
  const sealer = sealerOf(chance);
  const { administration } = administered(ports, sealer, {
    cancel: () => Promise.resolve(0),
    resume() {},
    retryNow: () => Promise.resolve(0),
  });
  await openInstallation(
    { ...ports, sealer, administrators: administration.members },
    {
      accountId,
      administratorName: 'Ada',
      administratorEmail: 'ada@example.com',
      administratorPassword: '',
      appKey: '',
    },
  );
  const channelIds: number[] = [];
  for (const name of ['Web', 'Disks']) {
    channelIds.push((await administration.channels.create({ name, ...defaultSettings }, 0)).channelId);
  }
  const source = { name: 'prom', type: 'prometheus' as const, channelId: channelIds[0] ?? 0 };
  const { integrationId } = await administration.integrations.create(source, 0);
  await database.close();
  return { channelIds, integrationId };
}

function administered(
  ports: Ports,
  sealer: SecretBox,
  deliveries: Parameters<typeof administrationOf>[2]['deliveries'],
) {
  const kept = configurationOn(ports, sealer);
  return { kept, administration: administrationOf(ports, kept, { deliveries, policy }) };
}

export type Service = ReturnType<typeof createService>;

export interface ServiceParts {
  readonly life: ProcessLifetime;
  readonly database: Database;
  readonly sender: HttpClient;
  readonly chance: Chance;
  readonly logger: Logger;
  /** How this run's service is broken on purpose; usually not at all. */
  readonly variant: Variant;
  readonly queueLimits: QueueLimits;
}

/** The service as `app.ts` puts it together, without HTTP, on simulated ports. */
export function createService({ life, chance, logger, variant, queueLimits, ...given }: ServiceParts) {
  const database = variant.database?.(given.database, life.clock.now) ?? given.database;
  const sender = variant.sender?.(given.sender, life) ?? given.sender;
  const clock = variant.clock?.(life.clock) ?? life.clock;
  const timers = variant.timers?.(life.timers) ?? life.timers;
  const ports: Ports = { database, clock, ids: simulatedIds(life.clock, chance.fork('ids')), random: chance };
  const kept = configurationOn(ports, sealerOf(chance.fork('sealer')));
  const webhooks = partOf(kept.config, 'webhooks');
  const delivery = createTestEngine(
    {
      ...ports,
      timers,
      http: sender,
      webhooks: variant.webhooks?.(webhooks) ?? webhooks,
      at: life.at,
      metrics: life.metrics(),
      logger,
      queueLimits,
    },
    { allow: [], historyDays },
  );
  const deliveries = variant.deliveries?.(delivery.deliveries) ?? delivery.deliveries;
  const { replays, runner } = replayOn(ports, kept, {
    timers,
    at: life.at,
    logger,
    historyDays,
    delivery: { handOff: delivery.handOff, deliveries },
    changed() {},
  });
  const administration = administrationOf(ports, kept, { deliveries, policy });
  const fanOut = variant.fanOut?.(delivery.fanOut, database) ?? delivery.fanOut;
  const domain = domainOf(ports, kept, account, fanOut);
  const pushes = createPushQueue({ ...domain.parts, mergeWindowMs, takesMaxMs: Infinity });
  return {
    life,
    ingest: (push: Push) => pushes.add(push),
    incidents: domain.incidents,
    alerts: domain.alerts,
    webhooks: administration.webhooks,
    resend: delivery.resend,
    replays,
    async start() {
      await delivery.start();
      runner.start();
    },
    async stop() {
      await pushes.drain();
      await runner.stop();
      await delivery.drain();
      await delivery.stop();
      await given.database.close();
    },
  };
}
