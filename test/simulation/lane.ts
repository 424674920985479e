import { isOpen } from './invariants/commit.ts';
import type { Owed } from './model.ts';

/** I8: it goes first in their lane. Of one that was asked for again, that is its event's place and not that of the asking. */
export function goesBefore(one: Place, other: Place): boolean {
  return one.sequence < other.sequence || (one.sequence === other.sequence && one.generation < other.generation);
}

type Place = Pick<Owed, 'sequence' | 'generation'>;

/** What a webhook is owed of one entity. */
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

  /** The first that has not ended: the others wait for it. */
  get head(): Owed | undefined {
    let head: Owed | undefined;
    for (const owed of this.#open) if (head === undefined || goesBefore(owed, head)) head = owed;
    return head;
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
