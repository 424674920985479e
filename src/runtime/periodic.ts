import type { Cancel, Timers } from './timers.ts';
import { named } from './work.ts';

/** Runs work again and again, one run at a time. Each run returns the milliseconds until the next one. */
export class Periodic {
  readonly #timers: Timers;
  readonly #name: string;
  readonly #run: () => Promise<number | undefined>;
  #started = false;
  #running: Promise<void> | undefined;
  #cancel: Cancel = () => {};

  /**
   * @param name of the work, for the meter of the event loop.
   * @param run handles its own failures. It returns `undefined` when the next run waits for {@link runIn}.
   */
  constructor(timers: Timers, name: string, run: () => Promise<number | undefined>) {
    this.#timers = timers;
    this.#name = name;
    this.#run = run;
  }

  /** Without a delay, the first run begins at once. */
  start(delayMs?: number): void {
    this.#started = true;
    if (delayMs === undefined) this.#begin();
    else this.runIn(delayMs);
  }

  /** Moves the next run. A run that is under way plans the next one itself. */
  runIn(delayMs: number): void {
    if (!this.#started || this.#running !== undefined) return;
    this.#cancel();
    this.#cancel = this.#timers.after(delayMs, () => this.#begin());
  }

  get isStarted(): boolean {
    return this.#started;
  }

  /** Resolves when no run is under way. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#cancel();
    await this.#running;
  }

  #begin(): void {
    this.#running = named(this.#name, this.#run).then((delayMs) => {
      this.#running = undefined;
      if (delayMs !== undefined) this.runIn(delayMs);
    });
  }
}
