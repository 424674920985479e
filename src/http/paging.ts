import { z } from 'zod';
import { invalid } from '../runtime/failure.ts';

export const limitDefault = 20;
export const limitMax = 100;
/** `p * limit` beyond this is refused: deep pages cost more the deeper they are; cursors do not (contract 6.1). */
export const depthMax = 10_000;
const cursorMaxChars = 512;

/** The fields that a request for a list has, to be spread into its schema. A null cursor is an absent one. */
export const pageFields = {
  p: z.int().min(1).default(1).describe('Page, from 1.'),
  limit: z.int().min(1).max(limitMax).default(limitDefault).describe('Items per page.'),
  search_after_ctx: z.string().nullish().describe('Cursor of the previous page; it wins over p.'),
};

export interface PageInput {
  readonly p: number;
  readonly limit: number;
  readonly search_after_ctx?: string | null | undefined;
}

/** Where a list goes on: the values of its sort columns in the last row that was given out. */
export type Position = readonly (string | number)[];

export interface Page {
  readonly limit: number;
  /** Rows to skip; 0 with a cursor. */
  readonly offset: number;
  readonly after: Position | undefined;
}

/** @throws Failure when the page is too deep or the cursor is not one that `list` gave out. */
export function readPage(list: string, input: PageInput): Page {
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
 * whatever position it is told.
 */
export function writeCursor(list: string, position: Position): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString('base64url');
}

/** @throws Failure when the text is not a cursor of this list. */
export function readCursor(list: string, text: string): Position {
  const position = text.length <= cursorMaxChars ? decode(text) : undefined;
  // Writing it again finds what base64 forgives: stray characters, other ways to say the same.
  if (position === undefined || position[0] !== list || writeCursor(list, position.slice(1)) !== text) {
    throw invalid([
      {
        field: 'search_after_ctx',
        message: 'invalid cursor; use the one that this list gave, or leave it out to begin',
      },
    ]);
  }
  return position.slice(1);
}

const positionShape = z.array(z.union([z.string(), z.number()])).min(2);

function decode(text: string): Position | undefined {
  try {
    return positionShape.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
