import { keyHash } from '../access/key.ts';
import type { Source } from '../events/directory.ts';

/** The formats that an integration can read (contract 5); also the last step of its push path. */
export const integrationTypes = ['standard', 'prometheus', 'grafana', 'n9e', 'pagerduty'] as const;
export type IntegrationType = (typeof integrationTypes)[number];

/** The wire's key of each type, as pushes and API objects show it (contract 1.7). */
const wireTypes: Readonly<Record<IntegrationType, string>> = {
  standard: 'standard.alert',
  prometheus: 'prometheus',
  grafana: 'grafana',
  n9e: 'n9e',
  pagerduty: 'pagerduty',
};

export type IntegrationStatus = 'enabled' | 'disabled' | 'deleted';

/** A source that sends alert events; whoever holds its key may send (contract 5.1). */
export interface Integration {
  readonly integrationId: number;
  readonly name: string;
  readonly type: IntegrationType;
  readonly description: string;
  /** 0 = shared: what it sends is routed, and kept unrouted where nothing routes it. */
  readonly channelId: number;
  /** Who looks after it; 0 = no team. */
  readonly teamId: number;
  readonly status: IntegrationStatus;
  /** The `integration_key`. It can be shown again, so it is stored sealed, and hashed to be found by. */
  readonly key: string;
  /** An id of the other side's, shown in pushes as `data_source_ref_id`. */
  readonly refId: string;
  readonly creatorId: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The most integrations of an installation: all of them are held in memory. */
export const integrationsMax = 1000;

/** The path and query that a source posts to (contract 5.1). */
export function pushPath(type: IntegrationType, key: string): string {
  return `/event/push/alert/${type}?integration_key=${encodeURIComponent(key)}`;
}

/** The integration as the alerts that it sent show it. */
export function sourceOf(integration: Integration): Source {
  return { name: integration.name, type: wireTypes[integration.type], refId: integration.refId };
}

/** Every integration that is not deleted, as they were at one moment. */
export class IntegrationDirectory {
  /** The oldest first. */
  readonly list: readonly Integration[];
  readonly #byId: ReadonlyMap<number, Integration>;
  readonly #byHash: ReadonlyMap<string, Integration>;
  /** By keys that were found by their digest before: no more of them than there are integrations. */
  readonly #byKnownKey = new Map<string, Integration>();

  constructor(integrations: readonly Integration[]) {
    this.list = integrations;
    this.#byId = new Map(integrations.map((one) => [one.integrationId, one]));
    this.#byHash = new Map(integrations.map((one) => [keyHash(one.key), one]));
  }

  find(integrationId: number): Integration | undefined {
    return this.#byId.get(integrationId);
  }

  /** Found by the key's digest, so that how long it takes says nothing about the keys. Disabled ones are found too. */
  byKey(key: string): Integration | undefined {
    const known = this.#byKnownKey.get(key);
    if (known !== undefined) return known;
    const found = this.#byHash.get(keyHash(key));
    if (found !== undefined) this.#byKnownKey.set(key, found);
    return found;
  }
}
