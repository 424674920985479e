/** Gathers hints for one list, so that a storm of them costs a call now and then. */
import type { Hint } from './live-stream.ts';

export interface News {
  readonly hints: readonly Hint[];
  /** Hints may be missing: all that is shown is in doubt. */
  readonly gap: boolean;
}

export interface NewsPorts {
  now(): number;
  after(ms: number, work: () => void): () => void;
}

/** After so many calls without a pause there is a storm, which nobody reads faster than this; the longer it lasts, the less. */
const busyCalls = 4;
const stormMs = 2000;
const longBusyCalls = 8;
const longStormMs = 4000;

/** Beyond this many the list is asked for as after a gap. */
const hintsMax = 1000;

export class Newsroom {
  readonly #ports: NewsPorts;
  readonly #everyMs: number;
  readonly #refresh: (news: News) => Promise<unknown> | void;
  #hints: Hint[] = [];
  #gap = false;
  /** The last call failed, so the next one is for all that is shown. */
  #missed = false;
  #held = false;
  #running = false;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** Calls, each as soon after the one before it as it might be. */
  #busy = 0;
  #cancel: (() => void) | undefined;

  /** @param refresh is never run twice at once, nor more often than every `everyMs`; in a storm every two seconds, then every four. */
  constructor(ports: NewsPorts, everyMs: number, refresh: (news: News) => Promise<unknown> | void) {
    this.#ports = ports;
    this.#everyMs = everyMs;
    this.#refresh = refresh;
  }

  hint(hint: Hint): void {
    if (this.#hints.length < hintsMax) this.#hints.push(hint);
    else this.#gap = true;
    this.#plan();
  }

  gap(): void {
    this.#gap = true;
    this.#plan();
  }

  hold(held: boolean): void {
    this.#held = held;
    this.#plan();
  }

  close(): void {
    this.#cancel?.();
    this.#held = true;
  }

  /** @param isLate news came while the call before was under way. */
  #plan(isLate = false): void {
    const has = this.#gap || this.#hints.length > 0;
    if (!has || this.#held || this.#running || this.#cancel !== undefined) return;
    const stormMsNow = this.#busy < busyCalls ? 0 : this.#busy < longBusyCalls ? stormMs : longStormMs;
    const everyMs = Math.max(this.#everyMs, stormMsNow);
    const wait = Math.max(0, this.#lastAt + everyMs - this.#ports.now());
    this.#busy = isLate || wait > 0 ? this.#busy + 1 : 0;
    this.#cancel = this.#ports.after(wait, () => {
      this.#cancel = undefined;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#held) return;
    const news: News = { hints: this.#hints, gap: this.#gap || this.#missed };
    this.#hints = [];
    this.#gap = false;
    this.#missed = false;
    this.#running = true;
    this.#lastAt = this.#ports.now();
    try {
      await this.#refresh(news);
    } catch {
      // The list shows its own error; the next one asks for the missed rows.
      this.#missed = true;
      this.#lastAt = this.#ports.now() + this.#everyMs;
    } finally {
      this.#running = false;
      // One that failed waits for other news, not for itself.
      this.#plan(true);
    }
  }
}
