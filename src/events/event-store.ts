import { sql } from 'kysely';
import type { Database, Transaction } from '../database/database.ts';
import type { EventRow } from '../database/tables.ts';
import type { Event } from './event.ts';

/** Appends events in the transaction that made them. They are never changed afterwards. */
export async function appendEvents(tx: Transaction, events: readonly Event[]): Promise<void> {
  await tx.insertMany('event', events.map(rowOf));
}

/** One entry of an alert's or incident's timeline (contract 6.6). */
export interface FeedItem {
  readonly refId: string;
  readonly type: string;
  readonly detail: Record<string, unknown>;
  /** 0 = the service. */
  readonly creatorId: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export interface FeedRequest {
  readonly entityId: string;
  /** Empty = all. */
  readonly types: readonly string[];
  readonly ascending: boolean;
  readonly offset: number;
  readonly limit: number;
}

/**
 * A page of the timeline, with one item more than asked for when there is a next page. A note stands behind the event
 * that it follows.
 */
export async function readFeed(database: Database, request: FeedRequest): Promise<FeedItem[]> {
  const { entityId, types } = request;
  let events = database.read
    .selectFrom('event')
    .select([
      'entity_id',
      'sequence',
      'event_id as item_id',
      'event_type as type',
      'detail_json',
      'person_id',
      'event_time',
    ])
    .select(sql<number>`0`.as('place'))
    .where('entity_id', '=', entityId);
  let notes = database.read
    .selectFrom('note')
    .select([
      'entity_id',
      'sequence',
      'note_id as item_id',
      'note_type as type',
      'detail_json',
      'person_id',
      'created_at as event_time',
    ])
    .select(sql<number>`1`.as('place'))
    .where('entity_id', '=', entityId);
  if (types.length > 0) {
    events = events.where(database.dialect.anyOf('event_type', types));
    notes = notes.where(database.dialect.anyOf('note_type', types));
  }
  const direction = request.ascending ? 'asc' : 'desc';
  const rows = await database.read
    .selectFrom(events.unionAll(notes).as('feed'))
    .selectAll()
    .orderBy('sequence', direction)
    .orderBy('place', direction)
    .orderBy('item_id', direction)
    .offset(request.offset)
    .limit(request.limit + 1)
    .execute();
  return rows.map((row) => ({
    refId: row.entity_id,
    type: row.type,
    detail: JSON.parse(row.detail_json) as Record<string, unknown>,
    creatorId: row.person_id,
    createdAt: row.event_time,
  }));
}

function rowOf(event: Event): EventRow {
  return {
    event_id: event.eventId,
    entity_kind: event.kind,
    entity_id: event.entityId,
    sequence: event.sequence,
    event_type: event.type,
    event_time: event.eventTime,
    channel_id: event.channelId,
    person_id: event.person?.person_id ?? 0,
    detail_json: JSON.stringify(event.detail),
    payload: event.payload,
  };
}
