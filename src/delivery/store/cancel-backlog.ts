import type { Database, Transaction } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import { cancelDeliveries } from './delivery-store.ts';
import type { WebhookSource } from '../../webhooks/webhook-index.ts';

/** Deliveries per transaction. */
const pageMax = 500;
const message = 'not sent: the webhook was disabled or deleted';

export interface CancellingParts {
  readonly database: Database;
  readonly clock: Clock;
}

/** Cancels the waiting deliveries of a webhook, in pages. @returns how many. */
export function cancelWaiting(parts: CancellingParts, webhookId: number): Promise<number> {
  return cancelPages(parts, webhookId, () => Promise.resolve(true));
}

/**
 * The same for a webhook that is found to be off: attempts in flight while it was disabled may have returned, and a
 * process may have died between disabling and cancelling. Checks again in each transaction, because the webhook may be
 * enabled meanwhile.
 */
export function cancelLeftOver(
  parts: CancellingParts & { readonly webhooks: WebhookSource },
  webhookId: number,
): Promise<number> {
  return cancelPages(parts, webhookId, async (tx) => {
    const webhook = (await parts.webhooks.in(tx)).find(webhookId);
    return webhook === undefined || webhook.status === 'disabled';
  });
}

async function cancelPages(
  { database, clock }: CancellingParts,
  webhookId: number,
  may: (tx: Transaction) => Promise<boolean>,
): Promise<number> {
  let cancelled = 0;
  for (;;) {
    const count = await database.transaction(async (tx) =>
      (await may(tx)) ? cancelDeliveries(tx, webhookId, message, clock.now(), pageMax) : 0,
    );
    cancelled += count;
    if (count < pageMax) return cancelled;
  }
}
