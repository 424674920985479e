import { z } from 'zod';

/** Ids of members, teams, channels, integrations and webhooks are JSON numbers of up to 14 digits (contract 0.3). */
export const numberId = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** The same, or 0 = none. */
export const numberIdOrNone = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const descriptionMaxChars = 500;
export const description = z.string().max(descriptionMaxChars);
/** A search text for names. */
export const query = z.string().trim().max(100);
export const refId = z.string().max(128);

/** A field of the contract that is not supported: refused rather than stored and ignored. */
export function notYet(message: string) {
  return z.null({ error: message }).optional().describe('Not supported yet: leave it out.');
}

const nextCursor = z.string().optional().describe('Cursor of the next page; absent when there is none.');

/** The list shape of contract 6.1. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    total: z.int().min(0),
    has_next_page: z.boolean(),
    search_after_ctx: nextCursor,
  });
}

/** The list shape of members and teams (contract 6.1). */
export function numberedListOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    p: z.int(),
    limit: z.int(),
    total: z.int().min(0),
    items: z.array(item),
    search_after_ctx: nextCursor,
  });
}
