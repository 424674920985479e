import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { CallError } from './call.ts';
import { useLive } from './live.ts';
import type { Hint, Topic } from './live-stream.ts';
import { followRows, mergeRows } from './merge-rows.ts';
import type { News } from './news.ts';
import { readAgain } from './query.ts';
import { pollMs } from './state.ts';
import { useUnsettled, type Unsettled } from './unsettled.ts';

/** One page of a list; `next` is where the following one begins, undefined after the last. */
export interface Part<Row, Next> {
  readonly items: readonly Row[];
  readonly total: number;
  readonly next: Next | undefined;
}

export interface Endless<Row> {
  readonly rows: readonly Row[];
  /** -1 = not known yet. */
  readonly total: number;
  readonly error: CallError | null;
  /** Nothing is there to show yet. */
  readonly isPending: boolean;
  /** The rows belong to the previous filter. */
  readonly isStale: boolean;
  readonly loadingMore: boolean;
  readonly more: (() => void) | undefined;
  readonly refetch: () => void;
  /** Rows that came meanwhile and wait to be shown. */
  readonly waiting: number;
  readonly showWaiting: () => void;
}

/** How a list follows the live stream: shown rows change in their places, new ones wait until they are asked for. */
export interface LiveList<Row, Next = unknown> {
  readonly topics: readonly Topic[];
  readonly rowKey: (row: Row) => string;
  /** The row that a hint is about. */
  readonly keyOf: (hint: Hint) => string;
  readonly wants?: (hint: Hint) => boolean;
  /** The row with the state that the hint carries. */
  readonly patch?: (row: Row, hint: Hint) => Row;
  /** Rows as they are now; without it the first page is asked for. */
  readonly byKeys?: (keys: readonly string[]) => Promise<readonly Row[]>;
  /** Every change may move rows, such as in a list that is sorted by trouble: all of it is asked for. */
  readonly moves?: boolean;
  /** Asks again every ten seconds as well: not every change of these rows makes a hint. */
  readonly polls?: boolean;
  readonly everyMs?: number;
  readonly unsettled?: Omit<Unsettled<Row>, 'rowKey'>;
  /** The list is always as the service has it now; what becomes of rows that somebody looks at, its page decides. */
  readonly follows?: Following<Row, Next>;
}

export interface Following<Row, Next> {
  /** Those of the rows that belong in the list, and how many belong in it. */
  changed(keys: readonly string[]): Promise<{ readonly items: readonly Row[]; readonly total: number }>;
  /** Below 0: the first row comes before the second. */
  order(one: Row, other: Row): number;
  /** Where the list goes on after so many rows, if it goes on; without it, where its last page said. */
  readonly nextAfter?: ((rows: number) => Next) | undefined;
}

/** Keys of one request. */
const keysMax = 100;

