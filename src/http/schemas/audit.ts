import { z } from 'zod';
import { limitDefault, limitMax } from '../routes/paging.ts';
import { numberId } from './fields.ts';

/** Days that one search may cover. */
export const auditSpanMaxDays = 90;
const spanMaxSeconds = auditSpanMaxDays * 86_400;

export const auditSearchRequest = z
  .object({
    start_time: z.int().min(0).max(9_999_999_999).describe('Unix seconds.'),
    end_time: z
      .int()
      .min(0)
      .max(9_999_999_999)
      .describe(`Unix seconds; later than start_time, by ${auditSpanMaxDays} days at most.`),
    person_id: numberId.optional().describe('Who did it.'),
    operations: z.array(z.string().max(200)).max(100).optional().describe('Names from /audit/operation/list.'),
    request_id: z.string().max(64).optional(),
    is_write: z.boolean().optional().describe('The log holds changes only: false finds nothing.'),
    is_dangerous: z.boolean().optional().describe('true: only what takes something away, or replaces a secret.'),
    limit: z.int().min(0).max(limitMax).default(limitDefault).describe(`Items per page; 0 = ${limitDefault}.`),
    search_after_ctx: z.string().nullish().describe('Cursor of the previous page.'),
  })
  .superRefine((input, context) => {
    if (input.end_time <= input.start_time) {
      context.addIssue({ code: 'custom', path: ['end_time'], message: 'must be later than start_time' });
    } else if (input.end_time - input.start_time > spanMaxSeconds) {
      const message = `may be at most ${auditSpanMaxDays} days after start_time`;
      context.addIssue({ code: 'custom', path: ['end_time'], message });
    }
  });

export const auditLine = z
  .object({
    account_id: z.int(),
    created_at: z.int().describe('Unix milliseconds.'),
    member_id: z.int(),
    member_name: z.string(),
    operation: z.string(),
    operation_name: z.string(),
    object_id: z.string().describe('The object made or changed; several with commas.'),
    body: z.string().describe('The request, as JSON text without secrets.'),
    params: z.array(z.never()).describe('Always empty: no path has parameters.'),
    ip: z.string(),
    request_id: z.string(),
    is_write: z.boolean(),
    is_dangerous: z.boolean(),
  })
  .meta({ id: 'AuditLine' });

export const auditSearchReply = z.object({
  docs: z.array(auditLine),
  total: z.int().describe('Exact below 1000.'),
  search_after_ctx: z.string().describe('Cursor of the next page; empty when there is none.'),
});

export const operationListRequest = z.object({});
export const operationListReply = z.object({
  items: z.array(z.object({ name: z.string(), name_cn: z.string() })),
});
