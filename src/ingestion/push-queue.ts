import { BatchQueue } from '../database/batch-queue.ts';
import { ingest, type IngestParts, type Push } from './ingest.ts';
import type { PushResult } from './push-result.ts';

/** Reports that share a transaction, but for one piece of a body: more would hold the event loop for too long. */
const reportsTogetherMax = 200;

/** Pushes that wait at the same moment are taken together, in one transaction. */
export function createPushQueue(parts: IngestParts): BatchQueue<Push, PushResult> {
  return new BatchQueue<Push, PushResult>({
    run: (take) => ingest(parts, take),
    weigh: (push) => push.reports.length,
    weightMax: reportsTogetherMax,
  });
}
