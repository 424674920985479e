import type { Random } from '../../src/runtime/random.ts';

const mask64 = (1n << 64n) - 1n;

/**
 * Seeded chance: the same seed gives the same run. Each component has its own fork, so that one more draw in one
 * place does not shift all the others.
 */
export class Chance implements Random {
  readonly #seed: bigint;
  readonly #state = new Uint32Array(4);

  constructor(seed: bigint) {
    this.#seed = seed & mask64;
    let mixed = this.#seed;
    for (let index = 0; index < 4; index += 2) {
      mixed = (mixed + 0x9e3779b97f4a7c15n) & mask64;
      const word = finalized(mixed);
      this.#state[index] = Number(word & 0xffffffffn);
      this.#state[index + 1] = Number(word >> 32n);
    }
  }

  fork(name: string): Chance {
    let hash = 0xcbf29ce484222325n;
    for (const byte of Buffer.from(name)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask64;
    return new Chance(finalized(this.#seed ^ hash));
  }

  /** xoshiro128**. */
  u32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const [e, f] = [c ^ a, d ^ b];
    this.#state[0] = a ^ f;
    this.#state[1] = b ^ e;
    this.#state[2] = e ^ (b << 9);
    this.#state[3] = (f << 11) | (f >>> 21);
    return result;
  }

  fraction(): number {
    return this.u32() / 2 ** 32;
  }

  yes(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** A whole number, 0 ≤ n < `count`. */
  below(count: number): number {
    return Math.floor(this.fraction() * count);
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Small numbers often, large ones seldom: 0 ≤ n < `count`, as popular things are popular. */
  zipf(count: number): number {
    return Math.min(count - 1, Math.floor(count ** this.fraction()) - 1);
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('there is nothing to pick from');
    return item;
  }

  /** One of the keys, each as often as its weight says. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const entries = Object.entries(weights) as [Key, number][];
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    throw new Error('no weight is above 0');
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.u32() & 0xff);
  }
}

/** splitmix64's last steps. */
function finalized(word: bigint): bigint {
  let mixed = word;
  mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64;
  mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & mask64;
  return mixed ^ (mixed >> 31n);
}
