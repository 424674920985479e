import type { RetryRule, Webhook } from '../../webhooks/webhook.ts';
import type { Outcome } from '../store/outcome.ts';

/** The longest wait before each next attempt, in seconds; the last one repeats. The default 20 attempts span 3 days. */
const stepsSeconds = [5, 30, 120, 600, 3_600, 10_800, 28_800] as const;

/** The retry after a network fault, soon and once (contract 2.5). */
const quickMinMs = 200;
const quickMaxMs = 500;

/** A receiver that asks for a longer wait gets this one, and is tried again. */
export const retryAfterMaxSeconds = 3_600;

/** No wait is longer, whatever the receiver asks for. */
export const waitMaxMs = (retryAfterMaxSeconds + Math.max(...stepsSeconds)) * 1000;

export interface Tries {
  /** Attempts begun. */
  readonly attempt: number;
  /** When the delivery was made, Unix milliseconds. */
  readonly createdAt: number;
  readonly now: number;
  /** 0 ≤ x < 1: spreads the next attempts of deliveries that failed together. */
  readonly fraction: number;
  readonly retryAfterSeconds: number | undefined;
}

export interface UnsentTries extends Omit<Tries, 'retryAfterSeconds'> {
  /** When the first attempt began, Unix milliseconds. */
  readonly firstAttemptAt: number;
}

/** The first and the longest wait between attempts that sent nothing. */
const unsentFirstMs = 250;
const unsentLongestMs = 2_000;

/**
 * When to repeat an attempt that sent nothing: after waits that double, the last time at the end of the webhook's
 * limit. `undefined` = this was the last attempt.
 */
export function nextUnsentAttempt(
  { unsentRetrySeconds, retry }: Pick<Webhook, 'unsentRetrySeconds' | 'retry'>,
  { attempt, createdAt, firstAttemptAt, now, fraction }: UnsentTries,
): number | undefined {
  const until = Math.min(firstAttemptAt + unsentRetrySeconds * 1000, createdAt + retry.maxAgeSeconds * 1000);
  if (now >= until) return undefined;
  const step = Math.min(unsentFirstMs * 2 ** (attempt - 1), unsentLongestMs);
  // Spread over the upper half, so that pushes that failed together do not return together.
  return Math.min(now + step * (0.5 + fraction / 2), until);
}

/** When to try again, Unix milliseconds; `undefined` = this was the last attempt. */
export function nextAttempt(rule: RetryRule, outcome: Outcome, tries: Tries): number | undefined {
  if (tries.attempt >= rule.maxAttempts || outcome.reason === 'gone') return undefined;
  if (rule.on === 'network_faults' && !networkFaults.has(outcome.reason)) return undefined;
  const dueAt = tries.now + delayMs(rule, outcome, tries);
  return dueAt - tries.createdAt > rule.maxAgeSeconds * 1000 ? undefined : dueAt;
}

/** No answer came, and not because it was late: a slow receiver may have acted (contract 2.5). */
const networkFaults: ReadonlySet<Outcome['reason']> = new Set(['timeout_connect', 'connection_lost']);

function delayMs(rule: RetryRule, outcome: Outcome, { attempt, fraction, retryAfterSeconds }: Tries): number {
  if (rule.on === 'network_faults') return quickMinMs + fraction * (quickMaxMs - quickMinMs);
  // A connection that the receiver closed while idle says nothing about the receiver.
  if (outcome.reason === 'connection_lost' && attempt === 1) return 0;
  const step = stepsSeconds[Math.min(attempt, stepsSeconds.length) - 1] ?? 0;
  // Full jitter: anywhere up to the step. The receiver's wait is a minimum, with the jitter on top.
  const floor = Math.min(retryAfterSeconds ?? 0, retryAfterMaxSeconds);
  return (floor + fraction * Math.max(step, floor / 10)) * 1000;
}

/**
 * Parses `Retry-After` to seconds from now: a whole number of seconds, or a date. Anything else counts as absent:
 * `Date.parse` would make a date of "120" and of "-5".
 */
export function parseRetryAfter(text: string, now: number): number | undefined {
  const value = text.trim();
  if (/^\d{1,10}$/.test(value)) return Number(value);
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}
