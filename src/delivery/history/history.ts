import type { Database } from '../../database/database.ts';
import type { KeysetPlace } from '../../database/keyset.ts';
import type { AttemptRow } from '../../database/tables.ts';
import type { Timing } from '../../egress/report.ts';
import { notFound } from '../../runtime/failure.ts';
import type { DeliveryMode } from '../../webhooks/webhook.ts';
import type { WebhookDirectory } from '../../webhooks/webhook-index.ts';
import { openStates, type DeliveryState } from '../store/delivery.ts';
import {
  countByEntity,
  deliveredLater,
  failedStates,
  listHistory,
  placesInLanes,
  readHistory,
  type HistoryFilter,
  type HistoryRecord,
  type LanePlace,
  type LaterDelivery,
  type ListedDelivery,
} from './history-store.ts';

/** One record of the invocation history, as the wire has it (contract 3.1). */
export interface HistoryItem {
  readonly integration_id: number;
  readonly event_id: string;
  readonly webhook_type: string;
  readonly event_type: string;
  readonly channel_id?: number;
  readonly ref_id?: string;
  readonly endpoint: string;
  readonly attempt: number;
  readonly duration: number;
  readonly status: HistoryStatus;
  readonly status_code: number;
  readonly error_message?: string;
  readonly request_headers?: string;
  readonly request_body?: string;
  readonly response_headers?: string;
  readonly response_body?: string;
  readonly event_time: string;
  readonly state: DeliveryState;
  readonly reason: string;
  readonly replay_id?: string;
  readonly sequence: number;
  readonly generation: number;
  readonly push_event_id: string;
  readonly mode: DeliveryMode;
  readonly created_at: number;
  readonly finished_at: number;
  readonly due_at: number;
  /** By the present settings of the webhook; null = as many as go into its `unsent_retry_seconds`. */
  readonly attempts_left: number | null;
  readonly superseded_by: number;
  readonly behind: number;
  /** Of one that did not arrive: a later sending of the same event that did; `replay_id` '' = it was a resend. */
  readonly delivered_later?: { readonly event_id: string; readonly replay_id: string };
}

/** One request that was made for a delivery. */
export interface AttemptItem {
  readonly attempt: number;
  readonly started_at: number;
  readonly duration_ms: number;
  readonly endpoint: string;
  readonly outcome: string;
  readonly reason: string;
  readonly maybe_sent: boolean;
  readonly status_code: number;
  readonly error_message: string;
  /** `undefined` = not known. */
  readonly timing: Timing | undefined;
  readonly request_headers: string;
  readonly request_body: string;
  readonly response_headers: string;
  readonly response_body: string;
}

export type HistoryStatus = 'success' | 'failed';

/**
 * The wire knows two statuses. A delivery that failed, or may have, is `failed`, and the message says which;
 * so is one that will be tried again, until it succeeds. One without an ended attempt is not shown.
 */
const statesOf: Readonly<Record<HistoryStatus, readonly DeliveryState[]>> = {
  success: ['delivered'],
  failed: failedStates,
};

export interface HistoryRequest extends HistoryFilter {
  /** Absent = both, or what `states` says. */
  readonly status: HistoryStatus | undefined;
  readonly ascending: boolean;
  readonly limit: number;
  /** `undefined` = the first page. */
  readonly after: KeysetPlace | undefined;
}

/** What became of the pushes of one alert or incident. */
export interface PushSummary {
  readonly ref_id: string;
  readonly delivered: number;
  readonly not_delivered: number;
  readonly waiting: number;
}

/** In the order of the ids; one without deliveries has none. */
export async function summarizePushes(database: Database, entityIds: readonly string[]): Promise<PushSummary[]> {
  const rows = await countByEntity(database, entityIds);
  return entityIds.map((ref_id) => {
    const total = (...states: DeliveryState[]) =>
      rows
        .filter((row) => row.entityId === ref_id && states.includes(row.state))
        .reduce((sum, { count }) => sum + count, 0);
    return {
      ref_id,
      delivered: total('delivered'),
      not_delivered: total('failed', 'unknown', 'expired', 'cancelled'),
      waiting: total(...openStates),
    };
  });
}

/** What the webhooks say of further attempts. */
export type RetryRules = Pick<WebhookDirectory, 'find'>;
/** An ended delivery is not tried again, whatever they say. */
const noWebhooks: RetryRules = { find: () => undefined };

export interface HistoryPage {
  readonly items: readonly HistoryItem[];
  /** Exact below 1,000. */
  readonly total: number;
  /** Where the next page begins; `undefined` = there is none. */
  readonly next: KeysetPlace | undefined;
}

/** A page of the history, by event time; the list shows neither requests nor responses (contract 3.1). */
export async function listInvocations(
  database: Database,
  request: HistoryRequest,
  webhooks: RetryRules = noWebhooks,
): Promise<HistoryPage> {
  const { status, ascending, limit, after, ...rest } = request;
  const filter: HistoryFilter = { ...rest, states: wantedStates(status, rest.states) };
  const { items, next, total } = await listHistory(database, filter, { after, ascending, limit });
  const others = await readOthers(database, items);
  return { items: items.map((row) => itemOf(row, webhooks, others)), next, total };
}

