import { BatchQueue } from '../database/batch-queue.ts';
import { ingest, type IngestParts, type Push } from './ingest.ts';
import { pieceMax, type PushResult } from './push-result.ts';

/** Reports that share a transaction: all others wait for it. */
const reportsTogetherMax = pieceMax;

/** Pushes that wait at the same moment are taken together, in one transaction, those of each integration in turn. */
export function createPushQueue(parts: IngestParts): BatchQueue<Push, PushResult> {
  return new BatchQueue<Push, PushResult>({
    run: (take) => ingest(parts, take),
    weigh: (push) => push.reports.length,
    weightMax: reportsTogetherMax,
    ownerOf: (push) => push.integrationId,
  });
}
