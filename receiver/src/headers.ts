/** A fetch `Headers`, or the `headers` of a Node request. */
export type RequestHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Every value a name has, in any case of its letters: a plain object may hold two spellings, and neither is to be trusted then. */
export function valuesOf(headers: RequestHeaders, name: string): unknown[] {
  if (typeof headers.get === 'function') {
    const value = headers.get(name);
    return value === null ? [] : [value];
  }
  return Object.entries(headers)
    .filter(([key, value]) => value !== undefined && key.toLowerCase() === name)
    .map(([, value]) => value);
}
