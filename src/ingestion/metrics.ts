import type { Metrics } from '../runtime/metrics.ts';
import { reportOutcomes, type PushCounts } from './push-result.ts';

/** `skipped` = an item of a group that could not be read. */
const outcomes = [...reportOutcomes, 'skipped'] as const;

/** Why a push was refused. */
export const refusalReasons = [
  'wrong_key',
  'wrong_path',
  'invalid',
  'too_large',
  'too_many',
  'unavailable',
  'internal',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** The counts of a read body. */
interface ReadBody {
  readonly unreadable: number;
  readonly truncated: number;
  readonly ahead: number;
}

export type IngestionMetrics = ReturnType<typeof createIngestionMetrics>;

export function createIngestionMetrics(metrics: Metrics, deliveriesMax: number) {
  const reports = metrics.counterBy(
    'tocsin_reports_total',
    'Alert events that came in, by what became of them.',
    'outcome',
    outcomes,
  );
  const refusals = metrics.counterBy(
    'tocsin_pushes_refused_total',
    'Pushes of monitoring systems that were not taken, by the reason.',
    'reason',
    refusalReasons,
  );
  const truncated = metrics.counter(
    'tocsin_truncated_alerts_total',
    'Alerts that senders themselves left out of their groups.',
  );
  const ahead = metrics.counter(
    'tocsin_future_times_total',
    'Alert events whose time lay too far ahead of the clock, and is taken as the time of arrival.',
  );
  metrics.gauge(
    'tocsin_push_deliveries_limit',
    'Deliveries that one transaction of a push makes, by TOCSIN_PUSH_DELIVERIES.',
    () => deliveriesMax,
  );
  const divided = metrics.counter(
    'tocsin_push_divided_total',
    'Transactions of pushes that ended early because they made so many deliveries or took long.',
  );
  return {
    divided: () => divided.add(),
    observe(counts: PushCounts, read: ReadBody): void {
      for (const outcome of reportOutcomes) if (counts[outcome] > 0) reports.add(outcome, counts[outcome]);
      if (read.unreadable > 0) reports.add('skipped', read.unreadable);
      if (read.truncated > 0) truncated.add(read.truncated);
      if (read.ahead > 0) ahead.add(read.ahead);
    },
    refused: (reason: string) => refusals.add(reason as RefusalReason),
  };
}
