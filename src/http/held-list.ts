import { totalMax } from '../database/keyset.ts';
import { readPage } from './paging.ts';

/** What a list of something that is held in memory as a whole is asked for. */
export interface HeldPageInput {
  readonly p: number;
  readonly limit: number;
}

/** One page, in the list shape of contract 6.1. @throws Failure when the page is too deep. */
export function pageOf<Item>(
  items: readonly Item[],
  input: HeldPageInput,
): { items: Item[]; total: number; has_next_page: boolean } {
  const { limit, offset } = readPage('', input);
  return {
    items: items.slice(offset, offset + limit),
    total: Math.min(items.length, totalMax),
    has_next_page: items.length > offset + limit,
  };
}

/** One page, in the list shape of members and teams (contract 6.1). @throws Failure when the page is too deep. */
export function numberedPageOf<Item>(
  items: readonly Item[],
  input: HeldPageInput,
): { p: number; limit: number; total: number; items: Item[] } {
  const page = pageOf(items, input);
  return { p: input.p, limit: input.limit, total: page.total, items: page.items };
}

/** In the order of a value; what is equal stays as it was. */
export function ordered<Item>(items: readonly Item[], value: (item: Item) => string | number, asc: boolean): Item[] {
  const direction = asc ? 1 : -1;
  return items.toSorted((a, b) => direction * compare(value(a), value(b)));
}

/** One of the texts contains the query, ignoring case; no query is contained in everything. */
export function mentions(query: string | undefined, ...texts: readonly string[]): boolean {
  if (query === undefined || query === '') return true;
  const wanted = query.toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

function compare(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
