import { quoted } from '../values.ts';

/** Runs one statement and gives its rows. */
export type Rows = (text: string, values: readonly unknown[]) => Promise<readonly object[]>;

/**
 * The types of the tables' columns, read once per table: an array parameter must name its type. An unknown column is
 * looked up again, because a newer program may have added it.
 */
export class PostgresColumns {
  readonly #tables = new Map<string, ReadonlyMap<string, string>>();

  async typesOf(table: string, columns: readonly string[], rows: Rows): Promise<string[]> {
    let known = this.#tables.get(table);
    if (known === undefined || !columns.every((column) => known?.has(column))) {
      known = await readTypes(table, rows);
      this.#tables.set(table, known);
    }
    return columns.map((column) => {
      const type = known.get(column);
      if (type === undefined) throw new TypeError(`the table ${table} has no column ${column}`);
      return type;
    });
  }
}

async function readTypes(table: string, rows: Rows): Promise<ReadonlyMap<string, string>> {
  const found = await rows(
    `select attname::text as name, format_type(atttypid, null) as type from pg_attribute
     where attrelid = $1::text::regclass and attnum > 0 and not attisdropped`,
    [quoted(table)],
  );
  return new Map((found as readonly { name: string; type: string }[]).map(({ name, type }) => [name, type]));
}
