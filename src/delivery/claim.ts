import type { Dialect, Transaction } from '../database/database.ts';
import type { EventType } from '../events/event-types.ts';
import type { WebhookDirectory } from '../webhooks/webhook-directory.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { claimDeliveries, expireDeliveries, type Claim } from './delivery-store.ts';
import type { Delivery } from './delivery.ts';
import type { Holding } from './owner.ts';
import { overtake, supersededTypes } from './superseding-store.ts';

/** What was granted: an attempt of `delivery`, for which the lane of `head` was asked. They differ where it overtook. */
export interface Claimed {
  readonly head: Delivery;
  /** As its claim left it. */
  readonly delivery: Delivery;
  readonly webhook: Webhook;
  /** Types of the events that this push stands in for. */
  readonly superseded: readonly EventType[];
}

/** `refused`: it was not pending, or not the head of its lane · `suspended`: its webhook may not send · `expired`: too old. */
export type Denial = 'refused' | 'suspended' | 'expired';

export interface Claims {
  readonly granted: readonly Claimed[];
  readonly denied: readonly (readonly [Delivery, Denial])[];
}

export interface ClaimContext {
  readonly dialect: Dialect;
  /** As the transaction sees it. */
  readonly directory: WebhookDirectory;
  readonly lease: Holding['lease'];
  readonly now: number;
}

/**
 * Claims the heads of lanes, in the caller's transaction: by the configuration that it sees, those that are not too old
 * are taken in hand, and where a lane only wants the latest, the newest one takes the place of those before it.
 */
export async function claimHeads(
  tx: Transaction,
  { dialect, directory, lease, now }: ClaimContext,
  heads: readonly Delivery[],
): Promise<Claims> {
  const denied: [Delivery, Denial][] = [];
  const wanted: Wanted[] = [];
  for (const head of heads) {
    const webhook = directory.find(head.webhookId);
    if (webhook?.status !== 'enabled') denied.push([head, 'suspended']);
    else if (now - head.createdAt > webhook.retry.maxAgeSeconds * 1000) denied.push([head, 'expired']);
    else wanted.push({ head, delivery: await newestOf(tx, dialect, head, webhook, now), webhook });
  }
  const expired = denied.flatMap(([head, denial]) => (denial === 'expired' ? [head.deliveryId] : []));
  await expireDeliveries(tx, dialect, expired, now);
  const ids = wanted.map(({ delivery }) => delivery.deliveryId);
  const claims = ids.length === 0 ? new Map<string, Claim>() : await claimDeliveries(tx, dialect, ids, now, lease);
  const granted: Claimed[] = [];
  for (const { head, delivery, webhook } of wanted) {
    const claim = claims.get(delivery.deliveryId);
    if (claim === undefined) denied.push([head, 'refused']);
    else
      granted.push({
        head,
        delivery: { ...delivery, ...claim },
        webhook,
        superseded: await swallowed(tx, delivery, webhook),
      });
  }
  return { granted, denied };
}

interface Wanted {
  readonly head: Delivery;
  readonly delivery: Delivery;
  readonly webhook: Webhook;
}

/** Most webhooks want every event, and cost no look. */
async function newestOf(
  tx: Transaction,
  dialect: Dialect,
  head: Delivery,
  webhook: Webhook,
  now: number,
): Promise<Delivery> {
  return wantsLatest(head, webhook) ? overtake(tx, dialect, head, now) : head;
}

async function swallowed(tx: Transaction, delivery: Delivery, webhook: Webhook): Promise<readonly EventType[]> {
  return wantsLatest(delivery, webhook) && delivery.sequence > 1 ? supersededTypes(tx, delivery) : [];
}

/** The mode is the one that the delivery was made under; a resend goes out as it was. */
export function wantsLatest(delivery: Delivery, webhook: Webhook): boolean {
  return delivery.mode === 'at_least_once' && webhook.orderPolicy === 'latest' && delivery.generation === 0;
}
