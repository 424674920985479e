import type { AttemptRow, DeliveryRow } from '../../database/tables.ts';

/**
 * The attempts of a delivery, the first one first: those of the table, and the one that ended it. A late result of a
 * claim that was lost in a failover may have the number of the latter, which alone counts then.
 */
export function everyAttempt(delivery: DeliveryRow, others: readonly AttemptRow[]): AttemptRow[] {
  if (delivery.started_at === 0) return [...others];
  const { delivery_id, attempt, started_at, duration_ms, endpoint, state: outcome, reason, status_code } = delivery;
  const { error_message, maybe_sent, timing_json, request_headers_json, request_body } = delivery;
  const { response_headers_json, response_body } = delivery;
  const last: AttemptRow = {
    delivery_id,
    attempt,
    started_at,
    duration_ms,
    endpoint,
    outcome,
    reason,
    status_code,
    error_message,
    maybe_sent,
    timing_json,
    request_headers_json,
    request_body,
    response_headers_json,
    response_body,
  };
  return [...others.filter((other) => other.attempt !== attempt), last].toSorted(
    (one, other) => one.attempt - other.attempt,
  );
}
