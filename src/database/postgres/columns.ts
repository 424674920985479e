/** Runs one statement and gives its rows. */
export type Rows = (text: string, values: readonly unknown[]) => Promise<readonly object[]>;

/**
 * The types of the tables' columns: an array parameter must name its type. They are read when one is not known yet, of all
 * tables at once, because a newer program may have added it.
 */
export class PostgresColumns {
  #tables: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map();

  /** @returns undefined when {@link read} has not seen one of the columns. */
  known(table: string, columns: readonly string[]): string[] | undefined {
    const types = this.#tables.get(table);
    const known = columns.map((column) => types?.get(column));
    return known.every((type) => type !== undefined) ? known : undefined;
  }

  /** @throws TypeError when there is no such column. */
  async read(table: string, columns: readonly string[], rows: Rows): Promise<string[]> {
    this.#tables = await readTypes(rows);
    return columns.map((column) => {
      const type = this.#tables.get(table)?.get(column);
      if (type === undefined) throw new TypeError(`the table ${table} has no column ${column}`);
      return type;
    });
  }
}

async function readTypes(rows: Rows): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const found = await rows(
    `select relname::text as table, attname::text as name, format_type(atttypid, null) as type
     from pg_attribute join pg_class on pg_class.oid = attrelid
     where relkind in ('r', 'p') and pg_table_is_visible(attrelid) and attnum > 0 and not attisdropped
       and relnamespace <> 'pg_catalog'::regnamespace`,
    [],
  );
  const tables = new Map<string, Map<string, string>>();
  for (const { table, name, type } of found as readonly { table: string; name: string; type: string }[]) {
    const columns = tables.get(table) ?? new Map<string, string>();
    tables.set(table, columns.set(name, type));
  }
  return tables;
}
