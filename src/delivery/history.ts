import type { Database } from '../database/database.ts';
import type { DeliveryRow } from '../database/tables.ts';
import { invalid, notFound } from '../runtime/failure.ts';
import type { DeliveryState } from './delivery.ts';
import {
  countHistory,
  failedStates,
  listHistory,
  readHistory,
  type HistoryFilter,
  type HistoryPosition,
  type HistoryRecord,
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
}

export type HistoryStatus = 'success' | 'failed';

/**
 * The wire knows two statuses. What was not delivered, or is not known to be, is `failed`, and the message says which;
 * so is what will be tried again, until it succeeds. What has not come to an end of an attempt yet is not shown.
 */
const statesOf: Readonly<Record<HistoryStatus, readonly DeliveryState[]>> = {
  success: ['delivered'],
  failed: failedStates,
};

export interface HistoryRequest extends Omit<HistoryFilter, 'states'> {
  /** Absent = both. */
  readonly status: HistoryStatus | undefined;
  readonly ascending: boolean;
  readonly limit: number;
  /** '' = the first page. */
  readonly cursor: string;
}

export interface HistoryPage {
  readonly items: readonly HistoryItem[];
  /** Exact below 1,000. */
  readonly total: number;
  /** '' = there is no further page. */
  readonly cursor: string;
}

/** A page of the history, by event time; the list shows neither requests nor responses (contract 3.1). */
export async function listInvocations(database: Database, request: HistoryRequest): Promise<HistoryPage> {
  const { status, ascending, limit, cursor, ...rest } = request;
  const states = status === undefined ? [...statesOf.success, ...statesOf.failed] : statesOf[status];
  const filter: HistoryFilter = { ...rest, states };
  const after = cursor === '' ? undefined : readCursor(cursor);
  const rows = await listHistory(database, filter, { after, ascending, limit: limit + 1 });
  const total = await countHistory(database, filter);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(itemOf),
    total,
    cursor: rows.length > limit && last !== undefined ? writeCursor(last) : '',
  };
}

/** One record with the request and the answer of its last attempt (contract 3.2). @throws Failure when there is none. */
export async function readInvocation(
  database: Database,
  webhookId: number,
  deliveryId: string,
): Promise<{ readonly item: HistoryItem; readonly record: HistoryRecord }> {
  const record = await readHistory(database.read, webhookId, deliveryId);
  if (record === undefined) throw notFound('invocation', deliveryId);
  const last = record.attempts.at(-1);
  const item: HistoryItem = {
    ...itemOf(record.delivery),
    ...present('request_headers', last?.request_headers_json),
    ...present('request_body', last?.request_body === '' ? record.payload : (last?.request_body ?? record.payload)),
    ...present('response_headers', last?.response_headers_json),
    ...present('response_body', last?.response_body),
  };
  return { item, record };
}

function itemOf(row: DeliveryRow): HistoryItem {
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
  };
}

function present<Name extends string>(name: Name, text: string | undefined): Partial<Record<Name, string>> {
  return text === undefined || text === '' ? {} : ({ [name]: text } as Record<Name, string>);
}

/** RFC 3339 with microseconds and an offset, e.g. `2026-04-12T05:31:11.357000+00:00`. */
function wireTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000+00:00');
}

/** What a cursor says is only a place in the order: what may be seen is decided by the filter of each request. */
function writeCursor(row: DeliveryRow): string {
  return Buffer.from(JSON.stringify([row.event_time, row.delivery_id])).toString('base64url');
}

const cursorMaxChars = 200;

function readCursor(cursor: string): HistoryPosition {
  const [eventTime, deliveryId, ...more] = cursor.length > cursorMaxChars ? [] : readArray(cursor);
  const sound = Number.isSafeInteger(eventTime) && typeof deliveryId === 'string' && !deliveryId.includes('\0');
  if (!sound || more.length > 0) {
    throw invalid([{ field: 'search_after_ctx', message: 'is not a cursor that a list answered: begin without it' }]);
  }
  return { eventTime: Number(eventTime), deliveryId };
}

function readArray(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
