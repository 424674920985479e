import { sql } from 'kysely';
import type { Database, Transaction } from '../database/database.ts';
import type { EventRow } from '../database/tables.ts';
import type { Event } from './event.ts';
import { storedPayloads, type StoredPayload } from './stored-payload-store.ts';

/** Appends events in the transaction that made them. Events never change. */
export async function appendEvents(tx: Transaction, events: readonly Event[]): Promise<void> {
  const payloads = storedPayloads(events);
  await tx.insertMany(
    'event',
    payloads.map(({ event, stored }) => rowOf(event, stored)),
  );
}

/** One entry of an alert's or incident's timeline (contract 6.6). */
export interface FeedItem {
  readonly refId: string;
  /** Of the event; '' of a note, which is no event. */
  readonly eventId: string;
  /** Of the event, or of the one before a note. */
  readonly sequence: number;
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

/** A page of the timeline, with one item more than asked for when there is a next page. A note follows its event. */
export async function readFeed(database: Database, request: FeedRequest): Promise<FeedItem[]> {
  const { entityId, types } = request;
  let events = database.longRead
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
  let notes = database.longRead
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
  const rows = await database.longRead
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
    eventId: row.place === 0 ? row.item_id : '',
    sequence: row.sequence,
    type: row.type,
    detail: JSON.parse(row.detail_json) as Record<string, unknown>,
    creatorId: row.person_id,
    createdAt: row.event_time,
  }));
}

/** Who and what an event is about, without its payload. */
export type CommittedEvent = Pick<Event, 'eventId' | 'kind' | 'entityId' | 'type' | 'sequence' | 'channelId'>;

/** Events whose ids come after one, in the order of their ids, which is about that of their making. */
export async function readEventsAfter(
  { read }: Pick<Database, 'read'>,
  eventId: string,
  limit: number,
): Promise<CommittedEvent[]> {
  const rows = await read
    .selectFrom('event')
    .select(['event_id', 'entity_kind', 'entity_id', 'event_type', 'sequence', 'channel_id'])
    .where('event_id', '>', eventId)
    .orderBy('event_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    eventId: row.event_id,
    kind: row.entity_kind as Event['kind'],
    entityId: row.entity_id,
    type: row.event_type as Event['type'],
    sequence: row.sequence,
    channelId: row.channel_id,
  }));
}

function rowOf(event: Event, stored: StoredPayload): EventRow {
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
    ...stored,
  };
}
