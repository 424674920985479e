import { useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import type { Part } from './endless.ts';
import { liveHeld } from './live-stream.ts';
import { mergeRows } from './merge-rows.ts';
import { useSignal } from './signal.ts';
import { pollMs } from './state.ts';

/** Rows that may change without a hint, such as a delivery that expires. */
export interface Unsettled<Row> {
  readonly is: (row: Row) => boolean;
  readonly rowKey: (row: Row) => string;
  /** Rows as they are now, whether or not the filter of the list still selects them. */
  readonly read: (keys: readonly string[], signal: AbortSignal) => Promise<readonly Row[]>;
}

/** Keys of one request. */
const keysMax = 100;

/** Asks for such rows of a list again: every ten seconds, or more seldom where they take several requests. */
export function useUnsettled<Row>(
  key: readonly unknown[],
  rows: readonly Row[],
  unsettled: Unsettled<Row> | undefined,
): void {
  const client = useQueryClient();
  const isHeld = useSignal(liveHeld);
  const keys = unsettled === undefined ? [] : rows.filter(unsettled.is).map(unsettled.rowKey);
  useQuery({
    // It does not begin as the list's key does, so that this is not asked for whenever the list is.
    queryKey: ['unsettled', ...key],
    queryFn: async ({ signal }) => {
      const found: Row[] = [];
      for (let from = 0; from < keys.length; from += keysMax) {
        found.push(...((await unsettled?.read(keys.slice(from, from + keysMax), signal)) ?? []));
      }
      client.setQueryData<InfiniteData<Part<Row, unknown>>>(key, (now) =>
        now === undefined || unsettled === undefined
          ? now
          : { ...now, pages: mergeRows(now.pages, found, unsettled.rowKey).pages },
      );
      return found.length;
    },
    initialData: 0,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: keys.length > 0 && !isHeld,
    refetchInterval: pollMs * Math.ceil(keys.length / keysMax),
    refetchOnWindowFocus: 'always',
  });
}
