/** How a list that somebody reads takes news. Pure. */
import type { Part } from './endless.ts';

export interface Merged<Row, Next> {
  /** The same rows in the same places, each as it is now. */
  readonly pages: Part<Row, Next>[];
  /** Rows that were not there, the newest first. */
  readonly fresh: readonly Row[];
}

/** @param fetched rows as they are now; those that are not shown yet are fresh. */
export function mergeRows<Row, Next>(
  pages: readonly Part<Row, Next>[],
  fetched: readonly Row[],
  rowKey: (row: Row) => string,
): Merged<Row, Next> {
  const byKey = new Map(fetched.map((row) => [rowKey(row), row]));
  const merged = pages.map((page) => ({
    ...page,
    items: page.items.map((row) => {
      const now = byKey.get(rowKey(row));
      byKey.delete(rowKey(row));
      return now ?? row;
    }),
  }));
  return { pages: merged, fresh: [...byKey.values()] };
}
