import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './tables.ts';

/** A position in a list that is ordered by time and id. */
export interface KeysetPage {
  readonly ascending: boolean;
  /** Where the last page ended; wins over `offset`. */
  readonly after: KeysetPlace | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** Totals are exact below this number and stop at it (contract 6.1). */
export const totalMax = 1000;

/** What a list is ordered by. An id alone is about the time of making, because ids rise. */
export type KeysetColumns = readonly [time: string, id: string] | readonly [id: string];

/** Orders by time and id, from the end of the last page; the cost does not grow with the depth. */
export function keyset<Table extends keyof Tables, Out>(
  query: SelectQueryBuilder<Tables, Table, Out>,
  columns: KeysetColumns,
  { ascending, after }: Pick<KeysetPage, 'ascending' | 'after'>,
): SelectQueryBuilder<Tables, Table, Out> {
  let ordered = query;
  for (const column of columns) ordered = ordered.orderBy(sql.ref(column), ascending ? 'asc' : 'desc');
  return after === undefined ? ordered : ordered.where(isFrom(columns, ascending ? '>' : '<', after));
}

function isFrom(columns: KeysetColumns, sign: '<' | '<=' | '>' | '>=', place: KeysetPlace): RawBuilder<boolean> {
  if (columns.length === 1) return sql<boolean>`${sql.ref(columns[0])} ${sql.raw(sign)} ${place.id}`;
  const [time, id] = columns;
  return sql<boolean>`(${sql.ref(time)}, ${sql.ref(id)}) ${sql.raw(sign)} (${place.time}, ${place.id})`;
}

/** Reads one row more than asked for: its presence means that there is a next page. */
export function pageOf<Table extends keyof Tables, Out>(
  query: SelectQueryBuilder<Tables, Table, Out>,
  columns: KeysetColumns,
  page: KeysetPage,
): SelectQueryBuilder<Tables, Table, Out> {
  return keyset(query, columns, page)
    .offset(page.after === undefined ? page.offset : 0)
    .limit(page.limit + 1);
}

/** The rows of one page, and where the next one begins. @param rows one more than `limit` where there is a next page. */
export function cut<Row>(rows: readonly Row[], limit: number, placeOf: (row: Row) => KeysetPlace): Cut<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? placeOf(last) : undefined };
}

export interface Cut<Row> {
  readonly items: readonly Row[];
  /** `undefined` = there is no next page. */
  readonly next: KeysetPlace | undefined;
}

/** @param ids selects one column. */
export async function countUpTo<Table extends keyof Tables>(
  database: Pick<Database, 'longRead'>,
  ids: SelectQueryBuilder<Tables, Table, object>,
): Promise<number> {
  const { total } = await database.longRead
    .selectFrom(ids.limit(totalMax).as('matching'))
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return total;
}

/** Rows that one call reads when a condition is checked outside the database, and in one statement. */
const siftedMax = 20_000;
const siftPage = 250;

/**
 * Reads in bounded pages, for a condition that SQL cannot express; `next` goes on where it stopped.
 * @param read the item of a row, undefined = the condition does not hold.
 */
export async function sift<Table extends keyof Tables, Row, Item>(
  query: SelectQueryBuilder<Tables, Table, Row>,
  columns: KeysetColumns,
  page: KeysetPage,
  { read, placeOf }: { readonly read: (row: Row) => Item | undefined; readonly placeOf: (row: Row) => KeysetPlace },
): Promise<{ items: Item[]; next: KeysetPlace | undefined; total: number }> {
  const found: { item: Item; place: KeysetPlace }[] = [];
  const skip = page.after === undefined ? page.offset : 0;
  const enough = Math.max(totalMax, skip + page.limit + 1);
  let after = page.after;
  let ended = false;
  for (let sifted = 0; sifted < siftedMax && !ended; sifted += siftPage) {
    const rows = (await keyset(query, columns, { ascending: page.ascending, after })
      .limit(siftPage)
      .execute()) as Row[];
    for (const row of rows) {
      const item = read(row);
      if (item !== undefined) found.push({ item, place: placeOf(row) });
    }
    const last = rows.at(-1);
    ended = rows.length < siftPage || found.length >= enough;
    if (last !== undefined) after = placeOf(last);
  }
  const shown = found.slice(skip, skip + page.limit);
  const more = found.length > skip + page.limit;
  return {
    items: shown.map(({ item }) => item),
    next: more ? shown.at(-1)?.place : ended ? undefined : after,
    total: Math.min(found.length, totalMax),
  };
}

/** A row's place in a list. */
export interface KeysetPlace {
  readonly time: number;
  readonly id: string;
}

/**
 * Rows that a list without an index for its condition looks at in its first statement, in one, and in one call. Common
 * values are found in the first; PostgreSQL tests a whole stretch before it puts it in order.
 */
const firstStretchRows = 2_000;
export const stretchRows = 20_000;
export const walkedRowsMax = 100_000;

/**
 * Walks a list stretch by stretch for a condition that no index knows, until it has found enough or has looked at
 * {@link walkedRowsMax} rows.
 * @param all selects the time and the id of every row that the list could have, as `time` and `id`.
 * @param matching selects the same of those that the condition holds for.
 */
export async function walk<Table extends keyof Tables>(
  all: SelectQueryBuilder<Tables, Table, KeysetPlace>,
  matching: SelectQueryBuilder<Tables, Table, KeysetPlace>,
  columns: KeysetColumns,
  page: Pick<KeysetPage, 'ascending' | 'after'> & { readonly enough: number },
): Promise<Walked> {
  const found: KeysetPlace[] = [];
  let after = page.after;
  let stretchOf = firstStretchRows;
  for (let walked = 0; walked < walkedRowsMax; walked += stretchOf, stretchOf = Math.min(2 * stretchOf, stretchRows)) {
    const from = { ascending: page.ascending, after };
    const last = await keyset(all, columns, from)
      .offset(stretchOf - 1)
      .limit(1)
      .executeTakeFirst();
    const stretch = keyset(matching, columns, from).limit(page.enough - found.length);
    const rows = await (last === undefined ? stretch : upTo(stretch, columns, page.ascending, last)).execute();
    found.push(...(rows as KeysetPlace[]));
    if (last === undefined || found.length >= page.enough) return { found, stoppedAt: undefined };
    after = last;
  }
  return { found, stoppedAt: after };
}

export interface Walked {
  readonly found: readonly KeysetPlace[];
  /** Where it was given up; undefined when it came to the end or found enough. */
  readonly stoppedAt: KeysetPlace | undefined;
}

function upTo<Table extends keyof Tables, Out>(
  query: SelectQueryBuilder<Tables, Table, Out>,
  columns: KeysetColumns,
  ascending: boolean,
  last: KeysetPlace,
): SelectQueryBuilder<Tables, Table, Out> {
  return query.where(isFrom(columns, ascending ? '<=' : '>=', last));
}
