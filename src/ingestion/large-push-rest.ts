import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';

/** Others count as long as they have pushed so lately. */
const othersWithinMs = 1_000;
/** The longest rest after a part: a push of 5,000 alerts, in a hundred parts, takes two seconds longer by them. */
export const restMaxMs = 20;

/** A large push takes at most half of the time while others push: after each of its parts it rests as long as that took. */
export class LargePushRest {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #timers: Pick<Timers, 'after'>;
  #last: Heard = { integrationId: 0, at: -Infinity };
  /** The last one of another integration than `#last`. */
  #other: Heard = this.#last;

  constructor({ clock, timers }: { clock: Pick<Clock, 'monotonic'>; timers: Pick<Timers, 'after'> }) {
    this.#clock = clock;
    this.#timers = timers;
  }

  /** A push has come. */
  heard(integrationId: number): void {
    if (integrationId !== this.#last.integrationId) this.#other = this.#last;
    this.#last = { integrationId, at: this.#clock.monotonic() };
  }

  /** Rests after a part of a push of this integration. */
  async after(integrationId: number, tookMs: number): Promise<void> {
    const { at } = integrationId === this.#last.integrationId ? this.#other : this.#last;
    if (tookMs <= 0 || this.#clock.monotonic() - at > othersWithinMs) return;
    await new Promise<void>((resolve) => void this.#timers.after(Math.min(tookMs, restMaxMs), resolve));
  }
}

interface Heard {
  readonly integrationId: number;
  readonly at: number;
}
