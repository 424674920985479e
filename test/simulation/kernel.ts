import type { Cancel } from '../../src/runtime/timers.ts';
import type { Chance } from './chance.ts';
import type { Script } from './script.ts';

/** `io`: bytes from a network · `timer`: a process's timer · `world`: what the scenario does. */
export type Kind = 'io' | 'timer' | 'world';

interface Item {
  at: number;
  /** Breaks ties: tasks of the same moment run in any order. */
  tie: number;
  readonly kind: Kind;
  readonly work: () => void;
  cancelled: boolean;
}

/** Steps after which a run is given up: something spins. */
const stepsMax = 400_000;

/** Steps between two turns of the real loop, which cost more than most steps do. */
const turnEvery = 64;

/**
 * Virtual time. One callback is run at a time; then all promises that it has settled are let run to their end, which they
 * have come to when the queue of promises is empty, because nothing real is waited for. So a run depends on its seed alone.
 */
export class Kernel {
  /** Milliseconds since the start of the run; never goes back. */
  now = 0;
  steps = 0;
  #made = 0;
  readonly #chance: Chance;
  readonly #script: Script | undefined;
  #heap: Item[] = [];

  /** @param script decides, in place of chance, what comes first. */
  constructor(chance: Chance, script?: Script) {
    this.#chance = chance;
    this.#script = script;
  }

  after(delayMs: number, kind: Kind, work: () => void): Cancel {
    this.#made += 1;
    const tie = this.#script === undefined ? this.#chance.u32() : this.#made;
    const item: Item = { at: this.now + delayMs, tie, kind, work, cancelled: false };
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
    await turned();
    while (!over()) {
      const next = this.#take(until);
      if (next === undefined) {
        this.now = Math.max(this.now, until);
        break;
      }
      this.now = Math.max(this.now, next.at);
      this.steps += 1;
      if (this.steps > stepsMax) throw new Error(`the run has taken ${stepsMax} steps: something spins`);
      next.work();
      await (this.steps % turnEvery === 0 ? turned() : settled());
    }
    await turned();
  }

  #take(until: number): Item | undefined {
    while (this.#heap[0]?.cancelled === true) this.#pop();
    const first = this.#heap[0];
    if (first === undefined || first.at > until) return undefined;
    const next = this.#script === undefined ? first : this.#chosen(first, this.#script);
    if (next === first) this.#pop();
    return next;
  }

  /** By a script, what comes from outside comes before or after anything else; timers keep their order among themselves. */
  #chosen(first: Item, script: Script): Item {
    const waiting = this.#heap.filter((item) => !item.cancelled).sort((a, b) => (comesBefore(a, b) ? -1 : 1));
    const timer = waiting.find(({ kind }) => kind === 'timer');
    const free = waiting.filter((item) => item !== first && (item.kind !== 'timer' || item === timer));
    const next = script.choose(first, free);
    if (next === first) return first;
    if (next.kind !== 'timer') next.at = Math.min(next.at, this.now);
    this.#heap = [];
    for (const item of waiting) if (item !== next) this.#push(item);
    return next;
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
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

/** The same, once the process has heard of promises that were rejected and not handled. */
function turned(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
