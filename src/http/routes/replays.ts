import type { z } from 'zod';
import { openStates } from '../../delivery/store/delivery.ts';
import type { KnownReplay, ReplayRequest, ReplayService } from '../../replay/replay-service.ts';
import * as shape from '../schemas/replay.ts';
import { readPage } from './paging.ts';
import { commandWithReply, query, type Route } from './route.ts';

export interface ReplayServices {
  readonly replays: ReplayService;
}

/** Sends ended deliveries again, many at once. Like one resend, it is for those on duty. */
export function replayRoutes({ replays }: ReplayServices): Route[] {
  return [
    commandWithReply(
      '/webhook/replay',
      'Sends a selection of the history to its webhook again, marked as a replay; a dry run counts it.',
      'responder',
      { request: shape.replayRequest, reply: shape.replayBegun },
      async (input, call) => {
        const request = requestOf(input);
        const { replayId, plan } = input.dry_run
          ? { replayId: '', plan: await replays.plan(request) }
          : await replays.begin(request, call.person.person_id);
        return {
          replay_id: replayId,
          count: plan.records,
          pushes: plan.pushes,
          by_type: plan.byType.map(({ type, count }) => ({ event_type: type, count })),
          oldest: plan.oldest,
        };
      },
    ),
    query(
      '/replay/info',
      'Shows a replay and how far it is.',
      'viewer',
      { request: shape.replayRef, reply: shape.replayInfo },
      async (input) => replayObject(await replays.find(input.replay_id)),
    ),
    query(
      '/replay/list',
      'Lists the replays of a webhook, the newest first.',
      'viewer',
      { request: shape.replayListRequest, reply: shape.replayListReply },
      async (input) => {
        const page = readPage('replay', input);
        const { items, total } = await replays.list(input.integration_id, page);
        return { items: items.map(replayObject), total, has_next_page: total > page.offset + items.length };
      },
    ),
    commandWithReply(
      '/replay/cancel',
      'Stops a replay and cancels its pushes that wait.',
      'responder',
      { request: shape.replayRef, reply: shape.replayCancelled },
      async (input) => ({ cancelled: await replays.cancel(input.replay_id) }),
    ),
  ];
}

/** The end of time, where the records are named. */
const never = 9_999_999_999_999;

function requestOf(input: z.output<typeof shape.replayRequest>): ReplayRequest {
  return {
    webhookId: input.integration_id,
    selection: {
      recordIds: [...new Set(input.record_ids)],
      startTime: input.start_time ?? 0,
      endTime: input.end_time ?? never,
      entityId: input.ref_id,
      eventTypes: input.event_types,
      states: input.states.length > 0 ? input.states : shape.notArrived,
      reasons: input.reasons,
    },
    order: input.order_policy,
    perSecond: input.max_per_second,
  };
}

function replayObject({ replay, outcomes }: KnownReplay): z.input<typeof shape.replayInfo> {
  const of = (state: Parameters<typeof outcomes.get>[0]) => outcomes.get(state) ?? 0;
  const waiting = openStates.reduce((sum, state) => sum + of(state), 0);
  const { selection } = replay;
  return {
    replay_id: replay.replayId,
    integration_id: replay.webhookId,
    state: replay.state,
    order_policy: replay.order,
    max_per_second: replay.perSecond,
    total: replay.total,
    done: Math.max(0, replay.made - waiting),
    waiting,
    outcomes: {
      delivered: of('delivered'),
      failed: of('failed'),
      unknown: of('unknown'),
      expired: of('expired'),
      cancelled: of('cancelled'),
    },
    paused_until: replay.state === 'running' && replay.pauseMs > 0 ? replay.dueAt : 0,
    message: replay.message,
    selection: {
      record_ids: selection.recordIds.length,
      start_time: selection.startTime,
      end_time: selection.endTime,
      ref_id: selection.entityId,
      event_types: [...selection.eventTypes],
      states: [...selection.states],
      reasons: [...selection.reasons],
    },
    creator_id: replay.memberId,
    created_at: replay.createdAt,
    finished_at: replay.finishedAt,
  };
}
