import { parseAddress } from './search-params.ts';

const lastSearch = new Map<string, string>();

/** What the address of a list had after its path when this tab last showed it. */
export function rememberSearch(path: string, search: string): void {
  lastSearch.set(path, search);
}

export function lastSearchOf(path: string): Record<string, string> {
  return parseAddress(lastSearch.get(path) ?? '');
}
