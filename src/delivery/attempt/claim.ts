import type { Dialect, Transaction } from '../../database/database.ts';
import type { WebhookDirectory } from '../../webhooks/webhook-index.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import { askClaims, claimOf, type Claim, type ClaimTerms } from '../store/claim-store.ts';
import { expireDeliveries } from '../store/delivery-store.ts';
import type { Delivery } from '../store/delivery.ts';
import { coalesceToLatest } from '../store/coalesce-store.ts';

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

export interface ClaimScope extends ClaimTerms {
  readonly dialect: Dialect;
  /** As the transaction sees it, if what `holds` says is so. */
  readonly directory: WebhookDirectory;
}

/** Claims without an answer yet. */
export interface AskedHeads {
  /** Once the transaction has ended. */
  claimed(): ClaimedHeads;
  /** The claims that may have been granted, if the end of the transaction is in doubt. */
  doubtful(): (Delivery & Claim)[];
}

export const nothingAsked: AskedHeads = { claimed: () => noClaims, doubtful: () => [] };

const noClaims: ClaimedHeads = { granted: [], denied: [], superseded: 0 };

/** Whether this needs a claim and nothing else, by this configuration. */
export function isPlain(head: Delivery, { directory, now }: Pick<ClaimScope, 'directory' | 'now'>): boolean {
  const webhook = directory.find(head.webhookId);
  return webhook !== undefined && whyNot(head, webhook, now) === undefined && !wantsLatest(head, webhook);
}

/**
 * Claims the heads of lanes in the caller's transaction, by the configuration that it sees. Too old ones expire; where
 * a lane wants only the latest, the newest delivery replaces those before it.
 */
export async function claimHeads(
  tx: Transaction,
  { dialect, directory, ...terms }: ClaimScope,
  heads: readonly Delivery[],
): Promise<AskedHeads> {
  const { now } = terms;
  const denied: [Delivery, Denial][] = [];
  const asked: { head: Delivery; delivery: Delivery; webhook: Webhook }[] = [];
  let supersededCount = 0;
  for (const head of heads) {
    const webhook = directory.find(head.webhookId);
    const denial = whyNot(head, webhook, now);
    if (webhook === undefined || denial !== undefined) denied.push([head, denial ?? 'suspended']);
    else {
      // Most webhooks want every event and need no query.
      const { delivery, superseded } = wantsLatest(head, webhook)
        ? await coalesceToLatest(tx, dialect, head, now)
        : { delivery: head, superseded: 0 };
      supersededCount += superseded;
      asked.push({ head, delivery, webhook });
    }
  }
  const expired = denied.flatMap(([head, denial]) => (denial === 'expired' ? [head.deliveryId] : []));
  await expireDeliveries(tx, dialect, expired, now);
  const ids = asked.map(({ delivery }) => delivery.deliveryId);
  let claims = new Map<string, Claim>();
  if (ids.length > 0) await askClaims(tx, dialect, ids, terms, (granted) => (claims = granted));
  return {
    claimed() {
      const granted: GrantedClaim[] = [];
      const refused: [Delivery, Denial][] = [];
      for (const { head, delivery, webhook } of asked) {
        const claim = claims.get(delivery.deliveryId);
        if (claim === undefined) refused.push([head, 'notClaimed']);
        else granted.push({ head, delivery: { ...delivery, ...claim }, webhook });
      }
      return { granted, denied: [...denied, ...refused], superseded: supersededCount };
    },
    doubtful: () =>
      asked.map(({ delivery }) => ({
        ...delivery,
        ...(claims.get(delivery.deliveryId) ?? claimOf(delivery, terms)),
      })),
  };
}

function whyNot(head: Delivery, webhook: Webhook | undefined, now: number): Denial | undefined {
  if (webhook?.status !== 'enabled') return 'suspended';
  return now - head.createdAt > webhook.retry.maxAgeSeconds * 1000 ? 'expired' : undefined;
}

/** By the mode of the delivery; a resend goes out as it was. */
export function wantsLatest(delivery: Delivery, webhook: Webhook): boolean {
  return delivery.mode === 'at_least_once' && webhook.orderPolicy === 'latest' && delivery.generation === 0;
}
