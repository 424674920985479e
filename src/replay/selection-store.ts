import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inHistory, inItsOrder, type Deliveries } from '../delivery/history/history-store.ts';
import { byLane } from '../delivery/store/delivery-state-store.ts';
import { openStates } from '../delivery/store/delivery.ts';
import type { EventType } from '../events/event-types.ts';
import type { Replay, ReplayOrder, Selection } from './replay.ts';

type Reading = Pick<Database, 'longRead' | 'dialect'>;

/** What a selection would send. */
export interface SelectionCount {
  readonly type: EventType;
  /** Records of the history. */
  readonly records: number;
  /** Pushes that they become: one for each event, or for each alert or incident. */
  readonly pushes: number;
  /** Of the oldest event, Unix milliseconds. */
  readonly oldest: number;
}

/** @param createdBefore records made up to then, Unix milliseconds. */
export async function countSelection(
  reading: Reading,
  webhookId: number,
  selection: Selection,
  order: ReplayOrder,
  createdBefore: number,
): Promise<SelectionCount[]> {
  const chosen = { webhookId, selection, replayId: '', createdAt: createdBefore };
  const all = selected(reading, chosen).select(placeColumns);
  const judged = reading.longRead
    .selectFrom(all.as('candidate'))
    .select([
      'event_type',
      'event_time',
      sql<number>`case when ${isReplaced(reading, chosen, order)} then 0 else 1 end`.as('goes'),
    ]);
  const rows = await reading.longRead
    .selectFrom(judged.as('judged'))
    .select(({ fn }) => [
      'event_type',
      fn.countAll<number>().as('records'),
      sql<number>`coalesce(sum(goes), 0)`.as('pushes'),
      fn.min<number>('event_time').as('oldest'),
    ])
    .groupBy('event_type')
    .execute();
  return rows.map((row) => ({
    type: row.event_type as EventType,
    records: row.records,
    pushes: row.pushes,
    oldest: row.oldest,
  }));
}

/** A selected record, and whether another one is sent in its place. */
export interface Candidate {
  readonly deliveryId: string;
  readonly eventTime: number;
  readonly replaced: boolean;
}

/** The next records of a replay, in the order of event times. A delivery that has ended never changes, so the answer stays true. */
export async function readCandidates(reading: Reading, replay: Replay, limit: number): Promise<Candidate[]> {
  const { time, id } = replay.cursor;
  const { webhookId, selection } = replay;
  // Said of the span, so that the search begins there.
  const left = { ...selection, startTime: Math.max(selection.startTime, time) };
  const page = inItsOrder(selected(reading, { ...replay, selection: left }), { ...left, webhookId }, true)
    .select(placeColumns)
    .where(sql<boolean>`(event_time + 0, delivery_id) > (${time}, ${id})`)
    .orderBy('event_time')
    .orderBy('delivery_id')
    .limit(limit);
  const rows = await reading.longRead
    .selectFrom(page.as('candidate'))
    .select([
      'delivery_id',
      'event_time',
      sql<number>`case when ${isReplaced(reading, replay, replay.order)} then 1 else 0 end`.as('replaced'),
    ])
    .orderBy('event_time')
    .orderBy('delivery_id')
    .execute();
  return rows.map((row) => ({ deliveryId: row.delivery_id, eventTime: row.event_time, replaced: row.replaced === 1 }));
}

const placeColumns = ['delivery_id', 'event_time', 'event_type', 'entity_id', 'sequence', 'generation'] as const;

type Chosen = Pick<Replay, 'webhookId' | 'selection' | 'replayId' | 'createdAt'>;

/** As the history lists them, but for what began after the replay, and what it has made itself. */
function selected(
  reading: Reading,
  { webhookId, selection, replayId, createdAt }: Chosen,
  from: Deliveries = reading.longRead.selectFrom('delivery'),
) {
  const { recordIds, ...filter } = selection;
  const { dialect } = reading;
  const all = inHistory(from, dialect, { ...filter, webhookId, webhookTypes: [], replayId: '' })
    .where('created_at', '<=', createdAt)
    // A custom action was run by somebody for once, and is in no lane.
    .where('sequence', '>', 0);
  const others = replayId === '' ? all : all.where('replay_id', '<>', replayId);
  return recordIds.length === 0 ? others : others.where(dialect.anyOf('delivery_id', recordIds));
}

/**
 * Another record comes after the candidate, of the same event, or under `latest` of the same object: it is selected too,
 * or it has arrived or will, where only what did not arrive is wanted.
 */
function isReplaced(reading: Reading, chosen: Chosen, order: ReplayOrder) {
  const { states, recordIds } = chosen.selection;
  const isSelected = (records: Deliveries) => selected(reading, chosen, records);
  const bySelected = isFollowed(reading, chosen, order, isSelected);
  // Records that somebody has picked one by one are sent whatever came after them.
  if (recordIds.length > 0 || states.includes('delivered')) return bySelected;
  const { replayId } = chosen;
  const arrives = (records: Deliveries) => {
    const some = records.where(reading.dialect.anyOf('state', ['delivered', ...openStates]));
    return replayId === '' ? some : some.where('replay_id', '<>', replayId);
  };
  return sql<boolean>`(${bySelected} or ${isFollowed(reading, chosen, order, arrives)})`;
}

/** Records of a lane that are looked at behind a candidate, the last ones first. */
const laneMax = 1_000;

/**
 * Such a record comes after the candidate in its lane. The lane is read first, by its own index, and the limit keeps the
 * databases from merging the two steps: by the index of event times, they would read the whole history for each candidate.
 */
function isFollowed(
  { longRead }: Reading,
  { webhookId }: Chosen,
  order: ReplayOrder,
  such: (records: Deliveries) => Deliveries,
) {
  const lane = longRead
    .selectFrom('delivery')
    .selectAll()
    .where('entity_id', '=', sql<string>`candidate.entity_id`)
    .where('webhook_id', '=', webhookId)
    .where(byLane())
    .orderBy('sequence', 'desc')
    .orderBy('generation', 'desc')
    .limit(laneMax);
  const found = (rows: typeof lane) =>
    sql<boolean>`exists ${such(longRead.selectFrom(rows.as('delivery')) as Deliveries).select(sql`1`.as('one'))}`;
  const newer = lane
    .where('sequence', '=', sql<number>`candidate.sequence`)
    .where('generation', '>', sql<number>`candidate.generation`);
  if (order === 'every') return found(newer);
  const later = lane.where('sequence', '>', sql<number>`candidate.sequence`);
  return sql<boolean>`(${found(newer)} or (candidate.event_type <> 'i_custom' and ${found(later)}))`;
}
