import { bumpRevision, type Cached } from '../database/cached.ts';
import type { Database, Query, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import { channelsMax, defaultSettings, type Channel, type ChannelDirectory, type ChannelSettings } from './channel.ts';
import type { ChannelStore } from './channel-store.ts';

export interface ChannelsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: ChannelStore;
  readonly directory: Cached<ChannelDirectory>;
  readonly users: ChannelUsers;
  /** The ids among these that are no teams. */
  readonly unknownTeams: (query: Query, teamIds: readonly number[]) => Promise<readonly number[]>;
}

/** What sends into channels; a port, because channels do not know integrations. */
export interface ChannelUsers {
  /** The names of the enabled integrations that point at the channel. */
  namesOf(query: Query, channelId: number): Promise<readonly string[]>;
}

/** What of a channel can be set; what is `undefined` stays, or is the default in a new one. */
export interface ChannelChange extends Partial<ChannelSettings> {
  readonly name?: string;
  readonly description?: string;
  readonly teamId?: number;
}

export class Channels {
  readonly #parts: ChannelsParts;

  constructor(parts: ChannelsParts) {
    this.#parts = parts;
  }

  directory(): Promise<ChannelDirectory> {
    return this.#parts.directory.current();
  }

  async create(change: ChannelChange & { readonly name: string }, creatorId: number): Promise<Channel> {
    const { database, clock, ids, store } = this.#parts;
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
      await bumpRevision(tx);
      const others = await store.all(tx.query);
      const faults = [...nameFaults(others, channel), ...(await this.#teamFaults(tx, change))];
      if (others.length >= channelsMax) {
        faults.push({ field: '', message: `there may be at most ${channelsMax} channels: delete some first` });
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
      const faults = [...nameFaults(await store.all(tx.query), channel), ...(await this.#teamFaults(tx, change))];
      if (faults.length > 0) throw invalid(faults);
      await store.save(tx, channel);
    });
  }

  async setStatus(channelId: number, status: 'enabled' | 'disabled'): Promise<void> {
    await this.#with(channelId, (tx, channel, now) =>
      this.#parts.store.save(tx, { ...channel, status, updatedAt: now }),
    );
  }

  /**
   * Final for users; its alerts and incidents stay. Refused while an enabled integration points at the channel, because
   * what it sends would be lost without a word.
   */
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
      await this.#parts.store.save(tx, { ...channel, status: 'deleted', updatedAt: now, deletedAt: now });
    });
  }

  async #with(
    channelId: number,
    work: (tx: Transaction, channel: Channel, now: number) => Promise<void>,
  ): Promise<void> {
    const { database, clock, store } = this.#parts;
    await database.transaction(async (tx) => {
      await bumpRevision(tx);
      const channel = await store.find(tx.query, channelId);
      if (channel === undefined) throw notFound('channel', channelId);
      await work(tx, channel, clock.now());
    });
  }

  async #teamFaults(tx: Transaction, change: ChannelChange): Promise<Fault[]> {
    const named = [change.teamId ?? 0, ...(change.managingTeamIds ?? [])].filter((id) => id !== 0);
    const unknown = await this.#parts.unknownTeams(tx.query, named);
    return unknown.map((id) => ({
      field: id === change.teamId ? 'team_id' : 'managing_team_ids',
      message: `there is no team ${id}: make it first, or leave it out`,
    }));
  }
}

/** How many integrations a refusal names. */
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

function nameFaults(channels: readonly Channel[], channel: Channel): Fault[] {
  const taken = channels.some((other) => other.name === channel.name && other.channelId !== channel.channelId);
  return taken ? [{ field: 'channel_name', message: 'another channel has this name: choose another' }] : [];
}
