import { keyHash, makeKey } from '../access/key.ts';
import type { ChannelStore } from '../channels/channel-store.ts';
import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Database, Query, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Parsed, Refused } from './formats/format.ts';
import { formats } from './formats/index.ts';
import { defaultSettings, type FormatSettings } from './formats/settings.ts';
import { invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { integrationsMax, type Integration, type IntegrationDirectory, type IntegrationType } from './integration.ts';
import { readActivity, type IntegrationActivity } from './integration-activity-store.ts';
import type { IntegrationStore } from './integration-store.ts';

export interface IntegrationServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly store: IntegrationStore;
  readonly channels: ChannelStore;
  readonly config: SharedConfig<{ integrations: IntegrationDirectory }>;
  /** Writes this node's recorded activity. */
  readonly flushActivity: () => Promise<void>;
  /** Returns the ids that belong to no team. */
  readonly unknownTeams: (query: Query, teamIds: readonly number[]) => Promise<readonly number[]>;
}

/** The settable fields. `undefined` = unchanged, or the default in a new integration. */
export interface IntegrationChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly channelId?: number | undefined;
  readonly teamId?: number | undefined;
  readonly refId?: string | undefined;
  readonly settings?: { readonly [name in keyof FormatSettings]?: FormatSettings[name] | undefined } | undefined;
  readonly status?: 'enabled' | 'disabled' | undefined;
  /** A key chosen by the caller; a new integration without one gets a random one. */
  readonly key?: string | undefined;
}

export type NewIntegration = IntegrationChange & {
  readonly name: string;
  readonly type: IntegrationType;
  readonly channelId: number;
};

const dayMs = 86_400_000;

/** Old keys of an integration that are taken at the same time. */
export const oldKeysMax = 5;

export class IntegrationService {
  readonly #parts: IntegrationServiceParts;

  constructor(parts: IntegrationServiceParts) {
    this.#parts = parts;
  }

  async directory(): Promise<IntegrationDirectory> {
    return (await this.#parts.config.current()).integrations;
  }

  /** Unix milliseconds, 0 = never. */
  lastEventAt(integrationId: number): Promise<number> {
    return this.#parts.store.lastEventAt(this.#parts.database.read, integrationId);
  }

  /** Events of the last 24 hours; exact below 1000. */
  eventsOfDay(integrationId: number): Promise<number> {
    const { store, database, clock } = this.#parts;
    return store.eventsSince(database, integrationId, clock.now() - dayMs);
  }

  /** Its activity, current on this node, a second old on others. */
  async activity(integrationId: number): Promise<IntegrationActivity> {
    await this.#parts.flushActivity();
    const activity = await readActivity(this.#parts.database.read, integrationId);
    return { ...activity, lastEventAt: Math.max(activity.lastEventAt, await this.lastEventAt(integrationId)) };
  }

  async create(input: NewIntegration, creatorId: number): Promise<Integration> {
    const { database, config, clock, ids, random, store } = this.#parts;
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
      oldKeys: [],
      refId: '',
      settings: defaultSettings,
      creatorId,
      createdAt: now,
      updatedAt: now,
    };
    const integration = withChange(blank, input, now);
    await database.transaction(async (tx) => {
      await config.change(tx, 'integrations');
      const others = await store.all(tx.query);
      const faults = await this.#faults(tx.query, others, integration, input);
      if (others.length >= integrationsMax) {
        const message = `there may be at most ${integrationsMax} integrations: delete some first`;
        faults.push({ field: '', message, code: 'limit' });
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
      const faults = await this.#faults(tx.query, await store.all(tx.query), integration, change);
      if (faults.length > 0) throw invalid(faults);
      await store.save(tx, integration);
    });
  }

  /** Its sender may go on with the old key until the overlap ends. @returns the integration with its new key. */
  async rotateKey(integrationId: number, overlapSeconds: number): Promise<Integration> {
    const key = makeKey(this.#parts.random);
    let rotated: Integration | undefined;
    await this.#with(integrationId, async (tx, before, now) => {
      const last = { hash: keyHash(before.key), until: now + overlapSeconds * 1000 };
      const oldKeys = [last, ...before.oldKeys].filter(({ until }) => until > now).slice(0, oldKeysMax);
      rotated = { ...before, key, oldKeys, updatedAt: now };
      await this.#parts.store.save(tx, rotated);
    });
    if (rotated === undefined) throw notFound('integration', integrationId);
    return rotated;
  }

  /** Faults of a change against other rows, without making it. */
  async faultsOf(integrationId: number | undefined, change: IntegrationChange): Promise<Fault[]> {
    const { database } = this.#parts;
    const { list } = await this.directory();
    const before = list.find((one) => one.integrationId === integrationId);
    const after = { integrationId: before?.integrationId ?? 0, name: change.name ?? before?.name ?? '' };
    const key = change.key ?? before?.key ?? '';
    return this.#faults(database.read, list, { ...after, key, type: before?.type }, change);
  }

  /** What a body would become under these settings; nothing is kept. */
  tryMapping(settings: Partial<FormatSettings>, sample: unknown): Parsed | Refused {
    const { clock, ids } = this.#parts;
    return formats.standard.parse(sample, {
      now: clock.now(),
      shortId: ids.short,
      integrationName: 'sample',
      integrationType: 'standard.alert',
      settings: { ...defaultSettings, ...settings },
      path: '',
    });
  }

  /** Its key is refused from then on; its alerts stay. */
  async remove(integrationId: number): Promise<void> {
    await this.#with(integrationId, (tx, _integration, now) => this.#parts.store.remove(tx, integrationId, now));
  }

  async #with(
    integrationId: number,
    work: (tx: Transaction, integration: Integration, now: number) => Promise<void>,
  ): Promise<void> {
    const { database, config, clock, store } = this.#parts;
    await database.transaction(async (tx) => {
      await config.change(tx, 'integrations');
      const integration = await store.find(tx.query, integrationId);
      if (integration === undefined) throw notFound('integration', integrationId);
      await work(tx, integration, clock.now());
    });
  }

