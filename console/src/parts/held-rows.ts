/** Keeps rows where they are while somebody looks at them. Pure. */

export interface HeldRows<Row> {
  readonly rows: readonly Row[];
  /** Keys of rows that the service no longer counts among them. */
  readonly gone: ReadonlySet<string>;
  /** How many new rows wait to be shown. */
  readonly waiting: number;
}

/** The rows that are shown, in their order: changed in place, none of them moved or taken away. New ones below the last are added, new ones above wait. */
export function holdRows<Row>(
  shown: readonly Row[],
  fresh: readonly Row[],
  keyOf: (row: Row) => string,
): HeldRows<Row> {
  const now = new Map(fresh.map((row) => [keyOf(row), row]));
  const known = new Set(shown.map(keyOf));
  const lastKnown = fresh.findLastIndex((row) => known.has(keyOf(row)));
  const below = fresh.slice(lastKnown + 1);
  const above = fresh.slice(0, lastKnown + 1).filter((row) => !known.has(keyOf(row)));
  // Without any known row left, what came is new and not the continuation of the list.
  const added = lastKnown < 0 ? [] : below;
  return {
    rows: [...shown.map((row) => now.get(keyOf(row)) ?? row), ...added],
    gone: new Set([...known].filter((key) => !now.has(key))),
    waiting: above.length + (lastKnown < 0 ? below.length : 0),
  };
}
