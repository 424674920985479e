import { useState } from 'react';
import { holdRows, type HeldRows } from './held-rows.ts';

interface Kept<Row> {
  readonly list: string;
  readonly fresh: readonly Row[];
  readonly result: HeldRows<Row>;
}

export interface Holding<Row> extends HeldRows<Row> {
  /** Shows the list as it is now. */
  release(): void;
}

/** The rows of a list: as they are held while somebody looks at them, else as they come. `list` names the filters: another list is never held. */
export function useHeldRows<Row>(
  list: string,
  fresh: readonly Row[],
  keyOf: (row: Row) => string,
  isHeld: boolean,
): Holding<Row> {
  const [kept, setKept] = useState<Kept<Row>>({ list, fresh, result: asIs(fresh) });
  let current = kept;
  if (kept.list !== list || (!isHeld && kept.result.rows !== fresh)) current = { list, fresh, result: asIs(fresh) };
  else if (kept.fresh !== fresh) current = { list, fresh, result: holdRows(kept.result.rows, fresh, keyOf) };
  if (current !== kept) setKept(current);
  return { ...current.result, release: () => setKept({ list, fresh, result: asIs(fresh) }) };
}

function asIs<Row>(rows: readonly Row[]): HeldRows<Row> {
  return { rows, gone: new Set(), waiting: 0 };
}
