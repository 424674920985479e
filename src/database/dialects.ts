import { sql, type Expression } from 'kysely';
import type { Dialect } from './database.ts';

export const sqliteDialect: Dialect = {
  anyOf: (column, values) =>
    sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(sameType(values))}))`,
  forUpdate: sql``,
  contains(text, part) {
    // `like` folds ASCII only; the function that folds all letters is called from SQLite back into JavaScript, so it is
    // left to the parts that need it.
    if (isAscii(part)) return sql<boolean>`${expression(text)} like ${likePattern(part)} escape '\\'`;
    return sql<boolean>`${sql.raw(foldedContains)}(${expression(text)}, ${part})`;
  },
};

export const postgresDialect: Dialect = {
  anyOf(column, values) {
    const type = sql.raw(typeof sameType(values)[0] === 'number' ? 'int8' : 'text');
    // Without a value there is no type to go by, and an empty array of the wrong one would be refused.
    if (values.length === 0) return sql<boolean>`1 = 0`;
    return sql<boolean>`${sql.ref(column)} = any(${values}::${type}[])`;
  },
  forUpdate: sql`for update`,
  // The columns compare by code point; letters are folded by the database's own collation.
  contains: (text, part) =>
    sql<boolean>`(${expression(text)}) collate "default" ilike ${likePattern(part)} collate "default" escape '\\'`,
};

/** The SQLite function behind `contains` where the part is not ASCII. */
export const foldedContains = 'contains_folded';

export function containsFolded(text: unknown, part: unknown): number {
  return typeof text === 'string' && typeof part === 'string' && text.toLowerCase().includes(part.toLowerCase())
    ? 1
    : 0;
}

function expression(text: Expression<string> | string): Expression<unknown> {
  return typeof text === 'string' ? sql.ref(text) : text;
}

function likePattern(part: string): string {
  return `%${part.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- ASCII begins with the control characters.
  return /^[\x00-\x7f]*$/.test(text);
}

function sameType(values: readonly (string | number)[]): readonly (string | number)[] {
  if (values.some((value) => typeof value !== typeof values[0])) {
    throw new TypeError('anyOf takes only numbers or only texts');
  }
  return values;
}
