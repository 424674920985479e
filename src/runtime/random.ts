import { randomBytes } from 'node:crypto';

export interface Random {
  bytes(count: number): Uint8Array;
  /** A fraction, 0 ≤ x < 1. */
  fraction(): number;
}

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  fraction: pooledFraction(),
};

/** Fractions are taken from a block, because each request for random bytes is expensive. They are no secrets. */
function pooledFraction(): () => number {
  const bytesEach = 6;
  let block = Buffer.alloc(0);
  let taken = 0;
  return () => {
    if (taken === block.length) [block, taken] = [randomBytes(700 * bytesEach), 0];
    taken += bytesEach;
    return block.readUIntBE(taken - bytesEach, bytesEach) / 2 ** 48;
  };
}
