import { Audit } from '../../src/access/audit.ts';
import { openInstallation, type FirstStartSettings } from '../../src/access/first-start.ts';
import { createSecretBox } from '../../src/access/secret-box.ts';
import { createLinkSigner } from '../../src/access/sign-in-link.ts';
import type { AlertReport } from '../../src/alerts/alert.ts';
import { defaultSettings, type ChannelSettings } from '../../src/channels/channel.ts';
import { partOf } from '../../src/database/config-snapshot.ts';
import type { Database } from '../../src/database/database.ts';
import { WebhookHealthReader } from '../../src/delivery/history/webhook-health.ts';
import type { Event, FanOut, Person } from '../../src/events/event.ts';
import type { Caller } from '../../src/http/server/auth.ts';
import { ingest, type IngestParts, type Push } from '../../src/ingestion/ingest.ts';
import { createPushQueue } from '../../src/ingestion/push-queue.ts';
import type { PushCounts, PushResult } from '../../src/ingestion/push-result.ts';
import { personOf } from '../../src/members/member.ts';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import type { EndpointPolicy } from '../../src/webhooks/endpoint.ts';
import type { TestPush } from '../../src/webhooks/ports.ts';
import { administrationOf, configurationOn, sessionsOf } from '../../src/wiring/configuration.ts';
import { domainOf } from '../../src/wiring/domain.ts';

/** The first administrator, as a caller of services. */
export const ada: Person = { person_id: 5001, person_name: 'Ada', email: 'ada@example.test' };

export const sealingKey = new Uint8Array(32).fill(7);
const account = { accountId: 10_000_000_000_001, accountName: 'Demo', consoleUrl: 'https://tocsin.example.org' };
const mergeWindowMs = 24 * 3_600_000;

/** Refuses one host, so that a test can see that the policy is asked. */
const policy: EndpointPolicy = {
  refusal: (host) => (host === 'refused.example' ? 'refused by the test' : undefined),
  ownHosts: ['tocsin.example.org'],
};

const settings = {
  account,
  publicUrl: account.consoleUrl,
  installed: {
    version: '0.0.0-test',
    historyDays: 7,
    settings: {},
    notReady: async () => [],
  },
  egress: {
    source_addresses: ['192.0.2.7'] as string[],
    user_agent: 'Tocsin/0.0.0-test',
    guard: { private_addresses: 'refused', allowed: [] as string[] },
  },
} as const;

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

let lastMoment = 0;

/** No two moments are alike, so that what was made first is first in every list. */
const distinctMoments: Clock = {
  now: () => (lastMoment = Math.max(lastMoment + 1, systemClock.now())),
  monotonic: () => systemClock.monotonic(),
};

export type TestService = ReturnType<typeof createTestService>;

/**
 * One node of the service on a database, put together by `wiring/`, without HTTP and without delivery: it notes what
 * delivery would have been given. The database needs `install` once, by one of its nodes.
 */
