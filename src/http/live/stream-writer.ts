import type { Cancel, Timers } from '../../runtime/timers.ts';
import { eventText } from './hint.ts';

/** Unsent events of a client; beyond them it gets a `gap` instead. */
export const unsentMax = 1_000;
/** A stream is written to at most once in this time: the first event after a pause goes at once, those that follow together. */
export const gatherMs = 100;

/** Writes the events of one stream. */
export class StreamWriter {
  readonly #timers: Timers;
  readonly #write: (text: string, sent: () => void) => void;
  #gathered: string[] = [];
  #isGathering = false;
  #unsent = 0;
  #isBehind = false;
  #cancel: Cancel = () => {};

  /** @param write calls `sent` when the client's side has taken the text. */
  constructor(timers: Timers, write: (text: string, sent: () => void) => void) {
    this.#timers = timers;
    this.#write = write;
  }

  /** A client that does not read gets one `gap` for everything it missed, when it reads again. */
  send(text: string): void {
    if (this.#isBehind) return;
    if (this.#unsent >= unsentMax) {
      this.#isBehind = true;
      return;
    }
    this.#unsent += 1;
    this.#gathered.push(text);
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#cancel = this.#timers.soon(() => this.#flushAndGather());
  }

  /** Writes what is gathered. */
  flush(): void {
    const count = this.#gathered.length;
    if (count === 0) return;
    const text = this.#gathered.join('');
    this.#gathered = [];
    this.#write(text, () => {
      this.#unsent -= count;
      if (!this.#isBehind || this.#unsent > 0) return;
      this.#isBehind = false;
      this.send(eventText('gap', '', {}));
    });
  }

  close(): void {
    this.#cancel();
    this.#isBehind = true;
  }

  #flushAndGather(): void {
    this.#isGathering = this.#gathered.length > 0;
    if (!this.#isGathering) return;
    this.flush();
    this.#cancel = this.#timers.after(gatherMs, () => this.#flushAndGather());
  }
}
