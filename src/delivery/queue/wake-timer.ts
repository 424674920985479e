import type { Clock } from '../../runtime/clock.ts';
import type { Cancel, Timers } from '../../runtime/timers.ts';

/** Queues that wait only for a time, and one timer for the first of them. Instants are monotonic milliseconds. */
export class WakeTimer<Waiting> {
  readonly #parts: { readonly clock: Clock; readonly timers: Timers };
  readonly #open: (waiting: Waiting) => void;
  readonly #opensAt = new Map<Waiting, number>();
  #timerFor = Number.POSITIVE_INFINITY;
  #cancel: Cancel = () => {};

  constructor(parts: { readonly clock: Clock; readonly timers: Timers }, open: (waiting: Waiting) => void) {
    this.#parts = parts;
    this.#open = open;
  }

  shut(waiting: Waiting, opensAt: number): void {
    this.#opensAt.set(waiting, opensAt);
    if (opensAt < this.#timerFor) this.#wakeAt(opensAt);
  }

  close(): void {
    this.#cancel();
    this.#opensAt.clear();
  }

  #wakeAt(opensAt: number): void {
    this.#cancel();
    this.#timerFor = opensAt;
    const delayMs = Math.ceil(opensAt - this.#parts.clock.monotonic());
    this.#cancel = this.#parts.timers.after(delayMs, () => this.#wake());
  }

  #wake(): void {
    this.#timerFor = Number.POSITIVE_INFINITY;
    const now = this.#parts.clock.monotonic();
    const opened = [...this.#opensAt].filter(([, opensAt]) => opensAt <= now).map(([waiting]) => waiting);
    for (const waiting of opened) this.#opensAt.delete(waiting);
    const next = Math.min(...this.#opensAt.values());
    if (next !== Number.POSITIVE_INFINITY) this.#wakeAt(next);
    for (const waiting of opened) this.#open(waiting);
  }
}
