import { BatchQueue } from '../database/batch-queue.ts';
import { ingest, type IngestParts, type Push } from './ingest.ts';
import { pieceMax, type PushResult } from './push-result.ts';

/** Reports that share a transaction: all others wait for it. */
const reportsTogetherMax = pieceMax;
/** A push of more reports is no small one. */
const smallMax = 10;

export interface PushQueue {
  /** Resolves when the changes of the push are durable. */
  add(push: Push): Promise<PushResult>;
  /** Resolves when nothing waits and nothing runs. */
  drain(): Promise<void>;
}

/**
 * Pushes that wait at the same moment are taken together, in one transaction, those of each integration in turn. Parts of
 * large pushes have their own transactions: PostgreSQL runs them beside those of small ones, SQLite one after the other.
 */
export function createPushQueue(parts: IngestParts): PushQueue {
  const [small, large] = [queueOf(parts), queueOf(parts)];
  return {
    add: (push) => (push.reports.length > smallMax ? large : small).add(push),
    drain: async () => {
      await Promise.all([small.drain(), large.drain()]);
    },
  };
}

function queueOf(parts: IngestParts): BatchQueue<Push, PushResult> {
  return new BatchQueue<Push, PushResult>({
    run: (take) => ingest(parts, take),
    weigh: (push) => push.reports.length,
    weightMax: reportsTogetherMax,
    ownerOf: (push) => push.integrationId,
  });
}
