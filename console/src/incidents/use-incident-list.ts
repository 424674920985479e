import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { call } from '../api/call.ts';
import { useEndless, type Endless, type Part } from '../api/endless.ts';
import type { Incident, Reply } from '../api/operations.ts';
import { useLive } from '../api/live.ts';
import { readAgain, useRead } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { openIncidents } from '../parts/usual-requests.ts';
import {
  countsRequestOf,
  isWorstFirst,
  listRequestOf,
  pageRows,
  requestOf,
  type IncidentValues,
} from './incident-filters.ts';

export function useIncidentList(values: IncidentValues): Endless<Incident> {
  const { person } = useSession();
  const worst = isWorstFirst(values);
  const filter = () => requestOf(values, person.person_id, Date.now());
  const load = async (from: string, signal: AbortSignal): Promise<Part<Incident, string>> => {
    const reply = await call('/incident/list', listRequestOf(values, person.person_id, Date.now(), from), { signal });
    const next = worst ? String(Number(from === '' ? 1 : from) + 1) : reply.search_after_ctx;
    return { items: reply.items, total: reply.total, next: reply.has_next_page && next !== '' ? next : undefined };
  };
  return useEndless<Incident, string>(['/incident/list', values], '', load, {
    topics: ['incident'],
    rowKey: (one) => one.incident_id,
    keyOf: (hint) => String(hint.data['incident_id']),
    // An alert that joins an incident is no event of it.
    polls: true,
    follows: {
      async changed(ids: readonly string[]) {
        const [changed, all] = await Promise.all([
          call('/incident/list', { ...filter(), incident_ids: [...ids], limit: pageRows }),
          call('/incident/list', { ...filter(), limit: 1 }),
        ]);
        return { items: changed.items, total: all.total };
      },
      order: worst ? worstFirst : newestFirst,
      nextAfter: worst ? (rows) => String(Math.floor(rows / pageRows) + 1) : undefined,
    },
  });
}

const ranks: Readonly<Record<string, number>> = { Critical: 0, Warning: 1, Info: 2 };

function worstFirst(one: Incident, other: Incident): number {
  const ofOne = ranks[one.incident_severity] ?? 0;
  return ofOne - (ranks[other.incident_severity] ?? 0) || newestFirst(one, other);
}

function newestFirst(one: Incident, other: Incident): number {
  const byTime = other.start_time - one.start_time;
  return byTime === 0 ? (other.incident_id < one.incident_id ? -1 : 1) : byTime;
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
  const request = countsRequestOf(values, person.person_id);
  // The navigation follows these.
  const isFollowed = JSON.stringify(request) === JSON.stringify(openIncidents);
  return useRead('/incident/stats', request, {
    ...(isFollowed ? {} : { live: { topics: ['incident'] } }),
    poll: !isFollowed,
    keep: true,
  }).data;
}

type Summary = Reply<'/webhook/history/summary'>['items'][number];

const summariesMs = 1000;

/** A part of a list, by its first row and the first after it. */
export interface Sight {
  readonly from: number;
  readonly to: number;
}

/** The whole pages that rows are on, so that it seldom changes. */
export function sightOf(first: number, last: number): Sight {
  return {
    from: Math.floor(first / pageRows) * pageRows,
    to: Math.max(1, Math.ceil((last + 1) / pageRows)) * pageRows,
  };
}

/** How many pushes of each incident in sight arrived, did not, and wait. */
export function usePushSummaries(incidents: readonly Incident[], { from, to }: Sight): ReadonlyMap<string, Summary> {
  const pages: string[][] = [];
  for (let at = from; at < Math.min(to, incidents.length); at += pageRows) {
    pages.push(incidents.slice(at, at + pageRows).map((one) => one.incident_id));
  }
  const client = useQueryClient();
  useLive(['delivery'], () => readAgain(client, ['/webhook/history/summary']), { everyMs: summariesMs });
  return useQueries({
    queries: pages.map((ids) => ({
      queryKey: ['/webhook/history/summary', { ref_ids: ids }],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        call('/webhook/history/summary', { ref_ids: ids }, { signal }),
      placeholderData: (before: Reply<'/webhook/history/summary'> | undefined) => before,
    })),
    combine: byIncident,
  });
}

function byIncident(
  results: readonly { readonly data: Reply<'/webhook/history/summary'> | undefined }[],
): ReadonlyMap<string, Summary> {
  return new Map(results.flatMap(({ data }) => data?.items ?? []).map((item) => [item.ref_id, item] as const));
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
