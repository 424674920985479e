import type { Outcome } from '../store/outcome.ts';
import { unsentReasons } from '../store/outcome.ts';

/** Concurrent requests to an origin that has not answered: a small receiver has room for few connections. */
const unansweredMax = 2;
/** Beyond this number it is not a small receiver, and there is no limit. */
const grownMax = 64;

/** Limits concurrent requests to an origin (scheme, host and port), which several webhooks may share. */
export class OriginLimit<Waiting> {
  /** Requests in flight, or about to be. */
  inFlight = 0;
  /** Queues that only this limit holds back. */
  readonly waiting = new Set<Waiting>();
  #allowed = unansweredMax;

  get isFull(): boolean {
    return this.inFlight >= this.#allowed;
  }

  /**
   * Each answer allows one more; an attempt that could not connect starts again.
   * @param outcome absent = no request was made.
   * @returns those that waited.
   */
  ended(outcome: Outcome | undefined): readonly Waiting[] {
    this.inFlight -= 1;
    if (outcome !== undefined) this.#learn(outcome);
    if (this.isFull) return [];
    const waiting = [...this.waiting];
    this.waiting.clear();
    return waiting;
  }

  #learn(outcome: Outcome): void {
    if (outcome.statusCode !== 0) {
      this.#allowed = this.#allowed >= grownMax ? Number.POSITIVE_INFINITY : this.#allowed + 1;
    } else if (unsentReasons.has(outcome.reason)) {
      this.#allowed = unansweredMax;
    }
  }
}
