import { readAlerts } from '../../alerts/alert-list-store.ts';
import type { Database } from '../../database/database.ts';
import { listInvocations, readInvocation } from '../../delivery/history.ts';
import type { Resend } from '../../delivery/resend.ts';
import type { Directories } from '../../events/directory.ts';
import { readIncidents } from '../../incidents/incident-list-store.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/history.ts';

export interface HistoryServices {
  readonly database: Database;
  readonly directories: Directories;
  readonly resend: Resend['resend'];
}

/** What was pushed to whom, and how it went (contract 3). */
export function historyRoutes({ database, directories, resend }: HistoryServices): Route[] {
  return [
    route({
      path: '/webhook/history/list',
      summary: 'The invocation history of a time span.',
      role: 'viewer',
      writes: false,
      request: shape.listHistory,
      reply: shape.historyList,
      handle: async (input) => {
        const page = await listInvocations(database, {
          startTime: input.start_time,
          endTime: input.end_time,
          webhookId: input.integration_id,
          entityId: input.ref_id,
          eventTypes: input.event_types,
          status: input.status,
          ascending: input.asc,
          limit: input.limit,
          cursor: input.search_after_ctx ?? '',
        });
        return { items: [...page.items], total: page.total, search_after_ctx: page.cursor };
      },
    }),
    route({
      path: '/webhook/history/detail',
      summary: 'One invocation, with its request and its answer.',
      role: 'viewer',
      writes: false,
      request: shape.historyRef,
      reply: shape.historyDetail,
      handle: async (input) => {
        const { item } = await readInvocation(database, input.integration_id, input.event_id);
        const directory = await directories.current();
        return {
          ...item,
          ref_title: await titleOf(database, item.webhook_type, item.ref_id ?? ''),
          channel_name: directory.channelName(item.channel_id ?? 0),
        };
      },
    }),
    route({
      path: '/webhook/history/resend',
      summary: 'Sends an event to a webhook once more, marked as a redelivery.',
      role: 'responder',
      writes: true,
      request: shape.historyRef,
      reply: shape.resent,
      handle: async (input) => ({ event_id: await resend(input.integration_id, input.event_id) }),
    }),
  ];
}

/** As it is now; '' for what has been removed. */
async function titleOf(database: Database, kind: string, id: string): Promise<string> {
  const found = kind === 'alert' ? await readAlerts(database, [id]) : await readIncidents(database, [id]);
  return found[0]?.title ?? '';
}
