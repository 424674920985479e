import type { Transaction } from './database.ts';

/** Rows and characters that are written in one go, at most; one row may be larger. */
const rowsMax = 250;
const charactersMax = 300_000;
/** Rows that are read in one go: each may have 200 kB. */
const readRowsMax = 10;
/** The same for a push, which reads the rows of its few reports. */
export const readRowsOfPushMax = 50;

/** Does the work for all items, some at a time; between them the event loop may have its turn. */
export async function inPieces<Item>(
  tx: Pick<Transaction, 'giveTurn'>,
  items: readonly Item[],
  charactersOf: (item: Item) => number,
  work: (some: readonly Item[]) => Promise<unknown>,
): Promise<void> {
  let [from, characters] = [0, 0];
  for (const [index, item] of items.entries()) {
    const more = charactersOf(item);
    if (index - from >= rowsMax || (index > from && characters + more > charactersMax)) {
      await work(items.slice(from, index));
      await tx.giveTurn();
      [from, characters] = [index, 0];
    }
    characters += more;
  }
  if (from < items.length) await work(from === 0 ? items : items.slice(from));
}

/** Reads the rows of all ids, some at a time. */
export async function readInPieces<Row>(
  tx: Pick<Transaction, 'giveTurn'>,
  ids: readonly string[],
  read: (some: readonly string[]) => Promise<readonly Row[]>,
  atOnce = readRowsMax,
): Promise<readonly Row[]> {
  if (ids.length <= atOnce) return read(ids);
  const rows: Row[] = [];
  for (let from = 0; from < ids.length; from += atOnce) {
    rows.push(...(await read(ids.slice(from, from + atOnce))));
    await tx.giveTurn();
  }
  return rows;
}
