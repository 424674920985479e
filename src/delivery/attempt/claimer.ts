import type { WebhookSource } from '../../webhooks/webhook-index.ts';
import { isTransient, type Database, type Transaction, type TransactionMark } from '../../database/database.ts';
import { shardOf } from '../../database/shard.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CrashPoints } from '../../runtime/crash-points.ts';
import type { Logger } from '../../runtime/logger.ts';
import { momentOf } from '../../runtime/moment.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import {
  claimHeads,
  isPlain,
  nothingAsked,
  type ClaimedHeads,
  type ClaimScope,
  type Denial,
  type GrantedClaim,
} from './claim.ts';
import type { Claim } from '../store/claim-store.ts';
import { releaseDeliveries } from '../store/delivery-store.ts';
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
  /** Something is claimed or given back. */
  readonly writes: boolean;
  /** In the transaction, whose work may run again. */
  run(tx: Transaction): Promise<void>;
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
  /**
   * In doubt with the results before them, and given back with these: once they are certainly written, the transaction that claimed
   * can no longer take place.
   */
  #doubtfulSuccessors: readonly (Delivery & Claim)[] = [];

  constructor(parts: ClaimerParts) {
    this.#parts = parts;
  }

  /**
   * Whether a claim of this shard, or of any, is in doubt: the next owner of the shard would have to assume that it was
   * sent.
   */
  isInDoubt(shard?: number): boolean {
    const count = this.#doubtful.length + this.#doubtfulSuccessors.length + this.#doubtfulBirths.length;
    if (count === 0 || shard === undefined) return count > 0;
    const isThere = ({ webhookId, entityId }: Delivery) => shardOf(webhookId, entityId) === shard;
    return (
      [...this.#doubtful, ...this.#doubtfulSuccessors].some(isThere) ||
      this.#doubtfulBirths.some(({ delivery }) => isThere(delivery))
    );
  }

  /** One transaction, which reads each webhook's settings again. @returns undefined after a database error. */
  async claim(heads: readonly Delivery[]): Promise<Claims | undefined> {
    // Its result is written first.
    if (this.#doubtfulSuccessors.length > 0) return undefined;
    if (this.#doubtfulBirths.length > 0 && !(await this.giveBackDoubtful())) return undefined;
    const { webhooks } = this.#parts;
    const claiming = this.#claiming(heads, async (tx) => ({ directory: await webhooks.in(tx) }));
    try {
      await this.#parts.database.transaction(async (tx) => {
        await claiming.run(tx);
        // As long as the commit is not sent, a claim that did not arrive cannot take place later.
        await tx.answered();
        this.#parts.at('claim.before-commit');
      });
      return claiming.committed();
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.#doubtful = [...this.#doubtful, ...claiming.doubtful()];
      this.#parts.logger.warn({ deliveries: heads.length, error }, 'deliveries.not_claimed');
      return undefined;
    }
  }

  /**
   * The claim of successors, in the transaction of the results before them. That waits for no answer: it claims by the
   * configuration as this process knows it, if it is still the same.
   */
  begin(heads: readonly Delivery[]): Claiming {
    const { webhooks } = this.#parts;
    const given = this.#doubtfulSuccessors;
    const claiming = this.#claiming(heads, async (tx, now) => {
      const { parts: directory, holds } = await webhooks.assumed(tx);
      if (heads.every((head) => isPlain(head, { directory, now }))) return { directory, holds };
      return { directory: await webhooks.in(tx) };
    });
    return {
      writes: given.length > 0 || claiming.writes,
      run: async (tx) => {
        await releaseDeliveries(tx, given);
        await claiming.run(tx);
      },
      committed: () => {
        this.#doubtfulSuccessors = this.#doubtfulSuccessors.filter((one) => !given.includes(one));
        return claiming.committed();
      },
      failed: () => {
        this.#doubtfulSuccessors = [...this.#doubtfulSuccessors, ...claiming.doubtful()];
      },
    };
  }

  #claiming(heads: readonly Delivery[], configuration: ConfigurationIn) {
    const { owner, clock, database } = this.#parts;
    const context = owner.claimContext(momentOf(clock));
    const given = this.#doubtful;
    let claims = nothingAsked;
    return {
      writes: given.length + heads.length > 0,
      run: async (tx: Transaction): Promise<void> => {
        claims = nothingAsked;
        await releaseDeliveries(tx, given);
        if (heads.length === 0) return;
        const terms = { lease: context.lease, now: clock.now() };
        const scope = { ...terms, ...(await configuration(tx, terms.now)), dialect: database.dialect };
        claims = await claimHeads(tx, scope, heads);
      },
      committed: (): Claims => {
        this.#doubtful = this.#doubtful.filter((one) => !given.includes(one));
        const claimed = claims.claimed();
        this.#report(claimed);
        const windowOf = ({ webhookId, entityId }: Delivery) => context.window(shardOf(webhookId, entityId));
        const granted = claimed.granted.map((claim) => ({ ...claim, sendWindow: windowOf(claim.delivery) }));
        return { granted, denied: claimed.denied };
      },
      doubtful: () => claims.doubtful(),
    };
  }

  /**
   * The change that made this delivery with its claim may not have been committed.
   * @param mark of that transaction.
   * @param givenBack called when the claim is certainly gone, and the delivery too if it never was.
   */
  doubtBirth(delivery: Delivery & Claim, mark: TransactionMark, givenBack: () => void): void {
    this.#doubtfulBirths = [...this.#doubtfulBirths, { delivery, mark, givenBack }];
  }

  /** Gives back claims in doubt when no other claim does it. @returns false after a database error. */
  async giveBackDoubtful(): Promise<boolean> {
    const doubtful = this.#doubtful;
    const births = this.#doubtfulBirths;
    if (doubtful.length + births.length === 0) return true;
    try {
      await this.#parts.database.transaction(async (tx) => {
        // A row that was claimed is locked until the outcome is certain; one that was made with its claim is not seen before.
        if (births.length > 0) await tx.awaitEnds(births.map(({ mark }) => mark));
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
  readonly mark: TransactionMark;
  givenBack(): void;
}

/** By which a transaction claims. */
type ConfigurationIn = (tx: Transaction, now: number) => Promise<Pick<ClaimScope, 'directory' | 'holds'>>;
