import { openInstallation, type FirstStartSettings } from '../../src/access/first-start.ts';
import { createSealer } from '../../src/access/sealer.ts';
import type { ChannelDirectory } from '../../src/channels/channel.ts';
import type { Cached } from '../../src/database/cached.ts';
import type { Database } from '../../src/database/database.ts';
import type { Caller } from '../../src/http/admission.ts';
import type { ConfigurationServices } from '../../src/http/routes/index.ts';
import { personOf } from '../../src/members/member.ts';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { administrationOf, configurationOn as keptOn } from '../../src/services.ts';
import type { EndpointPolicy } from '../../src/webhooks/endpoint.ts';
import type { Trial } from '../../src/webhooks/trial.ts';
import type { WebhookDirectory } from '../../src/webhooks/webhook-directory.ts';
import type { DeliveriesOf } from '../../src/webhooks/webhooks.ts';

/** Everything that can be configured, on one database, as one node has it. */
export interface Configuration {
  readonly database: Database;
  readonly services: ConfigurationServices;
  /** As the server wants it. */
  authenticate(key: string): Promise<Caller | undefined>;
  readonly channels: Cached<ChannelDirectory>;
  readonly webhooks: Cached<WebhookDirectory>;
  /** What the deliveries were told, in order. */
  readonly told: string[];
  /** Deliveries that a cancelling finds. */
  waiting: number;
  /** Webhooks and event types that were tried. */
  readonly tried: Parameters<Trial['send']>[];
}

export const sealingKey = new Uint8Array(32).fill(7);

/** Refuses one host, so that a test can see that the policy is asked. */
const policy: EndpointPolicy = {
  refusal: (host) => (host === 'refused.example' ? 'refused by the test' : undefined),
  ownHosts: ['tocsin.example.org'],
};

let lastMoment = 0;

/** No two moments are alike, so that what was made first is first in every list. */
const clock: Clock = {
  now: () => (lastMoment = Math.max(lastMoment + 1, systemClock.now())),
  monotonic: () => systemClock.monotonic(),
};

const ports = { clock, ids: systemIds(systemClock, systemRandom), random: systemRandom };

export function configurationOn(database: Database): Configuration {
  const kept = keptOn({ database, clock }, createSealer(sealingKey, systemRandom));
  const told: string[] = [];
  const tried: Configuration['tried'] = [];
  const deliveries: DeliveriesOf = {
    cancel: async (webhookId) => {
      told.push(`cancel ${webhookId}`);
      return configuration.waiting;
    },
    wake: (webhookId) => {
      told.push(`wake ${webhookId}`);
    },
  };
  const trial: Trial = {
    send: async (...what) => {
      tried.push(what);
      return trialReport;
    },
  };
  const { authenticator, ...administration } = administrationOf({ ...ports, database }, kept, { deliveries, policy });
  const configuration: Configuration = {
    database,
    services: { ...administration, ...settings, clock, trial },
    authenticate: async (key) => {
      const found = await authenticator.authenticate(key);
      return found === undefined ? undefined : { person: personOf(found.member), role: found.member.role };
    },
    channels: kept.channels,
    webhooks: kept.webhooks,
    told,
    waiting: 0,
    tried,
  };
  return configuration;
}

const settings: Pick<ConfigurationServices, 'account' | 'publicUrl' | 'egress'> = {
  account: { accountId: 10_000_000_000_001, accountName: 'Demo', consoleUrl: 'https://tocsin.example.org' },
  publicUrl: 'https://tocsin.example.org',
  egress: {
    source_addresses: ['192.0.2.7'],
    user_agent: 'Tocsin/0.0.0-test',
    guard: { private_addresses: 'refused', allowed: [] },
  },
};

/** The first start of an installation. @returns the first key, `undefined` when it was there already. */
export async function install(
  { database, services }: Pick<Configuration, 'database' | 'services'>,
  settings: Partial<FirstStartSettings> = {},
  key = sealingKey,
): Promise<string | undefined> {
  const { firstKey } = await openInstallation(
    { ...ports, database, sealer: createSealer(key, systemRandom), administrators: services.members },
    {
      accountId: 10_000_000_000_001,
      administratorName: 'Ada',
      administratorEmail: 'ada@example.org',
      appKey: '',
      ...settings,
    },
  );
  return firstKey;
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
