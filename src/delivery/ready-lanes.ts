import { urgencyOf, type Urgency } from './delivery.ts';

/** Every so many-th turn goes to who has waited longest, whatever its class, so that nothing waits for ever. */
const longestWaitingEvery = 8;

/**
 * Whose turn it is: the most urgent class first, first in first out within a class, but for one turn in eight. So a lane
 * goes out within eight times as many turns as lanes were ready before it, however many more urgent ones come. The
 * longest waiting is asked for, not the least urgent: with that, a class in the middle could wait for ever.
 */
export class ReadyLanes<Lane> {
  /** By urgency; with each lane its number in the order in which all came. */
  readonly #classes: Readonly<Record<Urgency, Map<Lane, number>>> = { 0: new Map(), 1: new Map(), 2: new Map() };
  #came = 0;
  #turn = 0;

  get size(): number {
    return this.#classes[0].size + this.#classes[1].size + this.#classes[2].size;
  }

  get criticalCount(): number {
    return this.#classes[urgencyOf.Critical].size;
  }

  add(lane: Lane, urgency: Urgency): void {
    this.#came += 1;
    this.#classes[urgency].set(lane, this.#came);
  }

  delete(lane: Lane, urgency: Urgency): boolean {
    return this.#classes[urgency].delete(lane);
  }

  take(): Lane | undefined {
    this.#turn = (this.#turn + 1) % longestWaitingEvery;
    let next: Front<Lane> | undefined;
    for (const urgency of classes) {
      const front = this.#front(urgency);
      if (front === undefined) continue;
      if (next === undefined || (this.#turn === 0 && front.came < next.came)) next = front;
    }
    if (next !== undefined) this.delete(next.lane, next.urgency);
    return next?.lane;
  }

  clear(): void {
    for (const urgency of classes) this.#classes[urgency].clear();
  }

  #front(urgency: Urgency): Front<Lane> | undefined {
    for (const [lane, came] of this.#classes[urgency]) return { lane, urgency, came };
    return undefined;
  }
}

interface Front<Lane> {
  readonly lane: Lane;
  readonly urgency: Urgency;
  readonly came: number;
}

const classes: readonly Urgency[] = [0, 1, 2];