  /** Faults against other rows; only the given fields are checked. */
  async #faults(
    query: Query,
    present: readonly Integration[],
    integration: Pick<Integration, 'integrationId' | 'name' | 'key'> & { readonly type?: IntegrationType | undefined },
    change: IntegrationChange,
  ): Promise<Fault[]> {
    const faults: Fault[] = [];
    const others = present.filter((other) => other.integrationId !== integration.integrationId);
    if (others.some((other) => other.name === integration.name)) {
      faults.push({ field: 'name', message: 'another integration has this name: choose another', code: 'taken' });
    }
    const hash = keyHash(integration.key);
    const now = this.#parts.clock.now();
    const isOld = ({ oldKeys }: Integration) => oldKeys.some((old) => old.hash === hash && old.until > now);
    if (others.some((other) => other.key === integration.key || isOld(other))) {
      const message = 'another integration has this key: choose another';
      faults.push({ field: 'integration_key', message, code: 'taken' });
    }
    const { type = 'standard' } = integration;
    if (type !== 'standard' && Object.keys(change.settings?.fieldMapping ?? {}).length > 0) {
      faults.push({
        field: 'field_mapping',
        message: `is for the type standard: bodies of ${type} are read as they are`,
      });
    }
    const channelId = change.channelId ?? 0;
    if (channelId !== 0 && (await this.#parts.channels.find(query, channelId)) === undefined) {
      faults.push({
        field: 'channel_id',
        message: `there is no channel ${channelId}: make it first`,
        code: 'not_found',
      });
    }
    const teamId = change.teamId ?? 0;
    if (teamId !== 0 && (await this.#parts.unknownTeams(query, [teamId])).length > 0) {
      const message = `there is no team ${teamId}: make it first, or leave it out`;
      faults.push({ field: 'team_id', message, code: 'not_found' });
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
    settings: withSettings(integration.settings, change.settings ?? {}),
    status: change.status ?? integration.status,
    key: change.key ?? integration.key,
    updatedAt: now,
  };
}

function withSettings(settings: FormatSettings, change: NonNullable<IntegrationChange['settings']>): FormatSettings {
  return {
    severityMapping: change.severityMapping ?? settings.severityMapping,
    titleRule: change.titleRule ?? settings.titleRule,
    consoleUrl: change.consoleUrl ?? settings.consoleUrl,
    fieldMapping: change.fieldMapping ?? settings.fieldMapping,
    valueMapping: change.valueMapping ?? settings.valueMapping,
  };
}
