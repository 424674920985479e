import type { Metrics } from '../runtime/metrics.ts';
import type { PushCounts } from './ingest.ts';

/** What can become of a report; `skipped` = an item of a group that could not be read. */
const outcomes = [
  'opened',
  'updated',
  'recovered',
  'refreshed',
  'duplicate',
  'unmatched',
  'unrouted',
  'skipped',
] as const;

export function createIngestionMetrics(metrics: Metrics) {
  const reports = metrics.counterBy(
    'tocsin_reports_total',
    'Alert events that came in, by what became of them.',
    'outcome',
    outcomes,
  );
  return {
    observe(counts: PushCounts, skipped: number): void {
      for (const [outcome, count] of Object.entries({ ...counts, skipped })) {
        if (count > 0) reports.add(outcome as (typeof outcomes)[number], count);
      }
    },
  };
}