/** A list that is read on when its end comes into sight. It follows the stream if it says how, else it is polled. */
export function useEndless<Row, Next>(
  key: readonly unknown[],
  first: Next,
  load: (from: Next, signal: AbortSignal) => Promise<Part<Row, Next>>,
  live?: LiveList<Row, Next>,
): Endless<Row> {
  const query = useInfiniteQuery<Part<Row, Next>, CallError, InfiniteData<Part<Row, Next>>, readonly unknown[], Next>({
    queryKey: key,
    initialPageParam: first,
    queryFn: ({ pageParam, signal }) => load(pageParam as Next, signal),
    getNextPageParam: (last) => last.next,
    placeholderData: (before) => before,
    // All pages are asked for, so a long list asks no more often than a short one.
    ...(live === undefined || live.polls === true
      ? { refetchInterval: ({ state }) => pollMs * Math.max(1, state.data?.pages.length ?? 0) }
      : {}),
    ...(live === undefined ? {} : { refetchOnWindowFocus: false, refetchOnMount: false }),
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query;
  const [rowKey] = useState(() => live?.rowKey);
  const rows = useMemo(() => rowsOf(data?.pages ?? [], rowKey), [data, rowKey]);
  const news = useWaiting(key, first, load, live);
  useUnsettled(key, rows, live?.unsettled && { ...live.unsettled, rowKey: live.rowKey });
  return {
    rows,
    total: data?.pages.at(-1)?.total ?? -1,
    error: query.error,
    isPending: query.isPending,
    isStale: query.isPlaceholderData,
    loadingMore: isFetchingNextPage,
    more: hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined,
    refetch: () => void refetch(),
    ...news,
  };
}

/** A page that was asked for again, after rows above it had left, begins with rows that are there already. */
function rowsOf<Row>(pages: readonly { readonly items: readonly Row[] }[], rowKey?: (row: Row) => string): Row[] {
  const rows = pages.flatMap((page) => page.items);
  if (rowKey === undefined) return rows;
  return [...new Map(rows.map((row) => [rowKey(row), row])).values()];
}

type Pages<Row, Next> = InfiniteData<Part<Row, Next>, Next>;

function useWaiting<Row, Next>(
  key: readonly unknown[],
  first: Next,
  load: (from: Next, signal: AbortSignal) => Promise<Part<Row, Next>>,
  live: LiveList<Row, Next> | undefined,
): Pick<Endless<Row>, 'waiting' | 'showWaiting'> {
  const client = useQueryClient();
  const name = JSON.stringify(key);
  const [waiting, setWaiting] = useState({ name, count: 0 });
  const newest = useRef<{ readonly name: string; readonly page: Part<Row, Next> }>(undefined);
  const never = useRef(new AbortController());
  const refetch = (): Promise<void> => readAgain(client, key);

  const refresh = async ({ hints, gap }: News): Promise<unknown> => {
    const before = client.getQueryData<Pages<Row, Next>>(key);
    if (live === undefined) return undefined;
    if (before === undefined) {
      // The first read is under way, and may have been answered before the hint. Later rows wait as always.
      await client.refetchQueries({ queryKey: key, type: 'active' });
      return client.getQueryData(key) === undefined ? undefined : refresh({ hints, gap: true });
    }
    if (live.moves === true || before.pages.every((page) => page.items.length === 0)) return refetch();
    if (live.follows !== undefined) return follow(live.follows, hints, gap);
    const shown = new Set(before.pages.flatMap((page) => page.items.map(live.rowKey)));
    const keys = [...new Set(hints.map(live.keyOf))];
    const known = keys.filter((one) => shown.has(one));
    const fetched: Row[] = [];
    let asked = false;
    if (gap) {
      for (const from of before.pageParams) fetched.push(...(await load(from, never.current.signal)).items);
    }
    if (live.byKeys !== undefined && !gap && known.length === keys.length) {
      fetched.push(...(await live.byKeys(known)));
    } else {
      asked = true;
      newest.current = { name, page: await load(first, never.current.signal) };
      fetched.unshift(...newest.current.page.items);
    }
    const now = client.getQueryData<Pages<Row, Next>>(key) ?? before;
    const patched = patchedPages(now.pages, hints, live);
    const merged = mergeRows(patched, fetched, live.rowKey);
    const page = newest.current?.name === name ? newest.current.page : undefined;
    client.setQueryData<Pages<Row, Next>>(key, {
      ...now,
      pages: page === undefined ? merged.pages : merged.pages.map((one) => ({ ...one, total: page.total })),
    });
    if (asked) setWaiting({ name, count: merged.fresh.length });
    return undefined;
  };
  const follow = async (following: Following<Row, Next>, hints: News['hints'], gap: boolean): Promise<unknown> => {
    const pages = client.getQueryData<Pages<Row, Next>>(key)?.pages ?? [];
    const keys = live === undefined ? [] : [...new Set(hints.map(live.keyOf))];
    // As many requests as for the whole list: then rather that.
    if (live === undefined || gap || keys.length > (pages.length - 1) * keysMax) return refetch();
    const found: Row[] = [];
    let total = 0;
    for (let from = 0; from < keys.length; from += keysMax) {
      const reply = await following.changed(keys.slice(from, from + keysMax));
      found.push(...reply.items);
      total = reply.total;
    }
    client.setQueryData<Pages<Row, Next>>(key, (now) => {
      if (now === undefined) return now;
      const { rowKey } = live;
      const followed = followRows({ pages: now.pages, asked: keys, found, rowKey, order: following.order });
      const count = followed.reduce((sum, page) => sum + page.items.length, 0);
      const next = (page: Part<Row, Next>): Next | undefined =>
        page.next === undefined || following.nextAfter === undefined ? page.next : following.nextAfter(count);
      return { ...now, pages: followed.map((page) => ({ ...page, total, next: next(page) })) };
    });
    return undefined;
  };
  const again = useRef(refresh);
  useEffect(() => {
    again.current = refresh;
  });
  const isLive = live !== undefined;
  useEffect(() => {
    const state = client.getQueryState(JSON.parse(name) as unknown[]);
    // Coming back to a list finds it as it was left; new rows wait as always.
    if (isLive && state?.data !== undefined) void again.current({ hints: [], gap: true }).catch(() => undefined);
  }, [client, name, isLive]);
  useLive(live?.topics ?? [], refresh, {
    enabled: live !== undefined,
    ...(live?.everyMs === undefined ? {} : { everyMs: live.everyMs }),
    ...(live?.wants === undefined ? {} : { wants: live.wants }),
  });
  const showWaiting = useCallback(() => {
    setWaiting({ name, count: 0 });
    if (newest.current?.name !== name) return;
    const { page } = newest.current;
    client.setQueryData<Pages<Row, Next>>(JSON.parse(name) as unknown[], { pages: [page], pageParams: [first] });
    window.scrollTo({ top: 0 });
  }, [client, name, first]);
  return { waiting: waiting.name === name ? waiting.count : 0, showWaiting };
}

function patchedPages<Row, Next>(
  pages: readonly Part<Row, Next>[],
  hints: readonly Hint[],
  live: LiveList<Row, Next>,
): readonly Part<Row, Next>[] {
  const { patch } = live;
  if (patch === undefined || hints.length === 0) return pages;
  const byKey = new Map(hints.map((hint) => [live.keyOf(hint), hint]));
  return pages.map((page) => ({
    ...page,
    items: page.items.map((row) => {
      const hint = byKey.get(live.rowKey(row));
      return hint === undefined ? row : patch(row, hint);
    }),
  }));
}
