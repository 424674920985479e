import { outages } from '../delivery/queue/circuit-breaker.ts';
import type { Reason } from '../delivery/store/outcome.ts';

/** A replay's deliveries when its next piece is due. */
export interface Progress {
  readonly perSecond: number;
  readonly pauseMs: number;
  /** Its deliveries that have not ended. */
  readonly open: number;
  /** Why those that ended last did, the last one first; at least {@link lookBack} where there are as many. */
  readonly lastReasons: readonly Reason[];
}

/** The next step of a replay. */
export interface ReplayPace {
  /** Records to look at now. */
  readonly records: number;
  /** Until the step after it. */
  readonly waitMs: number;
  readonly pauseMs: number;
}

/** So many outages in a row mean that the receiver is down. */
export const lookBack = 5;
const pauseFirstMs = 1_000;
/** The longest wait between two steps. */
export const waitMaxMs = 60_000;
/** Pieces per second, where the rate allows as many: so the requests are spread over the second. */
const piecesPerSecond = 5;
/** Deliveries that wait or are in flight: at least this many, and otherwise those of two seconds. */
const openMin = 20;
/** The wait for room, and for the last ones to end. */
const fullWaitMs = 500;
export const tailWaitMs = 1_000;

/**
 * How much a replay may make now; pure. It makes no more than its receiver takes, and in front of a receiver that is
 * down it sends one push at a time, after pauses that double from a second up to a minute.
 */
export function paceOf({ perSecond, pauseMs, open, lastReasons }: Progress): ReplayPace {
  const last = lastReasons.slice(0, lookBack);
  if (last.length === lookBack && last.every((reason) => outages.has(reason))) {
    if (open > 0) return { records: 0, waitMs: fullWaitMs, pauseMs };
    const next = Math.min(Math.max(pauseFirstMs, pauseMs * 2), waitMaxMs);
    return { records: 1, waitMs: next, pauseMs: next };
  }
  const room = Math.max(openMin, perSecond * 2) - open;
  if (room <= 0) return { records: 0, waitMs: fullWaitMs, pauseMs: 0 };
  const records = Math.min(Math.ceil(perSecond / piecesPerSecond), room);
  return { records, waitMs: Math.ceil((records * 1_000) / perSecond), pauseMs: 0 };
}
