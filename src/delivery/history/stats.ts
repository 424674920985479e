import type { Database } from '../../database/database.ts';
import type { DeliveryState } from '../store/delivery.ts';
import { readBacklog } from './health-store.ts';
import {
  countDurations,
  countReasons,
  countSteps,
  type StatsSpan,
  type StepCount,
  type StepDuration,
} from './stats-store.ts';

/** Steps of one answer: as many as a chart shows. */
export const stepsMax = 180;

/** The states that are counted; the rest waits. */
export const countedStates = ['delivered', 'failed', 'unknown', 'expired', 'cancelled', 'superseded'] as const;
type Counts = Readonly<Record<(typeof countedStates)[number], number>>;

export interface StatsStep extends Counts {
  /** When it begins, Unix milliseconds. */
  readonly t: number;
  /** Milliseconds; null where nothing was tried. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface Stats {
  readonly buckets: readonly StatsStep[];
  readonly totals: Counts;
  readonly by_reason: readonly { readonly reason: string; readonly count: number }[];
  readonly waiting: number;
  readonly behind: {
    readonly entities: number;
    readonly oldest_ms: number;
    readonly by_severity: Readonly<Record<'Critical' | 'Warning' | 'Info', number>>;
  };
}

/** How deliveries went, step by step, by the time of their events; and what waits now. */
export async function readStats(database: Database, span: StatsSpan, now: number): Promise<Stats> {
  const counts = await countSteps(database, span);
  const durations = await countDurations(database, span);
  const backlog = await readBacklog(database, span.webhookId);
  return {
    buckets: stepsOf(span, counts, durations),
    totals: totalsOf(counts),
    by_reason: await countReasons(database, span),
    waiting: backlog.waiting,
    behind: {
      entities: backlog.entities,
      oldest_ms: backlog.oldestAt === 0 ? 0 : Math.max(0, now - backlog.oldestAt),
      by_severity: backlog.bySeverity,
    },
  };
}

/** Pure: every step is there, also an empty one. */
export function stepsOf(
  { startTime, endTime, stepMs }: StatsSpan,
  counts: readonly StepCount[],
  durations: readonly StepDuration[],
): StatsStep[] {
  const countsBy = Map.groupBy(counts, ({ step }) => step);
  const durationsBy = Map.groupBy(durations, ({ step }) => step);
  return Array.from({ length: Math.ceil((endTime - startTime) / stepMs) }, (_, step) => {
    const sorted = (durationsBy.get(step) ?? []).toSorted((one, other) => one.durationMs - other.durationMs);
    return {
      t: startTime + step * stepMs,
      ...totalsOf(countsBy.get(step) ?? []),
      p50: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      p99: percentile(sorted, 0.99),
    };
  });
}

function totalsOf(counts: readonly StepCount[]): Counts {
  const of = (wanted: DeliveryState) =>
    counts.filter(({ state }) => state === wanted).reduce((sum, { count }) => sum + count, 0);
  const entries = countedStates.map((state) => [state, of(state)]);
  return Object.fromEntries(entries) as Counts;
}

function percentile(sorted: readonly StepDuration[], share: number): number | null {
  const all = sorted.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { durationMs, count } of sorted) {
    seen += count;
    if (seen >= all * share) return durationMs;
  }
  return null;
}
