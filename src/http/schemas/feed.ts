import { z } from 'zod';
import { pageFields } from '../routes/paging.ts';
import { objectId } from './scalars.ts';

const typesMax = 100;

/** A timeline (contract 6.6): `created_at` and `updated_at` in milliseconds. */
export const feedItem = z
  .object({
    ref_id: z.string(),
    event_id: z.string().describe("As in the push; '' where nothing was pushed."),
    sequence: z.int().describe('As in the push: 1 is the first event.'),
    type: z.string(),
    detail: z.record(z.string(), z.unknown()),
    account_id: z.int(),
    creator_id: z.int().describe('0 = the service.'),
    created_at: z.int(),
    updated_at: z.int(),
  })
  .meta({ id: 'FeedItem' });

export const feedFields = {
  types: z.array(z.string()).max(typesMax).default([]),
  asc: z.boolean().default(false),
  p: pageFields.p,
  limit: pageFields.limit,
  search_after_ctx: pageFields.search_after_ctx,
};

export const feedOfIncident = z.object({ incident_id: objectId, ...feedFields });
export const feed = z.object({
  items: z.array(feedItem),
  has_next_page: z.boolean(),
  search_after_ctx: z.string().optional(),
});
