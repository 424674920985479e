/**
 * A check that a column holds one of these words. Not as `in (…)`: for that SQLite builds a small tree each time that a row
 * is written, which made up a third of what writing an incident cost.
 */
export function oneOf(column: string, ...words: readonly string[]): string {
  return `check (${words.map((word) => `${column} = '${word}'`).join(' or ')})`;
}
