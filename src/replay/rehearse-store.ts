import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { EventType } from '../events/event-types.ts';
import { payloadOf } from '../events/stored-payload-store.ts';
import type { EntityKind } from '../events/event.ts';

/** Events of one kind, type, channel and minute. */
export interface EventGroup {
  readonly kind: EntityKind;
  readonly type: EventType;
  readonly channelId: number;
  /** Whole minutes since 1970. */
  readonly minute: number;
  readonly count: number;
  /** Of the biggest body among them. */
  readonly bytes: number;
}

/** Events per statement, so that each one is short. */
export const stretchMax = 10_000;

/**
 * A stretch of events, the newest first, in groups: those before an id and from another one on. Ids rise with the time
 * of making, so their own index finds them.
 * @returns where the next stretch begins; undefined when this was the last.
 */
export async function countEvents(
  { longRead }: Pick<Database, 'longRead'>,
  fromId: string,
  beforeId: string,
): Promise<{ readonly groups: readonly EventGroup[]; readonly next: string | undefined }> {
  const span = longRead
    .selectFrom('event')
    .where('event_id', '>=', fromId)
    .where('event_id', '<', beforeId)
    .orderBy('event_id', 'desc');
  const last = await span
    .select('event_id')
    .offset(stretchMax - 1)
    .limit(1)
    .executeTakeFirst();
  const some = span
    .select([
      'entity_kind',
      'event_type',
      'channel_id',
      'event_time',
      sql<number>`octet_length(${payloadOf()})`.as('bytes'),
    ])
    .limit(stretchMax);
  const rows = await longRead
    .selectFrom(some.as('some'))
    .select(({ fn }) => [
      'entity_kind',
      'event_type',
      'channel_id',
      sql<number>`event_time / 60000`.as('minute'),
      fn.countAll<number>().as('count'),
      fn.max<number>('bytes').as('bytes'),
    ])
    .groupBy(['entity_kind', 'event_type', 'channel_id', sql`event_time / 60000`])
    .execute();
  return {
    groups: rows.map((row) => ({
      kind: row.entity_kind as EntityKind,
      type: row.event_type as EventType,
      channelId: row.channel_id,
      minute: row.minute,
      count: row.count,
      bytes: row.bytes,
    })),
    next: last?.event_id,
  };
}
