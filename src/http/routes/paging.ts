import { z } from 'zod';
import type { KeysetPlace } from '../../database/keyset.ts';
import { invalid } from '../../runtime/failure.ts';

export const limitDefault = 20;
export const limitMax = 100;
/** `p * limit` beyond this is refused: deep pages are expensive, cursors are not (contract 6.1). */
export const depthMax = 10_000;
const cursorMaxChars = 512;

/** 0 counts as left out before the schema sees it. */
export const orZero = { minimum: 0 };

/** The paging fields of a request, to spread into its schema. A null cursor counts as absent. */
export const pageFields = {
  p: z.int().min(1).max(depthMax).meta(orZero).default(1).describe('Page, from 1; p * limit may be 10,000.'),
  limit: z.int().min(1).max(limitMax).meta(orZero).default(limitDefault).describe('Items per page.'),
  search_after_ctx: z.string().nullish().describe('Cursor of the previous page; it wins over p.'),
};

export interface PageInput {
  readonly p: number;
  readonly limit: number;
  readonly search_after_ctx?: string | null | undefined;
}

export interface ListPage {
  readonly limit: number;
  /** Rows to skip; 0 with a cursor. */
  readonly offset: number;
  readonly after: KeysetPlace | undefined;
}

/** @throws Failure when the page is too deep or the cursor is not one that `list` gave out. */
export function readPage(list: string, input: PageInput): ListPage {
  const cursor = input.search_after_ctx ?? '';
  if (cursor !== '') return { limit: input.limit, offset: 0, after: readCursor(list, cursor) };
  if (input.p * input.limit > depthMax) {
    throw invalid([
      {
        field: 'p',
        message: `p * limit may be ${depthMax} at most; go on with search_after_ctx, or narrow the filter`,
      },
    ]);
  }
  return { limit: input.limit, offset: (input.p - 1) * input.limit, after: undefined };
}

/**
 * Opaque, and tied to its list by name. It is not a secret and grants nothing: a list applies its own conditions again,
 * whatever place it is given.
 */
export function writeCursor(list: string, { time, id }: KeysetPlace): string {
  return Buffer.from(JSON.stringify([list, time, id])).toString('base64url');
}

/** How a reply says whether there is a next page, and where it begins. */
export function nextPage(
  list: string,
  next: KeysetPlace | undefined,
): { has_next_page: boolean; search_after_ctx?: string } {
  if (next === undefined) return { has_next_page: false };
  return { has_next_page: true, search_after_ctx: writeCursor(list, next) };
}

/** A list without a stable place for its rows: its cursor says how many rows come before. */
export function readOffset(list: string, input: PageInput): { readonly limit: number; readonly offset: number } {
  const { limit, offset, after } = readPage(list, input);
  return { limit, offset: after?.time ?? offset };
}

/** The cursor of the page after one that began at `offset`. */
export function nextOffset(
  list: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
  hasNext: boolean,
): { search_after_ctx?: string } {
  return hasNext ? { search_after_ctx: writeCursor(list, { time: offset + limit, id: '0' }) } : {};
}

/** The last instant that `Date` knows. */
const timeMax = 8_640_000_000_000_000;

/** A cursor's values reach the database, so each must be one that its column could hold. */
const cursorShape = z.tuple([z.string(), z.int().min(0).max(timeMax), z.string().regex(/^[0-9A-Za-z]{1,64}$/)]);

/** @throws Failure when the text is not a cursor of this list. */
export function readCursor(list: string, text: string): KeysetPlace {
  const [name, time, id] = (text.length <= cursorMaxChars ? decode(text) : undefined) ?? [];
  // Writing it again finds what base64 and JSON forgive: stray characters, other ways to say the same.
  if (name !== list || time === undefined || id === undefined || writeCursor(list, { time, id }) !== text) {
    throw invalid([
      {
        field: 'search_after_ctx',
        message: 'invalid cursor; use the one that this list gave, or leave it out to begin',
      },
    ]);
  }
  return { time, id };
}

function decode(text: string): z.output<typeof cursorShape> | undefined {
  try {
    return cursorShape.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
