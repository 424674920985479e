import type { Query, Transaction } from '../database/database.ts';
import type { ChannelRow } from '../database/tables.ts';
import {
  ChannelDirectory,
  defaultSettings,
  type Channel,
  type ChannelSettings,
  type ChannelStatus,
} from './channel.ts';

/** Channels as rows. A deleted one keeps its row, so that history can name it. */
export class ChannelStore {
  /** Without the deleted ones, the oldest first. */
  async all(query: Query): Promise<Channel[]> {
    const rows = await query
      .selectFrom('channel')
      .selectAll()
      .where('status', '<>', 'deleted')
      .orderBy('created_at')
      .orderBy('channel_id')
      .execute();
    return rows.map(channelOf);
  }

  /** Without the deleted ones. */
  async find(query: Query, channelId: number): Promise<Channel | undefined> {
    const row = await query
      .selectFrom('channel')
      .selectAll()
      .where('channel_id', '=', channelId)
      .where('status', '<>', 'deleted')
      .executeTakeFirst();
    return row === undefined ? undefined : channelOf(row);
  }

  /** Returns the ids of unknown and deleted channels. */
  async unknown(query: Query, channelIds: readonly number[]): Promise<number[]> {
    if (channelIds.length === 0) return [];
    const rows = await query.selectFrom('channel').select('channel_id').where('status', '<>', 'deleted').execute();
    const known = new Set(rows.map((row) => row.channel_id));
    return channelIds.filter((channelId) => !known.has(channelId));
  }

  async insert(tx: Transaction, channel: Channel): Promise<void> {
    await tx.insertMany('channel', [rowOf(channel)]);
  }

  async save(tx: Transaction, channel: Channel): Promise<void> {
    const { channel_id, ...set } = rowOf(channel);
    await tx.query.updateTable('channel').set(set).where('channel_id', '=', channel_id).execute();
  }
}

/** Reads every channel, for a cache. */
export async function loadChannels(query: Query): Promise<ChannelDirectory> {
  return new ChannelDirectory(await new ChannelStore().all(query));
}

/** Settings that an older version did not know get their defaults. */
function settingsOf(row: ChannelRow): ChannelSettings {
  const stored = JSON.parse(row.settings_json) as Partial<ChannelSettings>;
  return { ...defaultSettings, ...stored, group: { ...defaultSettings.group, ...stored.group } };
}

function channelOf(row: ChannelRow): Channel {
  return {
    channelId: row.channel_id,
    name: row.channel_name,
    description: row.description,
    teamId: row.team_id,
    status: row.status as ChannelStatus,
    creatorId: row.creator_id,
    settings: settingsOf(row),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

function rowOf(channel: Channel): ChannelRow {
  return {
    channel_id: channel.channelId,
    channel_name: channel.name,
    description: channel.description,
    team_id: channel.teamId,
    status: channel.status,
    creator_id: channel.creatorId,
    settings_json: JSON.stringify(channel.settings),
    created_at: channel.createdAt,
    updated_at: channel.updatedAt,
    deleted_at: channel.deletedAt,
  };
}
