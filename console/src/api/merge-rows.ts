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

interface Follow<Row, Next> {
  readonly pages: readonly Part<Row, Next>[];
  /** The rows that may have changed. */
  readonly asked: readonly string[];
  /** Those of them that belong in the list, as they are now. */
  readonly found: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Below 0: the first row comes before the second. */
  readonly order: (one: Row, other: Row) => number;
}

/**
 * How a list without anybody who looks at it takes news: changed rows change in their places, those that are no longer
 * among them leave, new ones come where the order has them. What belongs below the last page comes with the next one.
 */
export function followRows<Row, Next>({ pages, asked, found, rowKey, order }: Follow<Row, Next>): Part<Row, Next>[] {
  const now = new Map(found.map((row) => [rowKey(row), row]));
  const left = new Set(asked.filter((key) => !now.has(key)));
  const kept = pages.map((page) => ({
    ...page,
    items: page.items.flatMap((row) => {
      const key = rowKey(row);
      const changed = now.get(key);
      now.delete(key);
      return left.has(key) ? [] : [changed ?? row];
    }),
  }));
  for (const row of now.values()) {
    const page = kept.find(({ items }) => items.some((one) => order(row, one) < 0)) ?? endOf(kept);
    const at = page?.items.findIndex((one) => order(row, one) < 0) ?? -1;
    page?.items.splice(at < 0 ? page.items.length : at, 0, row);
  }
  return kept;
}

/** Where rows may be added at the end: when there is no further page. */
function endOf<P extends Part<unknown, unknown>>(pages: readonly P[]): P | undefined {
  const last = pages.at(-1);
  return last?.next === undefined ? last : undefined;
}
