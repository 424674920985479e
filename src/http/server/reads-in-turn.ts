import type { Clock } from '../../runtime/clock.ts';
import { Failure } from '../../runtime/failure.ts';
import type { Timers } from '../../runtime/timers.ts';
import { freshPace, tokensIn, type Pace } from '../../runtime/token-bucket.ts';

/** Reading calls of one member that are worked on at once; lists and searches have few threads or connections. */
export const readsAtOnceMax = 4;
/** Those that wait behind them. */
export const readsWaitingMax = 100;
/** So much of its time a member may read, in milliseconds of each second, and so much it may save up. */
export const readingMsPerSecond = 500;
export const readingSavedMaxMs = 2_000;
/** The longest rest after a read of a member that has used up its time. */
export const readRestMaxMs = 1_000;

const retryAfterSeconds = 1;

/**
 * The reading calls of each member go in turn, so that one who asks for a hundred lists makes nobody else wait for them. Those of a
 * member who has read for long go one at a time, each with a rest behind it that is as long as it took: one who searches without
 * a pause takes half of one connection of the database, and not four.
 */
export class ReadsInTurn {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #timers: Pick<Timers, 'after'>;
  readonly #members = new Map<number, Reads>();

  constructor({ clock, timers }: { clock: Pick<Clock, 'monotonic'>; timers: Pick<Timers, 'after'> }) {
    this.#clock = clock;
    this.#timers = timers;
  }

  /** @throws Failure `RequestTooFrequently` when too many of this member wait. */
  async run<Result>(memberId: number, work: () => Promise<Result>): Promise<Result> {
    const reads = this.#members.get(memberId) ?? { running: 0, waiting: [], pace: freshPace };
    this.#members.set(memberId, reads);
    await this.#begin(reads);
    const began = this.#clock.monotonic();
    try {
      return await work();
    } finally {
      const tookMs = this.#clock.monotonic() - began;
      reads.pace = spent(reads.pace, tookMs, this.#clock.monotonic());
      if (this.#savedMs(reads) >= 0) this.#end(reads);
      else this.#timers.after(Math.min(tookMs, readRestMaxMs), () => this.#end(reads));
    }
  }

  async #begin(reads: Reads): Promise<void> {
    if (this.#hasRoom(reads)) {
      reads.running += 1;
      return;
    }
    if (reads.waiting.length >= readsWaitingMax) {
      const message = `too many calls at once: ${readsAtOnceMax} lists or details of a member are read at a time, and ${readsWaitingMax} may wait`;
      throw new Failure('RequestTooFrequently', message, { retryAfterSeconds });
    }
    await new Promise<void>((resolve) => reads.waiting.push(resolve));
  }

  #end(reads: Reads): void {
    reads.running -= 1;
    while (reads.waiting.length > 0 && this.#hasRoom(reads)) {
      reads.running += 1;
      reads.waiting.shift()?.();
    }
  }

  #hasRoom(reads: Reads): boolean {
    return reads.running < (this.#savedMs(reads) < 0 ? 1 : readsAtOnceMax);
  }

  /** Below zero = the member has used up its time. */
  #savedMs({ pace }: Reads): number {
    return tokensIn(pace, readingMsPerSecond, this.#clock.monotonic(), readingSavedMaxMs);
  }
}

function spent(pace: Pace, tookMs: number, now: number): Pace {
  const left = tokensIn(pace, readingMsPerSecond, now, readingSavedMaxMs) - tookMs;
  // Four long reads at once do not stay a debt for minutes.
  return { tokens: Math.max(left, -readingSavedMaxMs), at: now };
}

/** One for each member who has ever read. */
interface Reads {
  running: number;
  /** Each begins when it is called. */
  readonly waiting: (() => void)[];
  pace: Pace;
}
