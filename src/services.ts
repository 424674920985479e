import { AppKeyStore } from './access/app-key-store.ts';
import { AppKeys } from './access/app-keys.ts';
import { Authenticator, loadAppKeys } from './access/authenticator.ts';
import type { Sealer } from './access/sealer.ts';
import { AlertStore } from './alerts/alert-store.ts';
import { ChannelStore, loadChannels } from './channels/channel-store.ts';
import { Channels } from './channels/channels.ts';
import { loadNoiseRules, NoiseRuleStore } from './channels/noise-rule-store.ts';
import { NoiseRules } from './channels/noise-rules.ts';
import { Cached } from './database/cached.ts';
import type { Database, Query, Transaction } from './database/database.ts';
import { Revision } from './database/revision.ts';
import type { FanOut } from './events/event.ts';
import { IncidentActions } from './incidents/actions.ts';
import { AlertActions } from './incidents/alert-actions.ts';
import { CustomActions } from './incidents/custom-actions.ts';
import { Escalations } from './incidents/escalation.ts';
import { EscalationRules } from './incidents/escalation-rules.ts';
import { EscalationStore, loadEscalationRules } from './incidents/escalation-store.ts';
import { EditActions } from './incidents/edit-actions.ts';
import { FieldStore, loadFields } from './incidents/field-store.ts';
import { Fields } from './incidents/fields.ts';
import { IncidentStore } from './incidents/incident-store.ts';
import { directoriesOf, type Account } from './ingestion/directories.ts';
import { IntegrationStore } from './ingestion/integration-store.ts';
import { Integrations } from './ingestion/integrations.ts';
import { loadRoutes, RouteStore } from './ingestion/route-store.ts';
import { Routes } from './ingestion/routes.ts';
import { MemberStore } from './members/member-store.ts';
import { Members } from './members/members.ts';
import { loadPeople } from './members/people.ts';
import { TeamStore } from './members/team-store.ts';
import { Teams } from './members/teams.ts';
import type { Clock } from './runtime/clock.ts';
import type { Ids } from './runtime/ids.ts';
import type { Random } from './runtime/random.ts';
import type { ActionCaller } from './webhooks/action-caller.ts';
import type { EndpointPolicy } from './webhooks/endpoint.ts';
import { WebhookStore } from './webhooks/webhook-store.ts';
import { Webhooks, type DeliveriesOf } from './webhooks/webhooks.ts';

export interface Ports {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
}

/** What is configured, as it is kept in memory on this node, and the stores behind it. */
export type Configuration = ReturnType<typeof configurationOn>;

export function configurationOn({ database, clock }: Pick<Ports, 'database' | 'clock'>, sealer: Sealer) {
  const stores = {
    members: new MemberStore(),
    teams: new TeamStore(),
    keys: new AppKeyStore(),
    channels: new ChannelStore(),
    noiseRules: new NoiseRuleStore(),
    integrations: new IntegrationStore(sealer),
    routes: new RouteStore(),
    webhooks: new WebhookStore(sealer),
    fields: new FieldStore(),
    escalationRules: new EscalationStore(),
  };
  const revision = new Revision(database, { clock });
  return {
    stores,
    keys: new Cached(revision, loadAppKeys),
    people: new Cached(revision, loadPeople),
    channels: new Cached(revision, loadChannels),
    noise: new Cached(revision, loadNoiseRules),
    integrations: new Cached(revision, (query) => stores.integrations.directory(query)),
    routes: new Cached(revision, loadRoutes),
    webhooks: new Cached(revision, (query) => stores.webhooks.directory(query)),
    fields: new Cached(revision, loadFields),
    escalationRules: new Cached(revision, loadEscalationRules),
  };
}

/** Who may call, where alerts come from, and where changes go. */
export function administrationOf(
  ports: Ports,
  { stores, ...kept }: Configuration,
  { deliveries, policy }: { deliveries: DeliveriesOf; policy: EndpointPolicy },
) {
  const unknownTeams = stores.teams.unknown.bind(stores.teams);
  const unknownChannels = stores.channels.unknown.bind(stores.channels);
  const members = new Members({ ...ports, people: kept.people, store: stores.members, keys: stores.keys });
  return {
    members,
    authenticator: new Authenticator(kept.keys, (memberId) => members.actor(memberId)),
    teams: new Teams({ ...ports, members: stores.members, store: stores.teams }),
    appKeys: new AppKeys({ ...ports, store: stores.keys, holders: members }),
    channels: new Channels({
      ...ports,
      store: stores.channels,
      directory: kept.channels,
      users: { namesOf: (query, channelId) => sendersInto(stores, query, channelId) },
      unknownTeams,
    }),
    noiseRules: new NoiseRules({ ...ports, store: stores.noiseRules, channels: stores.channels }),
    integrations: new Integrations({
      ...ports,
      store: stores.integrations,
      channels: stores.channels,
      directory: kept.integrations,
      unknownTeams,
    }),
    routes: new Routes({
      ...ports,
      store: stores.routes,
      integrations: stores.integrations,
      channels: stores.channels,
      directory: kept.routes,
    }),
    fields: new Fields({ ...ports, store: stores.fields, directory: kept.fields }),
    escalationRules: new EscalationRules({
      ...ports,
      store: stores.escalationRules,
      directory: kept.escalationRules,
      channels: stores.channels,
      people: kept.people,
    }),
    webhooks: new Webhooks({
      ...ports,
      store: stores.webhooks,
      directory: kept.webhooks,
      deliveries,
      policy,
      unknownChannels,
      unknownTeams,
    }),
  };
}

/** The names of the integrations that send into a channel: because it is theirs, or by a route. */
async function sendersInto(stores: Configuration['stores'], query: Query, channelId: number): Promise<string[]> {
  const own = await stores.integrations.namesOf(query, channelId);
  return [...own, ...(await stores.routes.namesOf(query, channelId))];
}

/** What alerts and incidents are changed with. */
export function domainOf(ports: Ports, kept: Configuration, account: Account, fanOut: FanOut) {
  const parts = {
    ...ports,
    alerts: new AlertStore(ports.database),
    incidents: new IncidentStore(ports.database),
    directories: directoriesOf({ ...kept, account }),
    fanOut,
    customFields: kept.fields,
    channels: kept.channels,
    noise: kept.noise,
    routes: kept.routes,
    escalations: {
      in: async (tx: Transaction) => new Escalations(await kept.escalationRules.in(tx), await kept.people.in(tx)),
    },
  };
  return {
    parts,
    incidents: new IncidentActions(parts),
    edits: new EditActions(parts),
    alerts: new AlertActions(parts),
    /** What people have set up as buttons on incidents. */
    customActions: (caller: ActionCaller) => new CustomActions({ ...parts, webhooks: kept.webhooks, caller }),
  };
}
