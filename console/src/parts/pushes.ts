import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { call } from '../api/call.ts';
import { useEndless, type Endless } from '../api/endless.ts';
import { useLive } from '../api/live.ts';
import type { Delivery } from '../api/operations.ts';
import { readAgain } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { within } from '../time/range.ts';
import { deliveryStates } from './delivery-state.ts';

const pageRows = 100;
/** Clocks of nodes differ; an event is never that much older than its object. */
const marginMs = 3_600_000;

/** The deliveries of one incident or alert, those that wait too, newest first. `since` in Unix seconds. */
export function usePushes(objectId: string, since: number): Endless<Delivery> {
  const { history_days: days } = useSession();
  const client = useQueryClient();
  const queryKey = ['/webhook/history/list', 'of', objectId];
  const list = useEndless(queryKey, '', async (cursor, signal) => {
    const now = Date.now();
    const asked = { from: since * 1000 - marginMs, to: now + marginMs };
    const span = days > 0 ? within(asked, days, now) : asked;
    const request = {
      start_time: span.from,
      end_time: span.to,
      limit: pageRows,
      ref_id: objectId,
      states: [...deliveryStates],
      ...(cursor === '' ? {} : { search_after_ctx: cursor }),
    };
    const reply = await call('/webhook/history/list', request, { signal });
    return {
      items: reply.items,
      total: reply.total,
      next: reply.search_after_ctx === '' ? undefined : reply.search_after_ctx,
    };
  });
  useLive(['delivery'], () => readAgain(client, queryKey), { wants: (hint) => hint.data['ref_id'] === objectId });
  return list;
}

/** More than that are not asked for only to be drawn under a timeline. */
const underTimelineMax = 1000;

export interface PushesByEvent {
  /** By the id of the event, in the order in which they were sent. */
  readonly of: ReadonlyMap<string, readonly Delivery[]>;
  /** All of them are here. */
  readonly complete: boolean;
}

export function usePushesByEvent(objectId: string, since: number): PushesByEvent {
  const { rows, more, isPending } = usePushes(objectId, since);
  const wanted = rows.length < underTimelineMax ? more : undefined;
  useEffect(() => wanted?.(), [wanted]);
  return {
    of: Map.groupBy(rows.toReversed(), (one) => one.push_event_id),
    complete: !isPending && more === undefined,
  };
}
