import { makeKey } from '../access/key.ts';
import type { ChannelStore } from '../channels/channel-store.ts';
import { bumpRevision, type Cached } from '../database/cached.ts';
import type { Database, Query, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { integrationsMax, type Integration, type IntegrationDirectory, type IntegrationType } from './integration.ts';
import type { IntegrationStore } from './integration-store.ts';

export interface IntegrationsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly store: IntegrationStore;
  readonly channels: ChannelStore;
  readonly directory: Cached<IntegrationDirectory>;
  /** The ids among these that are no teams. */
  readonly unknownTeams: (query: Query, teamIds: readonly number[]) => Promise<readonly number[]>;
}

/** What of an integration can be set; what is `undefined` stays, or is the default in a new one. */
export interface IntegrationChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly channelId?: number | undefined;
  readonly teamId?: number | undefined;
  readonly refId?: string | undefined;
  readonly status?: 'enabled' | 'disabled' | undefined;
  /** A key of the caller's choice; a new integration without one gets a random one. */
  readonly key?: string | undefined;
}

export type NewIntegration = IntegrationChange & {
  readonly name: string;
  readonly type: IntegrationType;
  readonly channelId: number;
};

export class Integrations {
  readonly #parts: IntegrationsParts;

  constructor(parts: IntegrationsParts) {
    this.#parts = parts;
  }

  directory(): Promise<IntegrationDirectory> {
    return this.#parts.directory.current();
  }

  /** Unix milliseconds, 0 = never. */
  lastEventAt(integrationId: number): Promise<number> {
    return this.#parts.store.lastEventAt(this.#parts.database.read, integrationId);
  }

  async create(input: NewIntegration, creatorId: number): Promise<Integration> {
    const { database, clock, ids, random, store } = this.#parts;
    const now = clock.now();
    const blank: Integration = {
      integrationId: ids.number(),
      name: input.name,
      type: input.type,
      description: '',
      channelId: input.channelId,
      teamId: 0,
      status: 'enabled',
      key: makeKey(random),
      refId: '',
      creatorId,
      createdAt: now,
      updatedAt: now,
    };
    const integration = withChange(blank, input, now);
    await database.transaction(async (tx) => {
      await bumpRevision(tx);
      const others = await store.all(tx.query);
      const faults = await this.#faults(tx, others, integration, input);
      if (others.length >= integrationsMax) {
        faults.push({ field: '', message: `there may be at most ${integrationsMax} integrations: delete some first` });
      }
      if (faults.length > 0) throw invalid(faults);
      await store.insert(tx, integration);
    });
    return integration;
  }

  async update(integrationId: number, change: IntegrationChange): Promise<void> {
    const { store } = this.#parts;
    await this.#with(integrationId, async (tx, before, now) => {
      const integration = withChange(before, change, now);
      const faults = await this.#faults(tx, await store.all(tx.query), integration, change);
      if (faults.length > 0) throw invalid(faults);
      await store.save(tx, integration);
    });
  }

  /** Its key is refused from then on; what it sent stays. */
  async remove(integrationId: number): Promise<void> {
    await this.#with(integrationId, (tx, _integration, now) => this.#parts.store.remove(tx, integrationId, now));
  }

  async #with(
    integrationId: number,
    work: (tx: Transaction, integration: Integration, now: number) => Promise<void>,
  ): Promise<void> {
    const { database, clock, store } = this.#parts;
    await database.transaction(async (tx) => {
      await bumpRevision(tx);
      const integration = await store.find(tx.query, integrationId);
      if (integration === undefined) throw notFound('integration', integrationId);
      await work(tx, integration, clock.now());
    });
  }

  /** What the rest of the configuration has against it; only what was sent is looked at. */
  async #faults(
    tx: Transaction,
    present: readonly Integration[],
    integration: Integration,
    change: IntegrationChange,
  ): Promise<Fault[]> {
    const faults: Fault[] = [];
    const others = present.filter((other) => other.integrationId !== integration.integrationId);
    if (others.some((other) => other.name === integration.name)) {
      faults.push({ field: 'name', message: 'another integration has this name: choose another' });
    }
    if (others.some((other) => other.key === integration.key)) {
      faults.push({ field: 'integration_key', message: 'another integration has this key: choose another' });
    }
    const channelId = change.channelId ?? 0;
    if (channelId !== 0 && (await this.#parts.channels.find(tx.query, channelId)) === undefined) {
      faults.push({ field: 'channel_id', message: `there is no channel ${channelId}: make it first` });
    }
    const teamId = change.teamId ?? 0;
    if (teamId !== 0 && (await this.#parts.unknownTeams(tx.query, [teamId])).length > 0) {
      faults.push({ field: 'team_id', message: `there is no team ${teamId}: make it first, or leave it out` });
    }
    return faults;
  }
}

function withChange(integration: Integration, change: IntegrationChange, now: number): Integration {
  return {
    ...integration,
    name: change.name ?? integration.name,
    description: change.description ?? integration.description,
    channelId: change.channelId ?? integration.channelId,
    teamId: change.teamId ?? integration.teamId,
    refId: change.refId ?? integration.refId,
    status: change.status ?? integration.status,
    key: change.key ?? integration.key,
    updatedAt: now,
  };
}
