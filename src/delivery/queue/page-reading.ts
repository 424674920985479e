import { urgencyOf, type Delivery, type Urgency } from '../store/delivery.ts';
import type { Page } from './lane.ts';
import { urgencies } from './priority-queue.ts';

/** So many of the lanes that come up while a page is read are offered again after it. */
const arrivedMax = 256;

/** Deliveries that came up in the class of a page while it was read; undefined = too many. */
export interface PageRead {
  readonly arrived: readonly Delivery[] | undefined;
}

/** The page that is being read of one webhook's places. The classes have their pages in turns. */
export class PageReading {
  #page: Page | undefined;
  #arrived: Delivery[] | undefined;
  /** The class whose turn it is. */
  #nextClass: Urgency = urgencyOf.Critical;

  /**
   * @param placeAfter where to read on in a class; undefined = it needs no more.
   * @returns the page to be read now; undefined = none is needed, or one is being read.
   */
  begin(placeAfter: (urgency: Urgency) => string | undefined): Page | undefined {
    if (this.#page !== undefined) return undefined;
    for (let tries = 0; tries < urgencies.length; tries += 1) {
      const urgency = this.#nextClass;
      this.#nextClass = urgencies[(urgency + 1) % urgencies.length] ?? urgencyOf.Critical;
      const after = placeAfter(urgency);
      if (after === undefined) continue;
      this.#arrived = [];
      return (this.#page = { urgency, after });
    }
    return undefined;
  }

  /** It may have been committed after the page was read that is under way. */
  note(delivery: Delivery): void {
    if (this.#page?.urgency !== delivery.urgency) return;
    if ((this.#arrived?.length ?? 0) < arrivedMax) this.#arrived?.push(delivery);
    else this.#arrived = undefined;
  }

  /** @returns undefined when it is no longer this page that is asked for. */
  end(page: Page): PageRead | undefined {
    if (this.#page !== page) return undefined;
    this.#page = undefined;
    return { arrived: this.#arrived };
  }

  abandon(): void {
    this.#page = undefined;
  }
}
