import { noShard, shardsMax } from '../../database/shard.ts';
import { Periodic } from '../../runtime/periodic.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { ShardOwnership } from '../store/ownership.ts';
import { recover, type RecoveryParts } from './crash-recovery.ts';
import { isTransient } from '../../database/database.ts';

const everyMs = 60_000;
/** Longer than any request and any difference of the nodes' clocks. */
const stuckMs = 120_000;

export interface StuckClaimReaperParts extends RecoveryParts {
  readonly timers: Timers;
  readonly owner: ShardOwnership;
  /** Whether an attempt is in flight in this shard. */
  readonly isBusy: (shard: number) => boolean;
}

/**
 * Ends claims that have been in `sending` for long without a sender: the call of a custom action on a node that has
 * died, or a claim that was committed after its connection was given up for lost.
 */
export class StuckClaimReaper {
  readonly #parts: StuckClaimReaperParts;
  readonly #periodic: Periodic;

  constructor(parts: StuckClaimReaperParts) {
    this.#parts = parts;
    this.#periodic = new Periodic(parts.timers, 'stuck claims', () => this.#look());
  }

  start(): void {
    this.#periodic.start(everyMs);
  }

  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  async #look(): Promise<number> {
    const { owner, clock, isBusy, logger } = this.#parts;
    const all = Array.from({ length: shardsMax }, (_, shard) => shard);
    const shards = (owner.shards ?? all).filter((shard) => !isBusy(shard));
    // One node looks after deliveries in no shard.
    if (owner.holds(0)) shards.push(noShard);
    try {
      await recover(this.#parts, { shards, claimedBefore: clock.now() - stuckMs });
    } catch (error) {
      if (!isTransient(error)) throw error;
      logger.warn({ error }, 'stuck_claims.not_settled');
    }
    return everyMs;
  }
}
