import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { resumed } from '../runtime/work.ts';

/** After so much work in one go, everything else has its turn of the event loop. */
export const goMaxMs = 10;

/** Keeps the work of transactions from holding the event loop for long. */
export class LoopTurn {
  readonly #clock: Clock;
  readonly #timers: Timers;
  #since: number;
  #isGiven = false;

  constructor({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = clock;
    this.#timers = timers;
    this.#since = clock.monotonic();
  }

  /** When the work of now began; monotonic milliseconds. */
  get since(): number {
    return this.#since;
  }

  /** The work waits until everything else has had its turn. */
  get isGiven(): boolean {
    return this.#isGiven;
  }

  get isDue(): boolean {
    return this.#clock.monotonic() - this.#since >= goMaxMs;
  }

  /** The work begins, or goes on after a wait. */
  begin(): void {
    this.#since = this.#clock.monotonic();
  }

  async give(): Promise<void> {
    this.#isGiven = true;
    await new Promise<void>((resolve) => void this.#timers.soon(resolve));
    this.#isGiven = false;
    resumed();
    this.begin();
  }
}
