import { isOpen } from './invariants/commit.ts';
import type { Owed } from './model.ts';

/** I8: it goes first in their lane. Of one that was asked for again, that is its event's place and not that of the asking. */
export function goesBefore(one: Place, other: Place): boolean {
  return one.sequence < other.sequence || (one.sequence === other.sequence && one.generation < other.generation);
}

type Place = Pick<Owed, 'sequence' | 'generation'>;

/** The deliveries of one entity to a webhook. */
export class Lane {
  readonly webhookId: number;
  readonly #open = new Set<Owed>();
  /** Those that are not forgotten. */
  #kept: Owed[] = [];
  /** Those that have not ended, or whose requests have not. */
  #unsettled: Owed[] = [];

  /** When something of it ended or came back from an attempt last, virtual milliseconds: until then its head had to wait. */
  freeSince = 0;
  /** When something of it was superseded last. */
  supersededAt = -1;

  constructor(webhookId: number) {
    this.webhookId = webhookId;
  }

  /**
   * The last that was made for an event of the entity, while the history keeps it. A resend does not count: the history may
   * keep it for longer than its original.
   */
  get last(): Owed | undefined {
    let last: Owed | undefined;
    for (const owed of this.#kept) {
      if (owed.generation === 0 && (last === undefined || goesBefore(last, owed))) last = owed;
    }
    return last;
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

  /**
   * I25: the delivery by which its head goes: the oldest of its class that is pending, which waits behind the head where that is
   * a resend, or is Critical. One that waits for its next attempt behind a resend does not count. Undefined where a Warning waits behind an Info: for which of them the lane goes, is left to the service.
   */
  get goesFor(): Owed | undefined {
    const { head } = this;
    let found: Owed | undefined;
    for (const owed of this.#open) {
      if (owed !== head && owed.state !== 'pending') continue;
      if (found === undefined || owed.urgency < found.urgency) found = owed;
      else if (owed.urgency === found.urgency && owed.owedAt < found.owedAt) found = owed;
    }
    return found?.urgency === 0 || found?.urgency === head?.urgency ? found : undefined;
  }

  add(owed: Owed): void {
    this.#open.add(owed);
    this.#kept.push(owed);
    this.#unsettled.push(owed);
  }

  ended(owed: Owed, now: number): void {
    this.freeSince = now;
    if (owed.state === 'superseded') this.supersededAt = now;
    this.#open.delete(owed);
  }

  forget(owed: Owed): void {
    this.#kept = this.#kept.filter((one) => one !== owed);
    this.#open.delete(owed);
    this.#unsettled = this.#unsettled.filter((one) => one !== owed);
  }

  /** Neither what has ended nor a request that is over comes back, so they need not be looked at twice. */
  unsettled(isOver: (owed: Owed) => boolean): readonly Owed[] {
    this.#unsettled = this.#unsettled.filter((owed) => isOpen(owed.state) || !isOver(owed));
    return this.#unsettled;
  }
}
