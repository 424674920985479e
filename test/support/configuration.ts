import { AppKeyStore } from '../../src/access/app-key-store.ts';
import { AppKeys } from '../../src/access/app-keys.ts';
import { Authenticator, loadAppKeys, type AppKeyIndex } from '../../src/access/authenticator.ts';
import { openInstallation, type FirstStartSettings } from '../../src/access/first-start.ts';
import { createSealer, type Sealer } from '../../src/access/sealer.ts';
import type { ChannelDirectory } from '../../src/channels/channel.ts';
import { ChannelStore, loadChannels } from '../../src/channels/channel-store.ts';
import { Channels } from '../../src/channels/channels.ts';
import { Cached } from '../../src/database/cached.ts';
import { Revision } from '../../src/database/revision.ts';
import type { Database } from '../../src/database/database.ts';
import type { Caller } from '../../src/http/admission.ts';
import type { ConfigurationServices } from '../../src/http/routes/index.ts';
import type { IntegrationDirectory } from '../../src/ingestion/integration.ts';
import { IntegrationStore } from '../../src/ingestion/integration-store.ts';
import { Integrations } from '../../src/ingestion/integrations.ts';
import { MemberStore } from '../../src/members/member-store.ts';
import { Members } from '../../src/members/members.ts';
import { personOf, type Member } from '../../src/members/member.ts';
import { loadPeople, type People } from '../../src/members/people.ts';
import { TeamStore } from '../../src/members/team-store.ts';
import { Teams } from '../../src/members/teams.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import type { EndpointPolicy } from '../../src/webhooks/endpoint.ts';
import type { Trial } from '../../src/webhooks/trial.ts';
import type { WebhookDirectory } from '../../src/webhooks/webhook-directory.ts';
import { WebhookStore } from '../../src/webhooks/webhook-store.ts';
import { Webhooks, type DeliveriesOf } from '../../src/webhooks/webhooks.ts';

/** Everything that can be configured, on one database, as one node has it. */
export interface Configuration {
  readonly database: Database;
  readonly services: ConfigurationServices;
  readonly authenticator: Authenticator<Member>;
  /** As the server wants it. */
  authenticate(key: string): Promise<Caller | undefined>;
  readonly people: Cached<People>;
  readonly channels: Cached<ChannelDirectory>;
  readonly integrations: Cached<IntegrationDirectory>;
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

const ports = { clock: systemClock, ids: systemIds(systemClock, systemRandom), random: systemRandom };

export function configurationOn(database: Database): Configuration {
  const stores = storesWith(createSealer(sealingKey, systemRandom));
  const caches = cachesOn(database, stores);
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
  const services = servicesOn(database, stores, caches, { deliveries, trial });
  const authenticator = new Authenticator(caches.keys, (memberId) => services.members.actor(memberId));
  const configuration: Configuration = {
    database,
    services,
    authenticator,
    authenticate: async (key) => {
      const found = await authenticator.authenticate(key);
      return found === undefined ? undefined : { person: personOf(found.member), role: found.member.role };
    },
    people: caches.people,
    channels: caches.channels,
    integrations: caches.integrations,
    webhooks: caches.webhooks,
    told,
    waiting: 0,
    tried,
  };
  return configuration;
}

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

type Stores = ReturnType<typeof storesWith>;
type Caches = ReturnType<typeof cachesOn>;

function storesWith(sealer: Sealer) {
  return {
    members: new MemberStore(),
    teams: new TeamStore(),
    keys: new AppKeyStore(),
    channels: new ChannelStore(),
    integrations: new IntegrationStore(sealer),
    webhooks: new WebhookStore(sealer),
  };
}

function cachesOn(database: Database, stores: Stores) {
  const revision = new Revision(database, { clock: systemClock });
  const keys: Cached<AppKeyIndex> = new Cached(revision, loadAppKeys);
  return {
    keys,
    people: new Cached(revision, loadPeople),
    channels: new Cached(revision, loadChannels),
    integrations: new Cached(revision, (query) => stores.integrations.directory(query)),
    webhooks: new Cached(revision, (query) => stores.webhooks.directory(query)),
  };
}

function servicesOn(
  database: Database,
  stores: Stores,
  caches: Caches,
  { deliveries, trial }: { deliveries: DeliveriesOf; trial: Trial },
): ConfigurationServices {
  const parts = { ...ports, database };
  const unknownTeams = stores.teams.unknown.bind(stores.teams);
  const unknownChannels = stores.channels.unknown.bind(stores.channels);
  const members = new Members({ ...parts, people: caches.people, store: stores.members, keys: stores.keys });
  return {
    account: { accountId: 10_000_000_000_001, accountName: 'Demo', consoleUrl: 'https://tocsin.example.org' },
    publicUrl: 'https://tocsin.example.org',
    members,
    teams: new Teams({ ...parts, members: stores.members, store: stores.teams }),
    appKeys: new AppKeys({ ...parts, store: stores.keys, holders: members }),
    channels: new Channels({
      ...parts,
      store: stores.channels,
      directory: caches.channels,
      users: stores.integrations,
      unknownTeams,
    }),
    integrations: new Integrations({
      ...parts,
      store: stores.integrations,
      channels: stores.channels,
      directory: caches.integrations,
      unknownTeams,
    }),
    webhooks: new Webhooks({
      ...parts,
      store: stores.webhooks,
      directory: caches.webhooks,
      deliveries,
      policy,
      unknownChannels,
      unknownTeams,
    }),
    trial,
    egress: {
      source_addresses: ['192.0.2.7'],
      user_agent: 'Tocsin/0.0.0-test',
      guard: { private_addresses: 'refused', allowed: [] },
    },
  };
}

/** Closes the database when the test is done. */
export function closing(database: Database): Database & AsyncDisposable {
  return { ...database, [Symbol.asyncDispose]: () => database.close() };
}
