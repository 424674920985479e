import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { call } from '../api/call.ts';
import { useEndless, type Endless } from '../api/endless.ts';
import type { Incident, Reply } from '../api/operations.ts';
import { useLive } from '../api/live.ts';
import { useRead } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { isWorstFirst, requestOf, type IncidentValues } from './incident-filters.ts';

const pageRows = 100;

/** The worst first goes by page numbers, the newest first by cursors. */
export function useIncidentList(values: IncidentValues): Endless<Incident> {
  const { person } = useSession();
  const worst = isWorstFirst(values);
  const list = useEndless<Incident, string>(['/incident/list', values], '', async (from, signal) => {
    const filter = requestOf(values, person.person_id, Date.now());
    if (worst) {
      const page = from === '' ? 1 : Number(from);
      const order = { orderby: 'severity' as const, p: page, limit: pageRows };
      const reply = await call('/incident/list', { ...filter, ...order }, { signal });
      return { items: reply.items, total: reply.total, next: reply.has_next_page ? String(page + 1) : undefined };
    }
    const order = { limit: pageRows, ...(from === '' ? {} : { search_after_ctx: from }) };
    const reply = await call('/incident/list', { ...filter, ...order }, { signal });
    const next = reply.has_next_page ? reply.search_after_ctx : undefined;
    return { items: reply.items, total: reply.total, next: next === '' ? undefined : next };
  });
  useLive(['incident'], () => list.refetch());
  return list;
}

/** As many as one can act on at once. */
export const matchingMax = 1000;

/** All that match, also those that are not loaded. */
export async function loadMatching(values: IncidentValues, personId: number): Promise<Incident[]> {
  const all: Incident[] = [];
  const filter = requestOf(values, personId, Date.now());
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? {} : { search_after_ctx: cursor };
    const reply = await call('/incident/list', { ...filter, limit: pageRows, ...more });
    all.push(...reply.items);
    cursor = reply.has_next_page ? reply.search_after_ctx : undefined;
  } while (cursor !== undefined && cursor !== '' && all.length < matchingMax);
  return all.slice(0, matchingMax);
}

export type Counts = Reply<'/incident/stats'>;

/** For the filters that are set, but for severity and progress: those say what choosing them would show. */
export function useCounts(values: IncidentValues): Counts | undefined {
  const { person } = useSession();
  const open = { ...values, severity: [], progress: 'open' as const };
  return useRead('/incident/stats', requestOf(open, person.person_id, 0), {
    live: { topics: ['incident'] },
    keep: true,
  }).data;
}

type Summary = Reply<'/webhook/history/summary'>['items'][number];

const summariesMs = 1000;

/** How many pushes of each incident arrived, did not, and wait. */
export function usePushSummaries(incidents: readonly Incident[]): ReadonlyMap<string, Summary> {
  const pages: string[][] = [];
  for (let from = 0; from < incidents.length; from += pageRows) {
    pages.push(incidents.slice(from, from + pageRows).map((one) => one.incident_id));
  }
  const client = useQueryClient();
  useLive(['delivery'], () => client.invalidateQueries({ queryKey: ['/webhook/history/summary'] }), {
    everyMs: summariesMs,
  });
  return useQueries({
    queries: pages.map((ids) => ({
      queryKey: ['/webhook/history/summary', { ref_ids: ids }],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        call('/webhook/history/summary', { ref_ids: ids }, { signal }),
      placeholderData: (before: Reply<'/webhook/history/summary'> | undefined) => before,
    })),
    combine: (results) =>
      new Map(results.flatMap(({ data }) => data?.items ?? []).map((item) => [item.ref_id, item] as const)),
  });
}

/** The present state of incidents that left the list while it was held. */
export function useGone(ids: ReadonlySet<string>): ReadonlyMap<string, Incident> {
  const wanted = [...ids].slice(0, pageRows);
  const { data } = useRead(
    '/incident/list-by-ids',
    { incident_ids: wanted },
    { enabled: wanted.length > 0, keep: true },
  );
  return useMemo(() => new Map((data?.items ?? []).map((one) => [one.incident_id, one])), [data]);
}
