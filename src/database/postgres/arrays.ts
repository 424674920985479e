import type { Value } from '../values.ts';

/** The column types encoded here, with their numbers in every PostgreSQL. */
const oids: ReadonlyMap<string, number> = new Map([
  ['text', 25],
  ['bigint', 20],
]);

const headerBytes = 20;
const lengthBytes = 4;
const bigintBytes = 8;

/**
 * Encodes an array parameter in binary. As text, each element would be quoted here and parsed character by character
 * there, and our texts are JSON, full of quotes.
 * @returns the values unchanged for a type that is not known here.
 */
export function arrayParameter(type: string, values: readonly Value[]): Buffer | readonly Value[] {
  const oid = oids.get(type);
  if (oid === undefined) return values;
  const sizes = values.map((value) => sizeOf(type, value));
  const buffer = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + lengthBytes + Math.max(size, 0), headerBytes));
  // One dimension, has nulls, type, length, first index 1.
  let offset = buffer.writeInt32BE(1, 0);
  offset = buffer.writeInt32BE(values.includes(null) ? 1 : 0, offset);
  offset = buffer.writeInt32BE(oid, offset);
  offset = buffer.writeInt32BE(values.length, offset);
  offset = buffer.writeInt32BE(1, offset);
  for (const [index, value] of values.entries()) {
    const size = sizes[index] ?? nullSize;
    offset = buffer.writeInt32BE(size, offset);
    if (size === nullSize) continue;
    if (type === 'text') offset += buffer.write(String(value), offset, size, 'utf8');
    else offset = writeBigint(buffer, value, offset);
  }
  return buffer;
}

const nullSize = -1;

function sizeOf(type: string, value: Value): number {
  if (value === null) return nullSize;
  return type === 'text' ? Buffer.byteLength(String(value)) : bigintBytes;
}

function writeBigint(buffer: Buffer, value: Value, offset: number): number {
  // Twice as fast as through a bigint, which is needed only beyond exact numbers.
  if (typeof value !== 'number') return buffer.writeBigInt64BE(BigInt(String(value)), offset);
  return buffer.writeInt32BE(value | 0, buffer.writeInt32BE(Math.floor(value / 2 ** 32), offset));
}
