import type { WebhookSource } from '../../webhooks/webhook-index.ts';
import { isTransient, type Database, type Transaction } from '../../database/database.ts';
import { shardOf } from '../../database/shard.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CrashPoints } from '../../runtime/crash-points.ts';
import type { Logger } from '../../runtime/logger.ts';
import { momentOf } from '../../runtime/moment.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import { claimHeads, type ClaimedHeads, type Denial, type GrantedClaim } from './claim.ts';
import { releaseDeliveries, type Claim } from '../store/delivery-store.ts';
import { awaitClaims } from '../store/shard-lease-store.ts';
import type { Delivery } from '../store/delivery.ts';
import type { SendWindow, ShardOwnership } from '../store/ownership.ts';

export interface ClaimerParts {
  readonly database: Database;
  readonly webhooks: WebhookSource;
  readonly clock: Clock;
  readonly at: CrashPoints;
  readonly logger: Logger;
  readonly owner: ShardOwnership;
  readonly metrics: Pick<DeliveryMetrics, 'ended'>;
}

export interface ClaimedDelivery extends GrantedClaim {
  /** The time in which its request may begin to be written. */
  readonly sendWindow: SendWindow;
}

export interface Claims {
  readonly granted: readonly ClaimedDelivery[];
  readonly denied: readonly (readonly [head: Delivery, Denial])[];
}

/** The claim of some heads in a transaction, which may write other things as well. */
export interface Claiming {
  /** In the transaction, whose work may run again. @param asked of the heads; the others are not claimed. @returns whether it writes. */
  run(tx: Transaction, asked: readonly Delivery[]): Promise<boolean>;
  /** Its commit is on the disk. */
  committed(): Claims;
  /** The database could not: whether it has committed is not known. */
  failed(): void;
}

/** Claims heads, many per transaction. Remembers claims whose commit is in doubt until they are given back. */
export class Claimer {
  readonly #parts: ClaimerParts;
  /** Nothing was sent under these, so they are given back before the next claim. */
  #doubtful: readonly (Delivery & Claim)[] = [];
  #doubtfulBirths: readonly DoubtfulBirth[] = [];

  constructor(parts: ClaimerParts) {
    this.#parts = parts;
  }

  /**
   * Whether a claim of this shard, or of any, is in doubt: the next owner of the shard would have to assume that it was
   * sent.
   */
  isInDoubt(shard?: number): boolean {
    const isThere = ({ webhookId, entityId }: Delivery) =>
      shard === undefined || shardOf(webhookId, entityId) === shard;
    return this.#doubtful.some(isThere) || this.#doubtfulBirths.some(({ delivery }) => isThere(delivery));
  }

  /** One transaction, which reads each webhook's settings again. @returns undefined after a database error. */
  async claim(heads: readonly Delivery[]): Promise<Claims | undefined> {
    if (this.#doubtfulBirths.length > 0 && !(await this.giveBackDoubtful())) return undefined;
    const claiming = this.begin(heads);
    try {
      await this.#parts.database.transaction(async (tx) => {
        await claiming.run(tx, heads);
        this.#parts.at('claim.before-commit');
      });
      return claiming.committed();
    } catch (error) {
      if (!isTransient(error)) throw error;
      claiming.failed();
      this.#parts.logger.warn({ deliveries: heads.length, error }, 'deliveries.not_claimed');
      return undefined;
    }
  }

  begin(heads: readonly Delivery[]): Claiming {
    const { owner, clock, database, webhooks } = this.#parts;
    const context = owner.claimContext(momentOf(clock));
    const given = this.#doubtful;
    let claims: ClaimedHeads = noClaims;
    return {
      run: async (tx, asked) => {
        const left = heads.filter((head) => !asked.includes(head)).map((head) => [head, 'notClaimed'] as const);
        claims = { ...noClaims, denied: left };
        await releaseDeliveries(tx, given);
        if (asked.length === 0) return given.length > 0;
        const directory = await webhooks.in(tx);
        const scope = { dialect: database.dialect, directory, lease: context.lease, now: clock.now() };
        const claimed = await claimHeads(tx, scope, asked);
        claims = { ...claimed, denied: [...claimed.denied, ...left] };
        return true;
      },
      committed: () => {
        this.#doubtful = this.#doubtful.filter((one) => !given.includes(one));
        this.#report(claims);
        const windowOf = ({ webhookId, entityId }: Delivery) => context.window(shardOf(webhookId, entityId));
        const granted = claims.granted.map((claim) => ({ ...claim, sendWindow: windowOf(claim.delivery) }));
        return { granted, denied: claims.denied };
      },
      failed: () => {
        this.#doubtful = [...this.#doubtful, ...claims.granted.map(({ delivery }) => delivery)];
      },
    };
  }

  /**
   * The change that made this delivery with its claim may not have been committed.
   * @param givenBack called when the claim is certainly gone, and the delivery too if it never was.
   */
  doubtBirth(delivery: Delivery & Claim, givenBack: () => void): void {
    this.#doubtfulBirths = [...this.#doubtfulBirths, { delivery, givenBack }];
  }

  /** Gives back claims in doubt when no other claim does it. @returns false after a database error. */
  async giveBackDoubtful(): Promise<boolean> {
    const doubtful = this.#doubtful;
    const births = this.#doubtfulBirths;
    if (doubtful.length + births.length === 0) return true;
    try {
      await this.#parts.database.transaction(async (tx) => {
        await this.#awaitBirths(tx, births);
        await releaseDeliveries(tx, [...doubtful, ...births.map(({ delivery }) => delivery)]);
      });
      this.#doubtful = this.#doubtful.filter((one) => !doubtful.includes(one));
      this.#doubtfulBirths = this.#doubtfulBirths.filter((one) => !births.includes(one));
      for (const { givenBack } of births) givenBack();
      return true;
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.#parts.logger.warn({ deliveries: doubtful.length + births.length, error }, 'deliveries.not_released');
      return false;
    }
  }

  /** A row that was claimed is locked until the outcome is certain; one that was made with its claim cannot be seen before. */
  async #awaitBirths(tx: Transaction, births: readonly DoubtfulBirth[]): Promise<void> {
    const { owner, clock } = this.#parts;
    if (births.length === 0 || owner.claimContext(momentOf(clock)).lease === undefined) return;
    const shards = births.map(({ delivery }) => shardOf(delivery.webhookId, delivery.entityId));
    await awaitClaims(tx, [...new Set(shards)]);
  }

  #report({ denied, superseded }: ClaimedHeads): void {
    const { metrics, owner } = this.#parts;
    metrics.ended('superseded', superseded);
    metrics.ended('expired', denied.filter(([, denial]) => denial === 'expired').length);
    if (denied.some(([, denial]) => denial === 'notClaimed')) owner.reportRefusedClaim();
  }
}

/** A delivery that was made with its claim, in a transaction that may not have been committed. */
interface DoubtfulBirth {
  readonly delivery: Delivery & Claim;
  givenBack(): void;
}

const noClaims: ClaimedHeads = { granted: [], denied: [], superseded: 0 };