/** Waiting deliveries are shown only to those who ask for states: the wire's two statuses have no word for it. */
function wantedStates(status: HistoryStatus | undefined, states: readonly DeliveryState[]): readonly DeliveryState[] {
  if (states.length === 0) return status === undefined ? [...statesOf.success, ...failedStates] : statesOf[status];
  return status === undefined ? states : states.filter((state) => statesOf[status].includes(state));
}

/** One record with the request and the answer of its last attempt (contract 3.2). @throws Failure when there is none. */
export async function readInvocation(
  database: Database,
  webhookId: number,
  deliveryId: string,
  webhooks: RetryRules = noWebhooks,
): Promise<{ readonly item: HistoryItem; readonly attempts: readonly AttemptItem[] }> {
  const record = await readHistory(database.read, webhookId, deliveryId);
  if (record === undefined) throw notFound('invocation', deliveryId);
  const others = await readOthers(database, [record.delivery]);
  const last = record.attempts.at(-1);
  const item: HistoryItem = {
    ...itemOf(record.delivery, webhooks, others),
    ...present('request_headers', last?.request_headers_json),
    ...present('request_body', last?.request_body === '' ? record.payload : (last?.request_body ?? record.payload)),
    ...present('response_headers', last?.response_headers_json),
    ...present('response_body', last?.response_body),
  };
  return { item, attempts: record.attempts.map((row) => attemptOf(row, record)) };
}

/** Only a body that is not the event's payload is stored with the attempt. */
function attemptOf(row: AttemptRow, { payload }: HistoryRecord): AttemptItem {
  return {
    attempt: row.attempt,
    started_at: row.started_at,
    duration_ms: row.duration_ms,
    endpoint: row.endpoint,
    outcome: row.outcome,
    reason: row.reason,
    maybe_sent: row.maybe_sent === 1,
    status_code: row.status_code,
    error_message: row.error_message,
    timing: row.timing_json === '' ? undefined : (JSON.parse(row.timing_json) as Timing),
    request_headers: row.request_headers_json,
    request_body: row.request_body === '' ? payload : row.request_body,
    response_headers: row.response_headers_json,
    response_body: row.response_body,
  };
}

/** A webhook that is gone tries nothing any more. */
function attemptsLeft(row: ListedDelivery, webhooks: RetryRules): number | null {
  if (row.state !== 'pending' && row.state !== 'sending' && row.state !== 'retry_wait') return 0;
  const webhook = webhooks.find(row.webhook_id);
  if (webhook === undefined) return 0;
  const begun = row.state === 'sending' ? row.attempt - 1 : row.attempt;
  if (row.mode === 'at_least_once') return Math.max(0, webhook.retry.maxAttempts - begun);
  if (row.state === 'retry_wait') return null;
  return 1;
}

/** What other deliveries say of these. */
interface Others {
  readonly places: ReadonlyMap<string, LanePlace>;
  readonly later: ReadonlyMap<string, LaterDelivery>;
}

async function readOthers(database: Database, rows: readonly ListedDelivery[]): Promise<Others> {
  return { places: await placesInLanes(database, rows), later: await deliveredLater(database, rows) };
}

function itemOf(row: ListedDelivery, webhooks: RetryRules, { places, later }: Others): HistoryItem {
  const place = places.get(row.delivery_id);
  const arrived = later.get(row.delivery_id);
  return {
    integration_id: row.webhook_id,
    event_id: row.delivery_id,
    webhook_type: row.webhook_type,
    event_type: row.event_type,
    ...(row.channel_id === 0 ? {} : { channel_id: row.channel_id }),
    ...present('ref_id', row.entity_id),
    endpoint: row.endpoint,
    attempt: row.attempt,
    duration: row.duration_ms,
    status: row.state === 'delivered' ? 'success' : 'failed',
    status_code: row.status_code,
    ...present('error_message', row.error_message),
    event_time: wireTime(row.event_time),
    state: row.state as DeliveryState,
    reason: row.reason,
    sequence: row.sequence,
    generation: row.generation,
    push_event_id: row.event_id,
    mode: row.mode as DeliveryMode,
    created_at: row.created_at,
    finished_at: row.finished_at,
    due_at: row.due_at,
    attempts_left: attemptsLeft(row, webhooks),
    superseded_by: place?.supersededBy ?? 0,
    behind: place?.behind ?? 0,
    ...(arrived === undefined
      ? {}
      : { delivered_later: { event_id: arrived.deliveryId, replay_id: arrived.replayId } }),
    ...present('replay_id', row.replay_id),
  };
}

function present<Name extends string>(name: Name, text: string | undefined): Partial<Record<Name, string>> {
  return text === undefined || text === '' ? {} : ({ [name]: text } as Record<Name, string>);
}

/** RFC 3339 with microseconds and an offset, e.g. `2026-04-12T05:31:11.357000+00:00`. */
function wireTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000+00:00');
}
