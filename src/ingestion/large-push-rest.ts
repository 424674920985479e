import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';

/** Others count as long as they have pushed so lately. */
const othersWithinMs = 1_000;
/** The longest rest after a part. */
export const restMaxMs = 60;
/** All rests of one push: senders wait ten seconds for an answer, and 5,000 alerts need half of them on PostgreSQL. */
export const restOfPushMaxMs = 3_000;

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

  /** @returns what rests after a part of one push of this integration. */
  ofPush(integrationId: number): (tookMs: number) => Promise<void> {
    let leftMs = restOfPushMaxMs;
    return async (tookMs) => {
      const { at } = integrationId === this.#last.integrationId ? this.#other : this.#last;
      const restMs = Math.min(tookMs, restMaxMs, leftMs);
      if (restMs <= 0 || this.#clock.monotonic() - at > othersWithinMs) return;
      leftMs -= restMs;
      await new Promise<void>((resolve) => void this.#timers.after(restMs, resolve));
    };
  }
}

interface Heard {
  readonly integrationId: number;
  readonly at: number;
}
