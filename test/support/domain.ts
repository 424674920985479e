import { openInstallation } from '../../src/access/first-start.ts';
import { createSealer } from '../../src/access/sealer.ts';
import type { AlertReport } from '../../src/alerts/alert.ts';
import { defaultSettings, type ChannelSettings } from '../../src/channels/channel.ts';
import type { Database } from '../../src/database/database.ts';
import type { Event, FanOut, Person } from '../../src/events/event.ts';
import { ingest, type IngestParts, type Push, type PushCounts } from '../../src/ingestion/ingest.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { administrationOf, configurationOn, domainOf } from '../../src/services.ts';

/** A clock that stands still until it is moved. */
export class TestClock {
  #now: number;

  constructor(now = 1_780_000_000_000) {
    this.#now = now;
  }

  now = (): number => this.#now;
  monotonic = (): number => this.#now;

  move(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export const ada: Person = { person_id: 5001, person_name: 'Ada', email: 'ada@example.test' };

/** The domain on a database, without delivery: what it owes is kept in `owed`, in order. */
export async function domainOn(database: Database, settings: Partial<ChannelSettings> = {}) {
  const clock = new TestClock();
  const ports = { database, clock, ids: systemIds(clock, systemRandom), random: systemRandom };
  const sealer = createSealer(new Uint8Array(32), systemRandom);
  const kept = configurationOn(ports, sealer);
  const administration = administrationOf(ports, kept, {
    deliveries: { cancel: async () => 0, wake: () => {} },
    policy: { refusal: () => undefined, ownHosts: [] },
  });
  await openInstallation(
    { ...ports, sealer, administrators: administration.members },
    { accountId: 10_010_001_001, administratorName: 'Ada', administratorEmail: 'ada@example.test', appKey: '' },
  );
  const channel = await administration.channels.create({ name: 'Web', ...defaultSettings, ...settings }, 0);
  const integration = await administration.integrations.create(
    { name: 'prom', type: 'prometheus', channelId: channel.channelId },
    0,
  );
  const owed: Event[] = [];
  const fanOut: FanOut = {
    owe: async (tx, events) => tx.afterCommit(() => owed.push(...events)),
  };
  const account = { accountId: 10_010_001_001, accountName: 'Demo', consoleUrl: 'https://duty.example.test' };
  const { parts, incidents, edits, alerts, customActions } = domainOf(ports, kept, account, fanOut);
  const ingestParts: IngestParts = { ...parts, mergeWindowMs: 24 * 3_600_000 };
  const push = (reports: readonly AlertReport[], channelId = channel.channelId): Push => ({
    integrationId: integration.integrationId,
    channelId,
    reports,
  });
  return {
    database,
    clock,
    channel,
    integration,
    administration,
    parts,
    account,
    incidents,
    edits,
    alerts,
    customActions,
    owed,
    push,
    ingest: (pushes: readonly Push[]): Promise<PushCounts[]> => ingest(ingestParts, () => pushes),
    /** Takes the reports of one push and gives the types of the events that they made. */
    report: async (...reports: AlertReport[]): Promise<string[]> => {
      const before = owed.length;
      await ingest(ingestParts, () => [push(reports)]);
      return owed.slice(before).map((event) => event.type);
    },
  };
}

/** The same, closed with its database when the test is done. */
export async function disposableDomain(open: () => Promise<Database>, settings: Partial<ChannelSettings> = {}) {
  const domain = await domainOn(await open(), settings);
  return Object.assign(domain, { [Symbol.asyncDispose]: () => domain.database.close() });
}

export type Domain = Awaited<ReturnType<typeof domainOn>>;

export function report(changes: Partial<AlertReport> = {}): AlertReport {
  return {
    alertKey: 'disk:db-3',
    title: 'db-3 / disk usage',
    titleRule: '',
    description: '91% full',
    status: 'Warning',
    labels: { resource: 'db-3' },
    images: [],
    eventTime: 1_780_000_000_000,
    ...changes,
  };
}
