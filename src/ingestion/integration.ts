import { keyHash } from '../access/key.ts';
import type { Source } from '../events/directory.ts';
import type { FormatSettings } from './formats/settings.ts';

/** The formats of integrations (contract 5); also the last segment of the push path. */
export const integrationTypes = [
  'standard',
  'prometheus',
  'grafana',
  'n9e',
  'pagerduty',
  'zabbix',
  'nagios',
  'icinga',
  'cloudwatch',
  'sentry',
  'uptime-kuma',
  'datadog',
  'azure-monitor',
  'google-cloud',
  'opsgenie',
  'healthchecks',
] as const;
export type IntegrationType = (typeof integrationTypes)[number];

/** The wire's name of a type (contract 1.7). */
function wireType(type: IntegrationType): string {
  return type === 'standard' ? 'standard.alert' : type;
}

export type IntegrationStatus = 'enabled' | 'disabled' | 'deleted';

/** A key that was replaced. */
export interface OldKey {
  readonly hash: string;
  /** Unix milliseconds. */
  readonly until: number;
}

/** A source of reports; its key is the authorisation (contract 5.1). */
export interface Integration {
  readonly integrationId: number;
  readonly name: string;
  readonly type: IntegrationType;
  readonly description: string;
  /** 0 = shared: a route decides, and reports without a route are kept as unrouted. */
  readonly channelId: number;
  /** The team in charge; 0 = none. */
  readonly teamId: number;
  readonly status: IntegrationStatus;
  /** The `integration_key`. It can be shown again, so it is stored encrypted, with a hash to find it by. */
  readonly key: string;
  /** Keys before it that are taken for a while. The newest first. */
  readonly oldKeys: readonly OldKey[];
  /** The source's own id, shown in pushes as `data_source_ref_id`. */
  readonly refId: string;
  readonly settings: FormatSettings;
  readonly creatorId: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Integrations per installation: all are held in memory. */
export const integrationsMax = 1000;

/** The path and query that a source posts to (contract 5.1). */
export function pushPath(type: IntegrationType, key: string): string {
  return `/event/push/alert/${type}?integration_key=${encodeURIComponent(key)}`;
}

/** The integration as its alerts show it. */
export function sourceOf(integration: Integration): Source {
  return { name: integration.name, type: wireType(integration.type), refId: integration.refId };
}

interface KnownKey {
  readonly integration: Integration;
  /** Unix milliseconds; 0 = it does not end. */
  readonly until: number;
}

/** Every integration that is not deleted, as of one moment. */
export class IntegrationDirectory {
  /** The oldest first. */
  readonly list: readonly Integration[];
  readonly #byId: ReadonlyMap<number, Integration>;
  readonly #byHash: ReadonlyMap<string, KnownKey>;
  /** Keys that were found by their digest before; a few per integration. */
  readonly #byKnownKey = new Map<string, KnownKey>();

  constructor(integrations: readonly Integration[]) {
    this.list = integrations;
    this.#byId = new Map(integrations.map((one) => [one.integrationId, one]));
    // A present key wins over an old one of somebody else.
    this.#byHash = new Map([
      ...integrations.flatMap((integration) =>
        integration.oldKeys.map(({ hash, until }): [string, KnownKey] => [hash, { integration, until }]),
      ),
      ...integrations.map((integration): [string, KnownKey] => [keyHash(integration.key), { integration, until: 0 }]),
    ]);
  }

  find(integrationId: number): Integration | undefined {
    return this.#byId.get(integrationId);
  }

  /** Finds by the key's digest, so that the time reveals nothing about keys. Includes disabled ones. */
  byKey(key: string, now: number): Integration | undefined {
    const found = this.#byKnownKey.get(key) ?? this.#byHash.get(keyHash(key));
    if (found === undefined) return undefined;
    this.#byKnownKey.set(key, found);
    return found.until === 0 || now < found.until ? found.integration : undefined;
  }
}
