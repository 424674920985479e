import type { DeliveriesOf } from '../webhooks/webhook-service.ts';
import { cancelWaiting, type CancellingParts } from './store/cancel-backlog.ts';
import { releaseWaiting } from './store/retry-store.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { DeliveryMetrics } from './metrics.ts';

/** Deliveries per transaction. */
const pageMax = 500;

/** Applies changes of a webhook to its deliveries. */
export function webhookDeliveries(
  parts: CancellingParts & {
    readonly dispatcher: Pick<Dispatcher, 'limit' | 'resume' | 'retryNow'>;
    readonly metrics: Pick<DeliveryMetrics, 'ended'>;
  },
): DeliveriesOf {
  return {
    async cancel(webhookId) {
      const count = await cancelWaiting(parts, webhookId);
      parts.metrics.ended('cancelled', count);
      return count;
    },
    resume(webhookId, limits) {
      if (limits !== undefined) parts.dispatcher.limit(webhookId, limits);
      parts.dispatcher.resume(webhookId);
    },
    async retryNow(webhookId) {
      let count = 0;
      for (let after = '', found = pageMax; found === pageMax;) {
        const from = after;
        const lanes = await parts.database.transaction((tx) => releaseWaiting(tx, webhookId, from, pageMax));
        found = lanes.length;
        count += found;
        after = lanes.at(-1) ?? '';
      }
      parts.dispatcher.retryNow(webhookId);
      return count;
    },
  };
}
