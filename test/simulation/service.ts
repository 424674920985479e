import { createSealer, type Sealer } from '../../src/access/sealer.ts';
import { Batcher } from '../../src/database/batcher.ts';
import { migrate } from '../../src/database/migrate.ts';
import { migrations } from '../../src/database/migrations/index.ts';
import type { Database } from '../../src/database/database.ts';
import { openSqlite } from '../../src/database/sqlite.ts';
import { openInstallation } from '../../src/access/first-start.ts';
import { defaultSettings } from '../../src/channels/channel.ts';
import { createDelivery, type DeliveryParts } from '../../src/delivery/engine.ts';
import type { Sender } from '../../src/delivery/sender.ts';
import { ingest, type Push, type PushCounts } from '../../src/ingestion/ingest.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { administrationOf, configurationOn, domainOf, type Ports } from '../../src/services.ts';
import { Chance } from './chance.ts';
import { simulatedIds, type Life } from './life.ts';
import type { Variant } from './mutants.ts';

/** When the virtual world begins, Unix milliseconds. */
export const worldStart = 1_780_000_000_000;

const accountId = 10_010_001_001;
const account = { accountId, accountName: 'Simulated', consoleUrl: 'https://tocsin.example.com' };
const policy = { refusal: () => undefined, ownHosts: [] };
/** Shorter than the steps of the clock, so that runs come to forget history. */
const historyDays = 1;
const mergeWindowMs = 24 * 3_600_000;

export function sealerOf(chance: Chance): Sealer {
  return createSealer(new Uint8Array(32).fill(7), chance);
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
  const { administration } = administered(ports, sealer, { cancel: () => Promise.resolve(0), wake() {} });
  await openInstallation(
    { ...ports, sealer, administrators: administration.members },
    { accountId, administratorName: 'Ada', administratorEmail: 'ada@example.com', appKey: '' },
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

function administered(ports: Ports, sealer: Sealer, deliveries: Parameters<typeof administrationOf>[2]['deliveries']) {
  const kept = configurationOn(ports, sealer);
  return { kept, administration: administrationOf(ports, kept, { deliveries, policy }) };
}

export type Service = ReturnType<typeof createService>;

export interface ServiceParts {
  readonly life: Life;
  readonly database: Database;
  readonly sender: Sender;
  readonly chance: Chance;
  readonly logger: Logger;
  /** How this run's service is broken on purpose; usually not at all. */
  readonly variant: Variant;
}

/** The service as `app.ts` puts it together, without HTTP, on simulated ports. */
export function createService({ life, chance, logger, variant, ...given }: ServiceParts) {
  const database = variant.database?.(given.database, life.clock.now) ?? given.database;
  const sender = variant.sender?.(given.sender, life) ?? given.sender;
  const clock = variant.clock?.(life.clock) ?? life.clock;
  const timers = variant.timers?.(life.timers) ?? life.timers;
  const ports: Ports = { database, clock, ids: simulatedIds(life.clock, chance.fork('ids')), random: chance };
  const kept = configurationOn(ports, sealerOf(chance.fork('sealer')));
  const parts: DeliveryParts & { sender: Sender } = {
    ...ports,
    timers,
    sender,
    webhooks: variant.webhooks?.(kept.webhooks) ?? kept.webhooks,
    at: life.at,
    metrics: life.metrics(),
    logger,
    version: '0.0.0-simulated',
  };
  const delivery = createDelivery(parts, { allow: [], bind: [], proxy: '', historyDays });
  const deliveries = variant.deliveries?.(delivery.deliveries) ?? delivery.deliveries;
  const administration = administrationOf(ports, kept, { deliveries, policy });
  const fanOut = variant.fanOut?.(delivery.fanOut, database) ?? delivery.fanOut;
  const domain = domainOf(ports, kept, account, fanOut);
  const ingestParts = { ...domain.parts, channels: kept.channels, mergeWindowMs };
  const pushes = new Batcher<Push, PushCounts>({ run: (take) => ingest(ingestParts, take) });
  return {
    life,
    ingest: (push: Push) => pushes.add(push),
    incidents: domain.incidents,
    alerts: domain.alerts,
    webhooks: administration.webhooks,
    resend: delivery.resend,
    start: () => delivery.start(),
    async stop() {
      await pushes.drain();
      await delivery.drain();
      await delivery.stop();
      await given.database.close();
    },
  };
}
