import { z } from 'zod';
import { limitMax } from '../paging.ts';

/** Unix milliseconds: the history is the one list of the API that takes them (contract 3.1). */
const milliseconds = z
  .int()
  .min(1_000_000_000_000, 'must be Unix milliseconds')
  .max(9_999_999_999_999, 'must be Unix milliseconds');

export const listHistory = z
  .object({
    start_time: milliseconds,
    end_time: milliseconds,
    limit: z.int().min(1).max(limitMax),
    search_after_ctx: z.string().nullish(),
    asc: z.boolean().default(false),
    orderby: z.literal('event_time').default('event_time'),
    ref_id: z.string().max(128).default('').describe('The id of an alert or incident.'),
    integration_id: z.int().min(0).default(0).describe('The webhook; 0 = all.'),
    event_types: z.array(z.string()).max(100).default([]),
    status: z.enum(['success', 'failed']).optional(),
  })
  .refine((input) => input.end_time > input.start_time, {
    path: ['end_time'],
    message: 'must be later than start_time',
  });

const item = z
  .object({
    integration_id: z.int(),
    event_id: z.string().describe('Of this record; the push has its own event_id.'),
    webhook_type: z.string(),
    event_type: z.string(),
    channel_id: z.int().optional(),
    ref_id: z.string().optional(),
    endpoint: z.string(),
    attempt: z.int(),
    duration: z.int().describe('Milliseconds.'),
    status: z.enum(['success', 'failed']),
    status_code: z.int().describe('0 = there was no answer.'),
    error_message: z.string().optional(),
    event_time: z.string().describe('RFC 3339 with microseconds.'),
  })
  .meta({ id: 'InvocationSummary' });

export const historyList = z.object({
  items: z.array(item),
  total: z.int(),
  search_after_ctx: z.string().describe('Empty when there is no further page.'),
});

export const historyRef = z.object({ event_id: z.string().min(1).max(128), integration_id: z.int().min(1) });

export const historyDetail = item
  .extend({
    request_headers: z.string().optional(),
    request_body: z.string().optional(),
    response_headers: z.string().optional(),
    response_body: z.string().optional(),
    ref_title: z.string(),
    channel_name: z.string(),
  })
  .meta({ id: 'Invocation' });

export const resent = z.object({ event_id: z.string().describe('Of the new record.') });
