import type { Report } from '../../egress/report.ts';
import { settlement } from '../store/delivery.ts';
import type { AttemptResult } from '../store/delivery-store.ts';
import type { Outcome } from '../store/outcome.ts';
import { wantsLatest, type GrantedClaim } from './claim.ts';
import type { PushRequest } from './push-request.ts';
import { withoutEchoes } from './echoed-secrets.ts';
import { nextAttempt, nextUnsentAttempt, parseRetryAfter } from './retry-policy.ts';

/** An ended attempt. */
export interface EndedAttempt {
  readonly claim: GrantedClaim;
  /** Absent when it could not be made. */
  readonly request: PushRequest | undefined;
  readonly report: Report;
  readonly outcome: Outcome;
  readonly startedAt: number;
  readonly now: number;
  /** 0 ≤ x < 1, for the jitter of the next attempt. */
  readonly fraction: number;
}

/** The result of an attempt, and the next state of its delivery. */
export function attemptResult(ended: EndedAttempt): AttemptResult {
  const { claim, request, outcome, startedAt, now, fraction } = ended;
  const report = request === undefined ? ended.report : withoutEchoes(ended.report, request.secrets());
  const { head, delivery, webhook } = claim;
  const { attempt, createdAt } = delivery;
  const tries = { attempt, createdAt, now, fraction };
  const next = () =>
    delivery.mode === 'at_most_once'
      ? nextUnsentAttempt(webhook, { ...tries, firstAttemptAt: delivery.firstAttemptAt || startedAt })
      : nextAttempt(webhook.retry, outcome, { ...tries, retryAfterSeconds: retryAfterOf(report, now) });
  return {
    delivery,
    overtook: head.deliveryId !== delivery.deliveryId || wantsLatest(delivery, webhook),
    outcome,
    settlement: settlement(delivery.mode, outcome, next),
    endpoint: webhook.endpoint,
    startedAt,
    durationMs: report.durationMs,
    maybeSent: report.maybeSent,
    timingJson: timingJson(report),
    requestHeadersJson: request?.redactedHeaders() ?? '',
    requestBody: '',
    responseHeadersJson: report.responseHeadersJson,
    responseBody: report.responseBody,
  };
}

export function timingJson({ timing }: Report): string {
  return timing === undefined ? '' : JSON.stringify(timing);
}

/** Only with a 429 or a 503. */
export function retryAfterOf({ statusCode, responseHeadersJson }: Report, now: number): number | undefined {
  if (statusCode !== 429 && statusCode !== 503) return undefined;
  const headers = JSON.parse(responseHeadersJson) as Record<string, string>;
  return parseRetryAfter(headers['retry-after'] ?? '', now);
}
