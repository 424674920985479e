import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { pieceMax } from './push-result.ts';

/** Others count as long as they have pushed so lately. */
const othersWithinMs = 1_000;
/** The longest rest after a part. */
export const restMaxMs = 60;

/** How a large push goes beside others. */
export interface BesideOthers {
  /** Reports of one part. Others wait for a whole part on SQLite, which has one writer. */
  readonly partMax: number;
  /** The rest after a part, as many times as long as that took. */
  readonly restFactor: number;
  /** All rests of one push: senders wait ten seconds for an answer. */
  readonly restOfPushMaxMs: number;
}

/** 5,000 alerts are about two seconds of work on SQLite, and five on PostgreSQL, where others are served meanwhile. */
export const besideOnSqlite: BesideOthers = { partMax: 12, restFactor: 3, restOfPushMaxMs: 3_600 };
export const besideOnServer: BesideOthers = { partMax: pieceMax, restFactor: 1, restOfPushMaxMs: 3_000 };

/** Beside pushes of other integrations, a large push goes in small parts, and rests after each of them. */
export class LargePushRest {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #timers: Pick<Timers, 'after'>;
  readonly #beside: BesideOthers;
  #last: Heard = { integrationId: 0, at: -Infinity };
  /** The last one of another integration than `#last`. */
  #other: Heard = this.#last;

  constructor({ clock, timers, beside }: RestParts) {
    this.#clock = clock;
    this.#timers = timers;
    this.#beside = beside;
  }

  /** A push has come. */
  heard(integrationId: number): void {
    if (integrationId !== this.#last.integrationId) this.#other = this.#last;
    this.#last = { integrationId, at: this.#clock.monotonic() };
  }

  /** For one push of this integration. */
  ofPush(integrationId: number): RestsOfPush {
    const { partMax, restFactor, restOfPushMaxMs } = this.#beside;
    let leftMs = restOfPushMaxMs;
    return {
      partMax: () => (this.#areOthers(integrationId) ? partMax : pieceMax),
      after: async (tookMs) => {
        const restMs = Math.min(restFactor * tookMs, restMaxMs, leftMs);
        if (restMs <= 0 || !this.#areOthers(integrationId)) return;
        leftMs -= restMs;
        await new Promise<void>((resolve) => void this.#timers.after(restMs, resolve));
      },
    };
  }

  #areOthers(integrationId: number): boolean {
    const { at } = integrationId === this.#last.integrationId ? this.#other : this.#last;
    return this.#clock.monotonic() - at <= othersWithinMs;
  }
}

interface RestParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly timers: Pick<Timers, 'after'>;
  readonly beside: BesideOthers;
}

interface RestsOfPush {
  /** Reports that its next part may have. */
  partMax(): number;
  /** Rests after a part, if others push. */
  after(tookMs: number): Promise<void>;
}

interface Heard {
  readonly integrationId: number;
  readonly at: number;
}
