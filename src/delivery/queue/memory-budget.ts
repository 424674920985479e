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
  count = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Lanes that there may be in one class. */
  lanesMax({ lanesPerClassMax }: QueueLimits): number {
    return this.#budget.isFull ? lanesPerClassMin : lanesPerClassMax;
  }

  hasRoomFor(delivery: Delivery): boolean {
    return this.#budget.hasRoomFor(delivery);
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
}

export const queueLimitsDefault: QueueLimits = { lanesPerClassMax: 1_000, heldMax: 1_000, readyLow: 64 };

/** So many lanes of a class there may always be, so that the backlog of others cannot keep a webhook from its turn. */
const lanesPerClassMin = 8;
