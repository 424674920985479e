import { titlesOfAlerts } from '../../alerts/alert-list-store.ts';
import type { Database } from '../../database/database.ts';
import type { z } from 'zod';
import type { Role } from '../../access/role.ts';
import {
  type AttemptItem,
  type HistoryItem,
  listInvocations,
  readInvocation,
  summarizePushes,
} from '../../delivery/history/history.ts';
import type { Resend } from '../../delivery/history/resend.ts';
import { readStats, stepsMax } from '../../delivery/history/stats.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Directories } from '../../events/directory.ts';
import type { WebhookService } from '../../webhooks/webhook-service.ts';
import { titlesOfIncidents } from '../../incidents/incident-list-store.ts';
import { commandWithReply, query, type Route } from './route.ts';
import { withoutSecrets } from '../../delivery/attempt/echoed-secrets.ts';
import { endpointMask, secretsOfEndpoint } from '../../webhooks/endpoint.ts';
import { endpointFor } from './webhook-object.ts';
import { readPage, writeCursor } from './paging.ts';
import * as shape from '../schemas/history.ts';

const listName = 'history';

export interface HistoryServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly directories: Directories;
  readonly webhooks: Pick<WebhookService, 'directory'>;
  readonly resend: Resend['resend'];
}

/** The invocation history (contract 3). */
export function historyRoutes({ database, clock, directories, webhooks, resend }: HistoryServices): Route[] {
  return [
    query(
      '/webhook/history/list',
      'The invocation history of a time span.',
      'viewer',
      { request: shape.listHistory, reply: shape.historyList },
      async (input, { role }) => {
        const { after } = readPage(listName, { p: 1, limit: input.limit, search_after_ctx: input.search_after_ctx });
        const page = await listInvocations(
          database,
          {
            startTime: input.start_time,
            endTime: input.end_time,
            webhookId: input.integration_id,
            entityId: input.ref_id,
            eventTypes: input.event_types,
            status: input.status,
            states: input.states,
            reasons: input.reasons,
            webhookTypes: input.webhook_types,
            replayId: input.replay_id,
            pushId: input.push_id,
            recordIds: [...new Set(input.record_ids)],
            ascending: input.asc,
            limit: input.limit,
            after,
          },
          await webhooks.directory(),
        );
        const items = (await withTitles(database, page.items)).map((item) => shownTo(role, item));
        return {
          items,
          total: page.total,
          search_after_ctx: page.next === undefined ? '' : writeCursor(listName, page.next),
        };
      },
    ),
    query(
      '/webhook/history/detail',
      'One invocation, with its request and its answer.',
      'viewer',
      { request: shape.historyRef, reply: shape.historyDetail },
      async (input, { role }) => {
        const { item, attempts } = await readInvocation(
          database,
          input.integration_id,
          input.event_id,
          await webhooks.directory(),
        );
        const directory = await directories.current();
        const [titled = { ...item, ref_title: '' }] = await withTitles(database, [item]);
        return {
          ...shownTo(role, titled),
          channel_name: directory.channelName(item.channel_id ?? 0),
          attempts: attempts.map((one) => attemptFor(role, one)),
        };
      },
    ),
    query(
      '/webhook/history/summary',
      'Counts what became of the pushes of alerts or incidents.',
      'viewer',
      { request: shape.pushSummaryRequest, reply: shape.pushSummaryReply },
      async (input) => ({ items: await summarizePushes(database, [...new Set(input.ref_ids)]) }),
    ),
    query(
      '/webhook/stats',
      'Counts how deliveries went, step by step, how long they took, and what waits now.',
      'viewer',
      { request: shape.statsRequest, reply: shape.statsReply },
      async (input) => {
        const { start_time: startTime, end_time: endTime } = input;
        const stepSeconds = input.step_seconds ?? Math.ceil((endTime - startTime) / 1000 / stepsMax);
        const span = { webhookId: input.integration_id, startTime, endTime, stepMs: stepSeconds * 1000 };
        const stats = await readStats(database, span, clock.now());
        return { ...stats, buckets: [...stats.buckets], by_reason: [...stats.by_reason] };
      },
    ),
    commandWithReply(
      '/webhook/history/resend',
      'Sends an event to a webhook once more, marked as a redelivery.',
      'responder',
      { request: shape.historyRef, reply: shape.resent },
      async (input) => ({ event_id: await resend(input.integration_id, input.event_id) }),
    ),
  ];
}

/** Messages that may name an address or a port of the private network: a viewer learns no more than that it failed. */
const unspecific: Readonly<Record<string, string>> = {
  address_refused: 'the address is not allowed: an administrator sees which one',
  dns: 'the receiver could not be reached; nothing was sent',
  connect: 'the receiver could not be reached; nothing was sent',
  tls: 'the receiver could not be reached; nothing was sent',
  connection_lost: 'the connection was lost before a response came; the receiver may have acted on the request',
};

/** What a record says that may come from its receiver, or name it. */
interface ReceiverWords {
  readonly endpoint: string;
  readonly reason: string;
  readonly error_message?: string;
  readonly response_headers?: string;
  readonly response_body?: string;
}

/** A record or an attempt as this role may see it. A receiver may repeat the path that it was called by, as many do with a 404. */
function shownTo<One extends ReceiverWords>(role: Role, one: One): One {
  if (role === 'admin') return one;
  const words = role === 'viewer' ? unspecific[one.reason] : undefined;
  const secrets = secretsOfEndpoint(one.endpoint);
  const shown = (text: string | undefined) =>
    text === undefined || text === '' ? text : withoutSecrets(text, secrets, () => endpointMask);
  return {
    ...one,
    endpoint: endpointFor(role, one.endpoint),
    ...(one.error_message === undefined ? {} : { error_message: words ?? one.error_message }),
    ...(one.response_headers === undefined ? {} : { response_headers: shown(one.response_headers) }),
    ...(one.response_body === undefined ? {} : { response_body: shown(one.response_body) }),
  };
}

/** How long a name or a port takes to answer tells what stands in the private network. */
function attemptFor(
  role: Role,
  { timing, ...one }: AttemptItem,
): z.input<typeof shape.historyDetail>['attempts'][number] {
  const shown = shownTo(role, one);
  return timing === undefined || role === 'viewer' ? shown : { ...shown, timing };
}

/** Each with the present title of its alert or incident; '' for a removed one. Two statements, however many there are. */
async function withTitles(
  database: Database,
  items: readonly HistoryItem[],
): Promise<(HistoryItem & { readonly ref_title: string })[]> {
  const idsOf = (ofAlerts: boolean): string[] => {
    const some = items.filter((one) => (one.webhook_type === 'alert') === ofAlerts);
    return [...new Set(some.flatMap(({ ref_id }) => (ref_id === undefined ? [] : [ref_id])))];
  };
  const alerts = await titlesOfAlerts(database, idsOf(true));
  const incidents = await titlesOfIncidents(database, idsOf(false));
  return items.map((one) => {
    const titles = one.webhook_type === 'alert' ? alerts : incidents;
    return { ...one, ref_title: titles.get(one.ref_id ?? '') ?? '' };
  });
}
