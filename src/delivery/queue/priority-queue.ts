import type { Urgency } from '../store/delivery.ts';

/** Every so many-th turn goes to the oldest, whatever its class, so that nothing waits for ever. */
const oldestEvery = 8;

export const urgencies: readonly Urgency[] = [0, 1, 2];

/** Items that wait for a turn, each at its own place. Neither changes while it is in the queue. */
export interface Waiting {
  readonly urgency: Urgency;
  /** Its place in the order of its class: the id of the delivery for which it goes, which rises with time. */
  readonly since: string;
}

/**
 * Whose turn it is: the most urgent class first, the oldest first within a class, and the oldest of all in one turn of
 * eight. So a lane goes out within eight times as many turns as older lanes are ready, however many more urgent ones come.
 * The oldest is asked for, not the least urgent: with that, a class in the middle could wait for ever.
 */
export class PriorityQueue<Lane extends Waiting> {
  /** By urgency, the oldest first. */
  readonly #classes: Readonly<Record<Urgency, Lane[]>> = { 0: [], 1: [], 2: [] };
  #turn = 0;

  add(lane: Lane): void {
    const lanes = this.#classes[lane.urgency];
    const index = placeOf(lanes, lane.since);
    if (index === lanes.length) lanes.push(lane);
    else lanes.splice(index, 0, lane);
  }

  delete(lane: Lane): boolean {
    const lanes = this.#classes[lane.urgency];
    const index = placeOf(lanes, lane.since);
    if (lanes[index] !== lane) return false;
    lanes.splice(index, 1);
    return true;
  }

  get isEmpty(): boolean {
    return urgencies.every((urgency) => this.#classes[urgency].length === 0);
  }

  /** @param upTo counts only those that are not newer; undefined = all. */
  count(urgency: Urgency, upTo: string | undefined): number {
    const lanes = this.#classes[urgency];
    const newest = lanes.at(-1);
    if (newest === undefined || upTo === undefined || newest.since <= upTo) return lanes.length;
    return placeOf(lanes, upTo);
  }

  oldest(urgency: Urgency): Lane | undefined {
    return this.#classes[urgency][0];
  }

  newest(urgency: Urgency): Lane | undefined {
    return this.#classes[urgency].at(-1);
  }

  /** @param upTo gives, for a class, the place after which nothing may go yet; undefined = everything may. */
  take(upTo: (urgency: Urgency) => string | undefined): Lane | undefined {
    const next = this.next(upTo);
    this.#turn = (this.#turn + 1) % oldestEvery;
    if (next !== undefined) this.#classes[next.urgency].shift();
    return next;
  }

  /** What `take` would give. */
  next(upTo: (urgency: Urgency) => string | undefined): Lane | undefined {
    const isTurnOfOldest = this.#turn + 1 === oldestEvery;
    let next: Lane | undefined;
    for (const urgency of urgencies) {
      const oldest = this.#classes[urgency][0];
      if (oldest === undefined) continue;
      const limit = upTo(urgency);
      if (limit !== undefined && oldest.since > limit) continue;
      if (next === undefined || (isTurnOfOldest && oldest.since < next.since)) next = oldest;
    }
    return next;
  }

  clear(): void {
    for (const urgency of urgencies) this.#classes[urgency].length = 0;
  }
}

/** The index of the first lane that is not older. */
function placeOf(lanes: readonly Waiting[], since: string): number {
  let [low, high] = [0, lanes.length];
  // Most are newer than all that wait.
  if (high > 0 && (lanes[high - 1]?.since ?? '') < since) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lanes[middle]?.since ?? '') < since) low = middle + 1;
    else high = middle;
  }
  return low;
}