export function createTestService(database: Database, { clock = distinctMoments }: { clock?: Clock } = {}) {
  const ports = { database, clock, ids: systemIds(clock, systemRandom), random: systemRandom };
  const kept = configurationOn(ports, createSecretBox([sealingKey], systemRandom));
  /** The calls of the deliveries port, in order. */
  const calls: string[] = [];
  /** Deliveries that a cancelling finds. */
  const backlog = { waiting: 0 };
  /** The test pushes that were sent. */
  const tried: Parameters<TestPush['send']>[] = [];
  /** The events that delivery was given, in order. */
  const events: Event[] = [];
  const deliveries = {
    cancel: async (webhookId: number) => {
      calls.push(`cancel ${webhookId}`);
      return backlog.waiting;
    },
    resume: (webhookId: number) => {
      calls.push(`wake ${webhookId}`);
    },
    retryNow: async (webhookId: number) => {
      calls.push(`retry ${webhookId}`);
      return backlog.waiting;
    },
  };
  const trial: TestPush = {
    send: async (...what) => {
      tried.push(what);
      return trialReport;
    },
  };
  const fanOut: FanOut = {
    counter: async () => () => 1,
    enqueueFor: async (tx, made) => {
      tx.afterCommit(() => events.push(...made));
      return new Map();
    },
  };
  const administration = administrationOf(ports, kept, { deliveries, policy });
  const sessions = sessionsOf(ports, kept, {
    members: administration.members,
    links: createLinkSigner([sealingKey], systemRandom),
    audit: new Audit(ports),
  });
  const health = new WebhookHealthReader({
    database,
    clock,
    timers: systemTimers,
    breakerOf: () => ({ receiver: 'untested', closedUntil: 0 }),
  });
  const domain = domainOf(ports, kept, account, fanOut);
  // All that a test gives is taken, however busy the machine is.
  const ingestParts: IngestParts = { ...domain.parts, mergeWindowMs, takesMaxMs: Infinity };
  return {
    database,
    clock,
    account,
    ...domain,
    /** For the routes. */
    services: {
      ...administration,
      ...settings,
      clock,
      database,
      sessions,
      health,
      trial,
      incidents: domain.incidents,
      alerts: domain.alerts,
      directories: domain.parts.directories,
    },
    /** As the server wants it. */
    authenticate: async (key: string): Promise<Caller | undefined> => {
      const found = await administration.authenticator.authenticate(key);
      return found === undefined ? undefined : { person: personOf(found.member), role: found.member.role };
    },
    channels: partOf(kept.config, 'channels'),
    webhooks: partOf(kept.config, 'webhooks'),
    calls,
    backlog,
    tried,
    events,
    ingest: async (pushes: readonly Push[]): Promise<PushCounts[]> =>
      (await ingest(ingestParts, () => pushes)).map((one) => one.counts),
    /** Waits with others for its transaction, as a push does. */
    queued: createPushQueue(ingestParts),
    /** In one transaction with these limits; each event makes one delivery. */
    ingestUpTo: (limits: Partial<IngestParts>, pushes: readonly Push[]): Promise<PushResult[]> =>
      ingest({ ...ingestParts, ...limits }, () => pushes),
    /** What became of each report of one push. */
    results: async (one: Push): Promise<PushResult['results']> =>
      (await ingest(ingestParts, () => [one]))[0]?.results ?? [],
  };
}

/** The first start of an installation. @returns the first key, `undefined` when it was there already. */
export async function install(
  { database, services }: Pick<TestService, 'database' | 'services'>,
  changes: Partial<FirstStartSettings> = {},
  key = sealingKey,
): Promise<string | undefined> {
  const clock = systemClock;
  const ports = { database, clock, ids: systemIds(clock, systemRandom), random: systemRandom };
  const { firstKey } = await openInstallation(
    { ...ports, sealer: createSecretBox([key], systemRandom), administrators: services.members },
    {
      accountId: account.accountId,
      administratorName: 'Ada',
      administratorEmail: 'ada@example.org',
      administratorPassword: '',
      appKey: '',
      ...changes,
    },
  );
  return firstKey;
}

/** An installed service with a channel and a source, and a clock that stands still; closes its database when done. */
export async function openTestService(open: () => Promise<Database>, changes: Partial<ChannelSettings> = {}) {
  const clock = new TestClock();
  const service = createTestService(await open(), { clock });
  await install(service);
  return { ...(await withSource(service, changes)), clock, [Symbol.asyncDispose]: () => service.database.close() };
}

export type SourcedService = Awaited<ReturnType<typeof withSource>> & { readonly clock: TestClock };

/** Makes a channel and a Prometheus source in it. */
async function withSource<Service extends TestService>(service: Service, changes: Partial<ChannelSettings>) {
  const { channels, integrations } = service.services;
  const channel = await channels.create({ name: 'Web', ...defaultSettings, ...changes }, 0);
  const integration = await integrations.create({ name: 'prom', type: 'prometheus', channelId: channel.channelId }, 0);
  const push = (reports: readonly AlertReport[], channelId = channel.channelId): Push => ({
    integrationId: integration.integrationId,
    channelId,
    reports,
  });
  return {
    ...service,
    channel,
    integration,
    push,
    /** Takes the reports of one push and gives the types of the events that they made. */
    report: async (...reports: AlertReport[]): Promise<string[]> => {
      const before = service.events.length;
      await service.ingest([push(reports)]);
      return service.events.slice(before).map((event) => event.type);
    },
  };
}

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

export const trialReport = {
  endpoint: 'https://example.com/hook',
  requestHeaders: { 'content-type': 'application/json' },
  requestBody: '{}',
  outcome: 'delivered',
  reason: '',
  errorMessage: '',
  statusCode: 204,
  durationMs: 12,
  responseHeaders: {},
  responseBody: '',
} as const;

/** Closes the database when the test is done. */
export function closing(database: Database): Database & AsyncDisposable {
  return { ...database, [Symbol.asyncDispose]: () => database.close() };
}
