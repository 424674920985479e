import type { Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { DeliveriesOf } from '../webhooks/webhooks.ts';
import { cancelDeliveries } from './delivery-store.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Deliveries cancelled in one transaction. */
const pageMax = 500;

/** What a change of a webhook means for what it is owed. */
export function webhookDeliveries(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly dispatcher: Pick<Dispatcher, 'wake'>;
}): DeliveriesOf {
  const { database, clock, dispatcher } = parts;
  return {
    async cancel(webhookId) {
      let cancelled = 0;
      for (;;) {
        const count = await database.transaction((tx) =>
          cancelDeliveries(tx, webhookId, 'not sent: the webhook was disabled or deleted', clock.now(), pageMax),
        );
        cancelled += count;
        if (count < pageMax) return cancelled;
      }
    },
    wake: (webhookId) => dispatcher.wake(webhookId),
  };
}
