import { AppKeyStore } from '../access/app-key-store.ts';
import { AppKeyService } from '../access/app-key-service.ts';
import { Authenticator, loadAppKeys } from '../access/authenticator.ts';
import { PasswordHasher } from '../access/password.ts';
import { PasswordStore } from '../access/password-store.ts';
import type { SecretBox } from '../access/secret-box.ts';
import { SessionService, type AuditLines } from '../access/session-service.ts';
import { SessionStore } from '../access/session-store.ts';
import type { LinkSigner } from '../access/sign-in-link.ts';
import { AlertStore } from '../alerts/alert-store.ts';
import { ChannelStore, loadChannels } from '../channels/channel-store.ts';
import { ChannelService } from '../channels/channel-service.ts';
import { loadNoiseRules, NoiseRuleStore } from '../channels/noise-rule-store.ts';
import { NoiseRuleService } from '../channels/noise-rule-service.ts';
import { ConfigSnapshot } from '../database/config-snapshot.ts';
import type { Database } from '../database/database.ts';
import { EscalationRuleService } from '../incidents/escalation/rule-service.ts';
import { EscalationStore, loadEscalationRules } from '../incidents/escalation/rule-store.ts';
import { FieldStore, loadFields } from '../incidents/fields/field-store.ts';
import { FieldService } from '../incidents/fields/field-service.ts';
import { IntegrationStore } from '../ingestion/integration-store.ts';
import { IntegrationService } from '../ingestion/integration-service.ts';
import { loadRoutes, RouteStore } from '../ingestion/routing/route-store.ts';
import { RouteService } from '../ingestion/routing/route-service.ts';
import type { Member } from '../members/member.ts';
import { MemberStore } from '../members/member-store.ts';
import { MemberService } from '../members/member-service.ts';
import { loadPeople } from '../members/people.ts';
import { TeamStore } from '../members/team-store.ts';
import { TeamService } from '../members/team-service.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import type { EndpointPolicy } from '../webhooks/endpoint.ts';
import { WebhookStore } from '../webhooks/webhook-store.ts';
import { WebhookService, type DeliveriesOf } from '../webhooks/webhook-service.ts';

export interface Ports {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
}

/** The configuration as it is kept in memory on this node, and its stores. */
export type Configuration = ReturnType<typeof configurationOn>;

export function configurationOn({ database, clock }: Pick<Ports, 'database' | 'clock'>, sealer: SecretBox) {
  const stores = {
    members: new MemberStore(),
    teams: new TeamStore(),
    keys: new AppKeyStore(),
    sessions: new SessionStore(),
    passwords: new PasswordStore(database),
    channels: new ChannelStore(),
    noiseRules: new NoiseRuleStore(),
    integrations: new IntegrationStore(sealer),
    routes: new RouteStore(),
    webhooks: new WebhookStore(sealer),
    fields: new FieldStore(),
    escalationRules: new EscalationStore(),
  };
  const config = new ConfigSnapshot(
    database,
    {
      keys: loadAppKeys,
      people: loadPeople,
      channels: loadChannels,
      noise: loadNoiseRules,
      integrations: (query) => stores.integrations.directory(query),
      routes: loadRoutes,
      webhooks: (query) => stores.webhooks.directory(query),
      fields: loadFields,
      escalationRules: loadEscalationRules,
    },
    { clock },
  );
  return { stores, config };
}

interface AdministrationParts {
  readonly deliveries: DeliveriesOf;
  readonly policy: EndpointPolicy;
  /** What this node has heard of integrations, and not written yet. */
  readonly activity?: { flush(): Promise<void> };
}

/** The services that change the configuration. */
export function administrationOf(
  given: Ports,
  { stores, config }: Configuration,
  { deliveries, policy, activity }: AdministrationParts,
) {
  const ports = { ...given, config };
  const unknownTeams = stores.teams.unknown.bind(stores.teams);
  const unknownChannels = stores.channels.unknown.bind(stores.channels);
  const members = new MemberService({
    ...ports,
    store: stores.members,
    keys: stores.keys,
    sessions: stores.sessions,
    passwords: stores.passwords,
  });
  const routes = new RouteService({
    ...ports,
    store: stores.routes,
    integrations: stores.integrations,
    channels: stores.channels,
  });
  return {
    members,
    authenticator: new Authenticator(config, (memberId) => members.actor(memberId)),
    teams: new TeamService({ ...ports, members: stores.members, store: stores.teams }),
    appKeys: new AppKeyService({ ...ports, store: stores.keys, holders: members }),
    channels: new ChannelService({
      ...ports,
      store: stores.channels,
      users: {
        namesOf: (query, channelId) => stores.integrations.namesOf(query, channelId),
        forget: (tx, channelId) => routes.forget(tx, channelId),
      },
      unknownTeams,
    }),
    noiseRules: new NoiseRuleService({
      ...ports,
      store: stores.noiseRules,
      channels: stores.channels,
      judgeMuted: (tx, channelId, now) => new AlertStore(ports.database).judgeMuted(tx, channelId, now),
    }),
    integrations: new IntegrationService({
      ...ports,
      store: stores.integrations,
      channels: stores.channels,
      flushActivity: async () => activity?.flush(),
      unknownTeams,
    }),
    routes,
    fields: new FieldService({ ...ports, store: stores.fields }),
    escalationRules: new EscalationRuleService({
      ...ports,
      store: stores.escalationRules,
      channels: stores.channels,
    }),
    webhooks: new WebhookService({
      ...ports,
      store: stores.webhooks,
      deliveries,
      policy,
      unknownChannels,
      unknownTeams,
    }),
  };
}

/** How people come in by a browser. */
export function sessionsOf(
  ports: Ports,
  { stores }: Configuration,
  parts: { members: MemberService; links: LinkSigner; audit: AuditLines },
): SessionService<Member> {
  return new SessionService({
    ...ports,
    ...parts,
    hasher: new PasswordHasher(ports.random),
    sessions: stores.sessions,
    passwords: stores.passwords,
  });
}
