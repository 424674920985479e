import { sql, type Expression } from 'kysely';
import type { Dialect } from './database.ts';

export const sqliteDialect: Dialect = {
  anyOf: (column, values) =>
    sql<boolean>`${sql.ref(column)} in (select value from json_each(${sqliteDialect.listOf(values)}))`,
  listOf: (values) => JSON.stringify(sameType(values)),
  within({ place, time }, span) {
    const ofPlace = sql`${sql.ref(place)} = ${span.place}`;
    return sql<boolean>`(${ofPlace} and ${sql.ref(time)} >= ${span.from} and ${sql.ref(time)} <= ${span.until})`;
  },
  tuples: (rows) => sql`json_each(${JSON.stringify(rows)}) as wanted`,
  bytes: sql<number>`(select page_count * page_size from pragma_page_count(), pragma_page_size())`,
  forUpdate: sql``,
  isServer: false,
  contains(text, part) {
    // `like` ignores case for ASCII only. The function that does it for all letters calls back into JavaScript, so only
    // non-ASCII parts use it.
    if (isAscii(part)) return sql<boolean>`${expression(text)} like ${likePattern(part)} escape '\\'`;
    return sql<boolean>`${sql.raw(foldedContains)}(${expression(text)}, ${part})`;
  },
  like(text, pattern) {
    if (!/[*?]/.test(pattern)) return sqliteDialect.contains(text, pattern);
    return sql<boolean>`${sql.raw(foldedLike)}(${expression(text)}, ${pattern})`;
  },
  containsValue(column, part) {
    // What stands in a value stands in the text of the JSON too, so most rows need no look inside.
    const inside = sqliteDialect.contains(sql<string>`atom`, part);
    const inText = sqliteDialect.contains(column, inJson(part));
    return sql<boolean>`(${inText} and exists (select 1 from json_tree(${sql.ref(column)}) where ${inside}))`;
  },
  hasMember(column, name, json) {
    if (isText(json)) return sql<boolean>`instr(${sql.ref(column)}, ${memberText(name, json)}) > 0`;
    if (/["\\]/.test(name)) return sql<boolean>`1 = 0`;
    return sql<boolean>`(${sql.ref(column)} -> ${`$."${name}"`}) = ${json}`;
  },
};

export const postgresDialect: Dialect = {
  anyOf(column, values) {
    const type = sql.raw(typeof sameType(values)[0] === 'number' ? 'int8' : 'text');
    // Without a value there is no type to infer, and the server refuses an empty array of the wrong one.
    if (values.length === 0) return sql<boolean>`1 = 0`;
    return sql<boolean>`${sql.ref(column)} = any(${values}::${type}[])`;
  },
  listOf: (values) => sameType(values),
  within({ place, time }, span) {
    const both = sql`(${sql.ref(place)}, ${sql.ref(time)})`;
    return sql<boolean>`(${both} >= (${span.place}, ${span.from}) and ${both} <= (${span.place}, ${span.until}))`;
  },
  tuples: (rows) => sql`jsonb_array_elements(${JSON.stringify(rows)}::jsonb) as wanted(value)`,
  bytes: sql<number>`pg_database_size(current_database())`,
  forUpdate: sql`for update`,
  isServer: true,
  // The columns compare by code point; the database's own collation folds letters.
  contains: (text, part) =>
    sql<boolean>`(${expression(text)}) collate "default" ilike ${likePattern(part)} collate "default" escape '\\'`,
  like: (text, pattern) =>
    sql<boolean>`(${expression(text)}) collate "default" ilike ${wildcardPattern(pattern)} collate "default" escape '\\'`,
  containsValue(column, part) {
    const inside = postgresDialect.contains(sql<string>`found.value #>> '{}'`, part);
    const values = sql`jsonb_path_query(${sql.ref(column)}::jsonb, 'strict $.**') as found (value)`;
    const isAtom = sql`jsonb_typeof(found.value) not in ('object', 'array')`;
    return sql<boolean>`(${postgresDialect.contains(column, inJson(part))}
      and exists (select 1 from ${values} where ${isAtom} and ${inside}))`;
  },
  hasMember(column, name, json) {
    if (isText(json)) return sql<boolean>`strpos(${sql.ref(column)}, ${memberText(name, json)}) > 0`;
    return sql<boolean>`(${sql.ref(column)}::jsonb -> ${name}::text) = ${json}::jsonb`;
  },
};

/** The SQLite function behind `contains` where the part is not ASCII. */
export const foldedContains = 'contains_folded';

export function containsFolded(text: unknown, part: unknown): number {
  return typeof text === 'string' && typeof part === 'string' && text.toLowerCase().includes(part.toLowerCase())
    ? 1
    : 0;
}

/** The SQLite function behind `like`. */
export const foldedLike = 'like_folded';

export function likeFolded(text: unknown, pattern: unknown): number {
  if (typeof text !== 'string' || typeof pattern !== 'string') return 0;
  return fitsWildcards(text.toLowerCase(), `*${pattern.toLowerCase()}*`) ? 1 : 0;
}

/** `*` stands for any run of characters, `?` for one. Takes time in proportion to both lengths at worst. */
function fitsWildcards(text: string, pattern: string): boolean {
  let [at, place, star, mark] = [0, 0, -1, 0];
  while (at < text.length) {
    if (place < pattern.length && pattern[place] === '*') {
      [star, mark] = [place, at];
      place += 1;
    } else if (place < pattern.length && (pattern[place] === '?' || pattern[place] === text[at])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      mark += 1;
      [at, place] = [mark, star + 1];
    } else return false;
  }
  return /^\**$/.test(pattern.slice(place));
}

function wildcardPattern(pattern: string): string {
  const literal = pattern.replaceAll(/[\\%_]/g, String.raw`\$&`);
  return `%${literal.replaceAll('*', '%').replaceAll('?', '_')}%`;
}

/** A text as it stands inside JSON text. */
function inJson(part: string): string {
  return JSON.stringify(part).slice(1, -1);
}

function isText(json: string): boolean {
  return json.startsWith('"');
}

/**
 * A member whose value is a text, as it stands in the JSON of its object: to look for it is far quicker than to read the
 * JSON of each row. Inside another text its quotes would be escaped.
 */
function memberText(name: string, json: string): string {
  return `${JSON.stringify(name)}:${json}`;
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
