import type { Timers } from './timers.ts';
import { resumed } from './work.ts';

/** How long one piece of a long piece of work holds the event loop before the loop gets a turn. */
const pieceMs = 8;

/** Works on one item after the other, and lets the event loop go on in between when that takes long. */
export async function inTurns<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item) => Result | Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let until = performance.now() + pieceMs;
  for (const item of items) {
    results.push(await work(item));
    if (performance.now() < until) continue;
    await new Promise<void>((resolve) => void setImmediate(resolve));
    until = performance.now() + pieceMs;
  }
  return results;
}

/** Cuts a list into parts of at most so many items. */
export function* partsOf<Item>(items: readonly Item[], itemsMax: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += itemsMax) yield items.slice(at, at + itemsMax);
}

/** Works on what is added, in order, so many items in one turn of the event loop; the first ones at once. */
export class TurnQueue<Item> {
  readonly #timers: Timers;
  readonly #perTurnMax: number;
  readonly #work: (item: Item) => void;
  #items: Item[] = [];
  #waits = false;

  constructor(timers: Timers, perTurnMax: number, work: (item: Item) => void) {
    this.#timers = timers;
    this.#perTurnMax = perTurnMax;
    this.#work = work;
  }

  add(items: readonly Item[]): void {
    this.#items.push(...items);
    if (!this.#waits) this.#turn();
  }

  #turn(): void {
    this.#waits = true;
    for (const item of this.#items.splice(0, this.#perTurnMax)) this.#work(item);
    this.#waits = this.#items.length > 0;
    if (!this.#waits) return;
    this.#timers.soon(() => {
      resumed();
      this.#turn();
    });
  }
}
