import type { Delivery } from '../store/delivery.ts';

/** Over all webhooks: waiting deliveries in memory, and characters of their payloads. */
const heldMax = 20_000;
const heldCharactersMax = 64_000_000;

/** Limits what all webhooks hold in memory. */
export class MemoryBudget {
  count = 0;
  characters = 0;

  get isFull(): boolean {
    return this.count >= heldMax || this.characters >= heldCharactersMax;
  }

  /** Less than half of it is used. */
  get isFree(): boolean {
    return 2 * this.count < heldMax && 2 * this.characters < heldCharactersMax;
  }

  hasRoomFor(delivery: Delivery): boolean {
    return this.count < heldMax && this.characters + delivery.payload.length <= heldCharactersMax;
  }

  add(delivery: Delivery): void {
    this.count += 1;
    this.characters += delivery.payload.length;
  }

  remove(delivery: Delivery): void {
    this.count -= 1;
    this.characters -= delivery.payload.length;
  }
}

/** What one webhook holds of it. */
export class MemoryShare {
  readonly #budget: MemoryBudget;
  readonly #limits: QueueLimits;
  count = 0;

  constructor(budget: MemoryBudget, limits: QueueLimits) {
    this.#budget = budget;
    this.#limits = limits;
  }

  /** Lanes that there may be in one class. While no cursor is behind, each holds a delivery, which the budget counts. */
  lanesMax(isBehind: boolean): number {
    if (this.#budget.isFull) return lanesPerClassMin;
    return this.#limits.lanesPerClassMax * (isBehind ? 1 : this.#times);
  }

  /** Room for one that is no head. */
  hasRoomFor(delivery: Delivery): boolean {
    return this.count < this.#limits.heldMax * this.#times && this.#budget.hasRoomFor(delivery);
  }

  get #times(): number {
    return this.#budget.isFree ? (this.#limits.timesWhileFree ?? 1) : 1;
  }

  add(delivery: Delivery): void {
    this.count += 1;
    this.#budget.add(delivery);
  }

  remove(delivery: Delivery): void {
    this.count -= 1;
    this.#budget.remove(delivery);
  }
}

/** How much of a webhook's backlog is in memory. */
export interface QueueLimits {
  /** Lanes of one class that are known in memory. */
  readonly lanesPerClassMax: number;
  /** With so many deliveries in memory, only heads are added: those behind them are read when it is their turn. */
  readonly heldMax: number;
  /** More of a class is read when fewer of its lanes than this may go. */
  readonly readyLow: number;
  /**
   * So many times the lanes and deliveries while the memory for all webhooks is less than half used, and no lane waits in the
   * database alone; absent = 1.
   */
  readonly timesWhileFree?: number;
}

export const queueLimitsDefault: QueueLimits = {
  lanesPerClassMax: 1_000,
  heldMax: 1_000,
  readyLow: 64,
  timesWhileFree: 5,
};

/** So many lanes of a class there may always be, so that the backlog of others cannot keep a webhook from its turn. */
const lanesPerClassMin = 8;
