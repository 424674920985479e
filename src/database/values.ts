/** What a statement may be given. */
export type Value = string | number | bigint | null | Uint8Array;

const smallestInteger = -(2n ** 63n);
const biggestInteger = 2n ** 63n - 1n;

/**
 * Checks one parameter of a statement, the same on both databases. Drivers are kinder than is good: one stores
 * `undefined` and NaN as null, takes an object for named parameters and shifts the rest; the other stores text of them.
 * @param position counted from 1, for the message.
 * @throws TypeError that names the statement and the position, never the value.
 */
export function checkValue(value: unknown, position: number, statement: string): asserts value is Value {
  const fault = faultOf(value);
  if (fault !== undefined) throw new TypeError(`parameter ${position} ${fault}, in: ${statement}`);
}

/** As {@link checkValue}, of each parameter of a statement. */
export function checkValues(values: readonly unknown[], statement: string): readonly Value[] {
  let position = 0;
  for (const value of values) checkValue(value, (position += 1), statement);
  // Each of them has been checked.
  return values as readonly Value[];
}

function faultOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.includes('\0') ? 'has a NUL character, which not every database can store' : undefined;
    case 'number':
      if (Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))) return undefined;
      return `is ${value}, which is not a number that can be stored exactly`;
    case 'bigint':
      return value < smallestInteger || value > biggestInteger ? 'is an integer of more than 64 bits' : undefined;
    case 'object':
      if (value === null || value instanceof Uint8Array) return undefined;
      return `is ${value instanceof Date ? 'a Date: give its milliseconds' : 'an object: give its JSON text'}`;
    case 'boolean':
      return 'is a boolean: give 0 or 1';
    case 'undefined':
    case 'function':
    case 'symbol':
    default:
      return `is ${typeof value}`;
  }
}

/**
 * The names that all `rows` have, in the order of the first.
 * @throws TypeError when a row has other names.
 */
export function sharedColumns(rows: readonly object[], what: string): string[] {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) throw new TypeError(`${what} was given a row without columns`);
  for (const [index, row] of rows.entries()) {
    const names = Object.keys(row);
    // Rows are mostly made in one place, so their names mostly come in the same order.
    const same = names.length === columns.length && names.every((name, place) => name === columns[place]);
    if (!same && (names.length !== columns.length || !columns.every((column) => Object.hasOwn(row, column)))) {
      throw new TypeError(`row ${index} for ${what} has other columns than the first: ${names.join(', ')}`);
    }
  }
  return columns;
}

/** A name as both databases quote it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The value of a column of a row whose type is known to the caller only. */
export function valueOf(row: object, column: string): unknown {
  return (row as Record<string, unknown>)[column];
}
