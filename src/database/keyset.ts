import { sql, type SelectQueryBuilder } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './tables.ts';

/** Where in a list of what has a time and an id a page begins. */
export interface KeysetPage {
  readonly ascending: boolean;
  /** Where the last page ended; wins over `offset`. */
  readonly after: { readonly time: number; readonly id: string } | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** Totals are exact below this and stop there (contract 6.1). */
export const totalMax = 1000;

/** Orders by a time and an id, from where the last page ended, however deep that is. */
export function keyset<Table extends keyof Tables, Out>(
  query: SelectQueryBuilder<Tables, Table, Out>,
  [time, id]: readonly [time: string, id: string],
  { ascending, after }: Pick<KeysetPage, 'ascending' | 'after'>,
): SelectQueryBuilder<Tables, Table, Out> {
  const direction = ascending ? 'asc' : 'desc';
  const ordered = query.orderBy(sql.ref(time), direction).orderBy(sql.ref(id), direction);
  if (after === undefined) return ordered;
  const beyond = sql.raw(ascending ? '>' : '<');
  return ordered.where(sql<boolean>`(${sql.ref(time)}, ${sql.ref(id)}) ${beyond} (${after.time}, ${after.id})`);
}

/** One row more than asked for tells that there is a next page. */
export function pageOf<Table extends keyof Tables, Out>(
  query: SelectQueryBuilder<Tables, Table, Out>,
  columns: readonly [time: string, id: string],
  page: KeysetPage,
): SelectQueryBuilder<Tables, Table, Out> {
  return keyset(query, columns, page)
    .offset(page.after === undefined ? page.offset : 0)
    .limit(page.limit + 1);
}

/** @param ids selects one column. */
export async function countUpTo<Table extends keyof Tables>(
  database: Pick<Database, 'read'>,
  ids: SelectQueryBuilder<Tables, Table, object>,
): Promise<number> {
  const { total } = await database.read
    .selectFrom(ids.limit(totalMax).as('matching'))
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return total;
}
