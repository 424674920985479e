/** A parameter of a statement. */
export type Value = string | number | bigint | null | Uint8Array;

const smallestInteger = -(2n ** 63n);
const biggestInteger = 2n ** 63n - 1n;

/**
 * Checks one parameter of a statement, the same on both databases. The drivers forgive too much: one stores `undefined`
 * and NaN as null, and takes an object for named parameters; the other stores text of them.
 * @param position counted from 1, for the message.
 * @throws TypeError that names the statement and the position, never the value.
 */
export function checkValue(value: unknown, position: number, statement: string): asserts value is Value {
  const fault = faultOf(value);
  if (fault !== undefined) throw new TypeError(`parameter ${position} ${fault}, in: ${statement}`);
}

/** As {@link checkValue}, of each parameter of a statement. */
export function checkValues(values: readonly unknown[], statement: string): readonly Value[] {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    // Nearly all values are of these two kinds; checked here to save a call for each.
    if (typeof value === 'string' ? !value.includes('\0') : Number.isSafeInteger(value)) continue;
    checkValue(value, index + 1, statement);
  }
  // All were checked above.
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

/** Rows as lists of values, in the order of the columns. */
export interface Columnar {
  readonly columns: readonly string[];
  readonly lists: readonly (readonly unknown[])[];
}

/**
 * The columns of `rows`, in the order of the first, and the values of each row.
 * @throws TypeError when a row has other names.
 */
export function columnar(rows: readonly object[], what: string): Columnar {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) throw new TypeError(`${what} was given a row without columns`);
  const lists = rows.map((row, index) => {
    // Most rows come from one place, with their names in the same order.
    if (isOf(row, columns)) return Object.values(row);
    const names = Object.keys(row);
    if (names.length !== columns.length || !columns.every((column) => Object.hasOwn(row, column))) {
      throw new TypeError(`row ${index} for ${what} has other columns than the first: ${names.join(', ')}`);
    }
    return columns.map((column) => (row as Record<string, unknown>)[column]);
  });
  return { columns, lists };
}

function isOf(row: object, columns: readonly string[]): boolean {
  let count = 0;
  for (const name in row) {
    if (name !== columns[count]) return false;
    count += 1;
  }
  return count === columns.length;
}

function areSame(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let index = 0; index < names.length; index += 1) if (names[index] !== others[index]) return false;
  return true;
}

/** Caches statement texts that differ by their columns only. There are as many as the program has such statements. */
export class StatementTexts {
  readonly #made = new Map<string, { readonly names: readonly string[]; readonly text: string }[]>();

  /** @param key and `names` say all that the text depends on. */
  of(key: string, names: readonly string[], make: () => string): string {
    const known = this.#made.get(key) ?? [];
    const found = known.find((one) => areSame(one.names, names));
    if (found !== undefined) return found.text;
    const text = make();
    this.#made.set(key, [...known, { names, text }]);
    return text;
  }
}

/** A name as both databases quote it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
