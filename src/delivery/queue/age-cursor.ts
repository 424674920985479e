import type { Urgency } from '../store/delivery.ts';
import { urgencies } from './priority-queue.ts';

/**
 * A way through the pending deliveries of one webhook and class, from the oldest to the newest. Places on it are delivery
 * ids, which rise with time. A delivery that comes up behind the cursor needs no note, because the cursor will get there.
 */
export class AgeCursor {
  #behind: boolean;
  /** Read up to here. */
  #to = '';
  /** Everything up to here was looked at; undefined = everything. */
  #reached: string | undefined;
  /** Something was left at or before `#to`: a page begins here. */
  #rewind: string | undefined;
  /** It goes back again only beyond this, so that it gets on, however often something is left behind it. */
  #furthest = '';
  #stalled = false;

  constructor(behind: boolean) {
    this.#behind = behind;
    this.#reached = behind ? '' : undefined;
  }

  /** The database may hold deliveries of lanes that are not in memory. */
  get behind(): boolean {
    return this.#behind;
  }

  /** It is behind, and reading may be of use. */
  get needed(): boolean {
    return this.#behind && !this.#stalled;
  }

  /** Something older than what was read last waits in the database. */
  get mustRewind(): boolean {
    return this.#rewind !== undefined;
  }

  /** Nothing older than this place waits in the database unseen; undefined = nothing does at all. */
  get reached(): string | undefined {
    return this.#reached;
  }

  /** This delivery stays in the database. */
  leave(deliveryId: string): void {
    const before = justBefore(deliveryId);
    if (!this.#behind) {
      this.#behind = true;
      this.#to = before;
      this.#reached = before;
    } else {
      if (deliveryId <= this.#to) this.#rewindTo(before);
      this.#reached ??= before;
    }
  }

  /** Something of unknown age may be in the database alone. */
  lookAgain(): void {
    if (this.#behind) this.#rewindTo('');
    else this.startAnew();
  }

  /** Nothing is known of the database's rows. */
  startAnew(): void {
    this.#behind = true;
    this.#to = '';
    this.#reached = '';
    this.#rewind = undefined;
    this.#furthest = '';
    this.#stalled = false;
  }

  /** Begins a page. @returns the place after which it is read; '' = from the oldest. */
  begin(): string {
    if (this.#rewind === undefined || (this.#to !== '' && this.#to <= this.#furthest)) return this.#to;
    this.#furthest = this.#to;
    if (this.#rewind < this.#to) this.#to = this.#rewind;
    this.#rewind = undefined;
    return this.#to;
  }

  passed(deliveryId: string): void {
    this.#to = deliveryId;
    this.#reach(deliveryId);
  }

  /** Nothing waited after the last place that was passed. */
  end(): void {
    this.#furthest = '';
    if (this.#rewind !== undefined) return;
    this.#behind = false;
    this.#to = '';
    this.#reached = undefined;
  }

  /**
   * A page brought a delivery for which there was no room: reading again is of no use before a head has moved or something
   * older has come up. Everything older was looked at, so such a head may go.
   */
  stall(deliveryId: string): void {
    this.#reach(justBefore(deliveryId));
    this.#stalled = this.#rewind === undefined;
    this.#furthest = '';
  }

  slotFreed(): void {
    this.#stalled = false;
  }

  #reach(place: string): void {
    if (this.#reached !== undefined && place > this.#reached) this.#reached = place;
  }

  #rewindTo(place: string): void {
    // It may be older than a lane that is ready, and have its room.
    this.#stalled = false;
    if (this.#rewind === undefined || place < this.#rewind) this.#rewind = place;
  }
}

/** One for each class. */
export class AgeCursors {
  readonly #all: Readonly<Record<Urgency, AgeCursor>>;

  constructor(behind: boolean) {
    this.#all = { 0: new AgeCursor(behind), 1: new AgeCursor(behind), 2: new AgeCursor(behind) };
  }

  of(urgency: Urgency): AgeCursor {
    return this.#all[urgency];
  }

  get anyBehind(): boolean {
    return urgencies.some((urgency) => this.#all[urgency].behind);
  }

  startAnew(): void {
    for (const urgency of urgencies) this.#all[urgency].startAnew();
  }

  lookAgain(): void {
    for (const urgency of urgencies) this.#all[urgency].lookAgain();
  }

  slotFreed(): void {
    for (const urgency of urgencies) this.#all[urgency].slotFreed();
  }
}

/** After every other id of the same length that is lower. */
function justBefore(deliveryId: string): string {
  const last = deliveryId.length - 1;
  return `${deliveryId.slice(0, last)}${String.fromCodePoint(deliveryId.charCodeAt(last) - 1)}~`;
}
