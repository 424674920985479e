import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Database, Query, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import { channelsMax, defaultSettings, type Channel, type ChannelDirectory, type ChannelSettings } from './channel.ts';
import type { ChannelStore } from './channel-store.ts';

export interface ChannelServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: ChannelStore;
  readonly config: SharedConfig<{ channels: ChannelDirectory }>;
  readonly users: ChannelUsers;
  /** Returns the ids that belong to no team. */
  readonly unknownTeams: (query: Query, teamIds: readonly number[]) => Promise<readonly number[]>;
}

/** What sends into a channel. A port, because channels do not know integrations. */
export interface ChannelUsers {
  /** The names of the enabled integrations that send into this channel alone. */
  namesOf(query: Query, channelId: number): Promise<readonly string[]>;
  /** Takes the channel out of the routes of shared integrations. */
  forget(tx: Transaction, channelId: number): Promise<void>;
}

/** The settable fields. `undefined` = unchanged, or the default in a new channel. */
export interface ChannelChange extends Partial<ChannelSettings> {
  readonly name?: string;
  readonly description?: string;
  readonly teamId?: number;
}

export class ChannelService {
  readonly #parts: ChannelServiceParts;

  constructor(parts: ChannelServiceParts) {
    this.#parts = parts;
  }

  async directory(): Promise<ChannelDirectory> {
    return (await this.#parts.config.current()).channels;
  }

  async create(change: ChannelChange & { readonly name: string }, creatorId: number): Promise<Channel> {
    const { database, config, clock, ids, store } = this.#parts;
    const now = clock.now();
    const blank: Channel = {
      channelId: ids.number(),
      name: '',
      description: '',
      teamId: 0,
      status: 'enabled',
      creatorId,
      settings: defaultSettings,
      createdAt: now,
      updatedAt: now,
      deletedAt: 0,
    };
    const channel = withChange(blank, change, now);
    await database.transaction(async (tx) => {
      await config.change(tx, 'channels');
      const others = await store.all(tx.query);
      const faults = [...nameFaults(others, channel), ...(await this.#teamFaults(tx.query, change))];
      if (others.length >= channelsMax) {
        const message = `there may be at most ${channelsMax} channels: delete some first`;
        faults.push({ field: '', message, code: 'limit' });
      }
      if (faults.length > 0) throw invalid(faults);
      await store.insert(tx, channel);
    });
    return channel;
  }

  async update(channelId: number, change: ChannelChange): Promise<void> {
    const { store } = this.#parts;
    await this.#with(channelId, async (tx, before, now) => {
      const channel = withChange(before, change, now);
      const faults = [...nameFaults(await store.all(tx.query), channel), ...(await this.#teamFaults(tx.query, change))];
      if (faults.length > 0) throw invalid(faults);
      await store.save(tx, channel);
    });
  }

  /** Faults of a change against other rows, without making it. */
  async faultsOf(channelId: number, change: ChannelChange): Promise<Fault[]> {
    const { list } = await this.directory();
    const name = change.name ?? list.find((one) => one.channelId === channelId)?.name ?? '';
    return [...nameFaults(list, { channelId, name }), ...(await this.#teamFaults(this.#parts.database.read, change))];
  }

  async setStatus(channelId: number, status: 'enabled' | 'disabled'): Promise<void> {
    await this.#with(channelId, (tx, channel, now) =>
      this.#parts.store.save(tx, { ...channel, status, updatedAt: now }),
    );
  }

  /**
   * Deletes a channel; its alerts and incidents stay. Refused while an enabled integration sends to it, because its
   * reports would be lost in silence.
   */
  /** Final. Routes lose the channel. An integration that sends into it alone has to be moved first, or its reports were lost. */
  async remove(channelId: number): Promise<void> {
    await this.#with(channelId, async (tx, channel, now) => {
      const names = await this.#parts.users.namesOf(tx.query, channelId);
      if (names.length > 0) {
        const list = names.slice(0, namesShown).map((name) => JSON.stringify(name));
        throw new Failure(
          'ReferenceExist',
          `${names.length} integration(s) send into this channel (${list.join(', ')}): delete or move them first`,
        );
      }
      await this.#parts.users.forget(tx, channelId);
      await this.#parts.store.save(tx, { ...channel, status: 'deleted', updatedAt: now, deletedAt: now });
    });
  }

  async #with(
    channelId: number,
    work: (tx: Transaction, channel: Channel, now: number) => Promise<void>,
  ): Promise<void> {
    const { database, config, clock, store } = this.#parts;
    await database.transaction(async (tx) => {
      await config.change(tx, 'channels');
      const channel = await store.find(tx.query, channelId);
      if (channel === undefined) throw notFound('channel', channelId);
      await work(tx, channel, clock.now());
    });
  }

  async #teamFaults(query: Query, change: ChannelChange): Promise<Fault[]> {
    const named = [change.teamId ?? 0, ...(change.managingTeamIds ?? [])].filter((id) => id !== 0);
    const unknown = await this.#parts.unknownTeams(query, named);
    return unknown.map((id) => ({
      field: id === change.teamId ? 'team_id' : 'managing_team_ids',
      message: `there is no team ${id}: make it first, or leave it out`,
      code: 'not_found',
    }));
  }
}

/** Integrations that a refusal names. */
const namesShown = 5;

function withChange(channel: Channel, change: ChannelChange, now: number): Channel {
  const { name, description, teamId, ...settings } = change;
  const sent = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return {
    ...channel,
    name: name ?? channel.name,
    description: description ?? channel.description,
    teamId: teamId ?? channel.teamId,
    settings: { ...channel.settings, ...sent },
    updatedAt: now,
  };
}

function nameFaults(channels: readonly Channel[], channel: Pick<Channel, 'channelId' | 'name'>): Fault[] {
  const taken = channels.some((other) => other.name === channel.name && other.channelId !== channel.channelId);
  return taken
    ? [{ field: 'channel_name', message: 'another channel has this name: choose another', code: 'taken' }]
    : [];
}
