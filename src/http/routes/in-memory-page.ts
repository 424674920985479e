import { totalMax } from '../../database/keyset.ts';
import { nextOffset, readOffset, type PageInput } from './paging.ts';

interface HeldPage<Item> {
  items: Item[];
  total: number;
  has_next_page: boolean;
  search_after_ctx?: string;
}

/** One page of a list that is held in memory, in the list shape of contract 6.1. @throws Failure when the page is too deep. */
export function pageOf<Item>(items: readonly Item[], input: PageInput): HeldPage<Item> {
  const page = readOffset('held', input);
  const end = page.offset + page.limit;
  const hasNext = items.length > end;
  return {
    items: items.slice(page.offset, end),
    total: Math.min(items.length, totalMax),
    has_next_page: hasNext,
    ...nextOffset('held', page, hasNext),
  };
}

/** One page, in the list shape of members and teams (contract 6.1). @throws Failure when the page is too deep. */
export function numberedPageOf<Item>(
  items: readonly Item[],
  input: PageInput,
): Omit<HeldPage<Item>, 'has_next_page'> & { p: number; limit: number } {
  const { has_next_page: _hasNext, ...page } = pageOf(items, input);
  return { p: input.p, limit: input.limit, ...page };
}

/** Sorts by a value; equal items keep their order. */
export function ordered<Item>(items: readonly Item[], value: (item: Item) => string | number, asc: boolean): Item[] {
  const direction = asc ? 1 : -1;
  return items.toSorted((a, b) => direction * compare(value(a), value(b)));
}

/** Whether one of the texts contains the query, ignoring case; an absent query always matches. */
export function mentions(query: string | undefined, ...texts: readonly string[]): boolean {
  if (query === undefined || query === '') return true;
  const wanted = query.toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

function compare(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
