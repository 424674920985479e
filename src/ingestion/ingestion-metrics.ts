import type { Metrics } from '../runtime/metrics.ts';
import { reportOutcomes, type PushCounts } from './ingest.ts';

/** `skipped` = an item of a group that could not be read. */
const outcomes = [...reportOutcomes, 'skipped'] as const;

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
