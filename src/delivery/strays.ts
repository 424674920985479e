import { noShard, shardsMax } from '../database/shard.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import type { Owner } from './owner.ts';
import { recover, type RecoveryParts } from './recovery.ts';
import { isPassing } from './settler.ts';

const everyMs = 60_000;
/** Longer than any request and the clocks of nodes are apart. */
const strayMs = 120_000;

export interface StraysParts extends RecoveryParts {
  readonly timers: Timers;
  readonly owner: Owner;
  /** Something is in flight in this shard. */
  readonly isBusy: (shard: number) => boolean;
}

/**
 * Settles what is in `sending` for long, though nobody sends it: the call of a custom action on a node that has died, or a
 * claim that was committed after its connection was given up for lost.
 */
export class Strays {
  readonly #parts: StraysParts;
  #running = false;
  #looking: Promise<void> = Promise.resolve();
  #cancel: Cancel = () => {};

  constructor(parts: StraysParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#later();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await this.#looking;
  }

  #later(): void {
    if (!this.#running) return;
    this.#cancel = this.#parts.timers.after(everyMs, () => {
      this.#looking = this.#look();
    });
  }

  async #look(): Promise<void> {
    const { owner, clock, isBusy, logger } = this.#parts;
    const all = Array.from({ length: shardsMax }, (_, shard) => shard);
    const shards = (owner.shards ?? all).filter((shard) => !isBusy(shard));
    // One node looks after what is in no shard.
    if (owner.holds(0)) shards.push(noShard);
    try {
      await recover(this.#parts, { shards, claimedBefore: clock.now() - strayMs });
    } catch (error) {
      if (!isPassing(error)) throw error;
      logger.warn({ error }, 'strays.not_settled');
    }
    this.#later();
  }
}
