import { isOpen } from './invariants/commit.ts';
import type { Owed } from './model.ts';

/** What a webhook is owed of one entity, in the order in which it came to be owed. */
export class Lane {
  readonly webhookId: number;
  readonly #open = new Set<Owed>();
  /** Those that have not ended, or whose requests have not. */
  #unsettled: Owed[] = [];

  constructor(webhookId: number) {
    this.webhookId = webhookId;
  }

  get open(): ReadonlySet<Owed> {
    return this.#open;
  }

  /** The first that has not ended. */
  get head(): Owed | undefined {
    for (const owed of this.#open) return owed;
    return undefined;
  }

  add(owed: Owed): void {
    this.#open.add(owed);
    this.#unsettled.push(owed);
  }

  ended(owed: Owed): void {
    this.#open.delete(owed);
  }

  forget(owed: Owed): void {
    this.#open.delete(owed);
    this.#unsettled = this.#unsettled.filter((one) => one !== owed);
  }

  /** Neither what has ended nor a request that is over comes back, so they need not be looked at twice. */
  unsettled(isOver: (owed: Owed) => boolean): readonly Owed[] {
    this.#unsettled = this.#unsettled.filter((owed) => isOpen(owed.state) || !isOver(owed));
    return this.#unsettled;
  }
}
