import type { Cancel } from '../../src/runtime/timers.ts';
import type { Chance } from './chance.ts';

/** `io`: bytes from a network · `timer`: a process's timer · `world`: what the scenario does. */
export type Kind = 'io' | 'timer' | 'world';

interface Item {
  at: number;
  /** Breaks ties: what is due at the same moment runs in any order. */
  tie: number;
  readonly kind: Kind;
  readonly work: () => void;
  cancelled: boolean;
}

/** Steps after which a run is given up: something spins. */
const stepsMax = 400_000;

/**
 * Virtual time. One callback is run at a time; then all promises that it has settled are let run to their end, which one
 * turn of the real loop guarantees, because nothing real is waited for. So a run depends on its seed alone.
 */
export class Kernel {
  /** Milliseconds since the start of the run; never goes back. */
  now = 0;
  steps = 0;
  readonly #chance: Chance;
  #heap: Item[] = [];

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  after(delayMs: number, kind: Kind, work: () => void): Cancel {
    const item: Item = { at: this.now + delayMs, tie: this.#chance.u32(), kind, work, cancelled: false };
    this.#push(item);
    return () => {
      item.cancelled = true;
    };
  }

  /** Time that passes while a callback runs. */
  spend(milliseconds: number): void {
    this.now += milliseconds;
  }

  /**
   * The whole process stands still for a while. When it goes on, what has arrived meanwhile is handled before the timers
   * that ran out, as a real loop may do.
   */
  freeze(milliseconds: number): void {
    this.now += milliseconds;
    const items = this.#heap;
    this.#heap = [];
    for (const item of items) {
      if (item.at < this.now && item.kind !== 'io') item.at = this.now;
      this.#push(item);
    }
  }

  /** Runs until nothing is left before `until`, or `over` says so after a step. */
  async run(until: number, over: () => boolean): Promise<void> {
    await settled();
    while (!over()) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) {
        this.now = Math.max(this.now, until);
        return;
      }
      this.#pop();
      if (next.cancelled) continue;
      this.now = Math.max(this.now, next.at);
      this.steps += 1;
      if (this.steps > stepsMax) throw new Error(`the run has taken ${stepsMax} steps: something spins`);
      next.work();
      await settled();
    }
  }

  #push(item: Item): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !comesBefore(item, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const [child, at] = other !== undefined && comesBefore(other, one) ? [other, left + 1] : [one, left];
      if (!comesBefore(child, last)) break;
      heap[index] = child;
      index = at;
    }
    heap[index] = last;
  }
}

function comesBefore(one: Item, other: Item): boolean {
  return one.at < other.at || (one.at === other.at && one.tie < other.tie);
}

/** Resolves when every promise that could go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
