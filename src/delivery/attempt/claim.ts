import type { Dialect, Transaction } from '../../database/database.ts';
import type { WebhookDirectory } from '../../webhooks/webhook-index.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import { claimDeliveries, expireDeliveries, type Claim } from '../store/delivery-store.ts';
import type { Delivery } from '../store/delivery.ts';
import type { ClaimContext } from '../store/ownership.ts';
import { coalesceToLatest, type Coalesced } from '../store/coalesce-store.ts';

/**
 * A granted claim: an attempt of `delivery`, in the lane of `head`. They differ where a newer delivery replaced the
 * head.
 */
export interface GrantedClaim {
  readonly head: Delivery;
  /** After its claim. */
  readonly delivery: Delivery & Claim;
  readonly webhook: Webhook;
}

/**
 * `notClaimed`: it was not pending, or not the head of its lane · `suspended`: its webhook may not send · `expired`: too
 * old.
 */
export type Denial = 'notClaimed' | 'suspended' | 'expired';

export interface ClaimedHeads {
  readonly granted: readonly GrantedClaim[];
  readonly denied: readonly (readonly [Delivery, Denial])[];
  /** Deliveries that newer ones replaced. */
  readonly superseded: number;
}

export interface ClaimScope {
  readonly dialect: Dialect;
  /** As the transaction sees it. */
  readonly directory: WebhookDirectory;
  readonly lease: ClaimContext['lease'];
  readonly now: number;
}

/**
 * Claims the heads of lanes in the caller's transaction, by the configuration that it sees. Too old ones expire; where
 * a lane wants only the latest, the newest delivery replaces those before it.
 */
export async function claimHeads(
  tx: Transaction,
  { dialect, directory, lease, now }: ClaimScope,
  heads: readonly Delivery[],
): Promise<ClaimedHeads> {
  const denied: [Delivery, Denial][] = [];
  const asked: { head: Delivery; delivery: Delivery; webhook: Webhook }[] = [];
  let supersededCount = 0;
  for (const head of heads) {
    const webhook = directory.find(head.webhookId);
    if (webhook?.status !== 'enabled') denied.push([head, 'suspended']);
    else if (now - head.createdAt > webhook.retry.maxAgeSeconds * 1000) denied.push([head, 'expired']);
    else {
      const { delivery, superseded } = await newestOf(tx, dialect, head, webhook, now);
      supersededCount += superseded;
      asked.push({ head, delivery, webhook });
    }
  }
  const expired = denied.flatMap(([head, denial]) => (denial === 'expired' ? [head.deliveryId] : []));
  await expireDeliveries(tx, dialect, expired, now);
  const ids = asked.map(({ delivery }) => delivery.deliveryId);
  const claims = ids.length === 0 ? new Map<string, Claim>() : await claimDeliveries(tx, dialect, ids, now, lease);
  const granted: GrantedClaim[] = [];
  for (const { head, delivery, webhook } of asked) {
    const claim = claims.get(delivery.deliveryId);
    if (claim === undefined) denied.push([head, 'notClaimed']);
    else granted.push({ head, delivery: { ...delivery, ...claim }, webhook });
  }
  return { granted, denied, superseded: supersededCount };
}

/** Most webhooks want every event and need no query. */
async function newestOf(
  tx: Transaction,
  dialect: Dialect,
  head: Delivery,
  webhook: Webhook,
  now: number,
): Promise<Coalesced> {
  if (wantsLatest(head, webhook)) return coalesceToLatest(tx, dialect, head, now);
  return { delivery: head, superseded: 0 };
}

/** By the mode of the delivery; a resend goes out as it was. */
export function wantsLatest(delivery: Delivery, webhook: Webhook): boolean {
  return delivery.mode === 'at_least_once' && webhook.orderPolicy === 'latest' && delivery.generation === 0;
}
