import { z } from 'zod';
import { description, numberId } from './fields.ts';
import { filter, filterOf, recurrences, timeZone } from './filter.ts';
import { objectId, seconds } from './scalars.ts';

export const ruleNameMaxChars = 39;
export const prioritiesMax = 10_000;
export const inhibitEqualsMax = 10;
export const equalsKeyMaxChars = 135;

const ruleName = z.string().trim().min(1).max(ruleNameMaxChars);
const head = {
  description: description.optional(),
  priority: z.int().min(0).max(prioritiesMax).optional().describe('The lower runs first.'),
};
const alerts = filterOf({ subject: 'alert' });
const event = filterOf({ subject: 'event' });
/** `cidr:` and `num:` do not work for the source of an inhibit rule (contract 7.1). */
const sources = filterOf({ subject: 'alert', ranges: false });
const discards = z
  .boolean()
  .optional()
  .describe('What it matches is dropped, instead of kept as an alert without an incident.');

const span = z
  .object({ start_time: seconds.min(0), end_time: seconds.min(0) })
  .refine((one) => one.start_time < one.end_time, 'must end after it starts')
  .describe('One span of time, in Unix seconds; the end is not included.');
const silence = {
  time_filter: span.nullish(),
  time_filters: recurrences.nullish().describe('Spans that come back every week, instead of time_filter.'),
  time_zone: timeZone.optional().describe('By whose clocks time_filters go; UTC when left out.'),
  is_directly_discard: discards,
  is_auto_delete: z.boolean().optional().describe('The rule goes when its time_filter is over.'),
};
const inhibit = {
  is_directly_discard: discards,
};
const equals = z
  .array(z.string().min(1).max(equalsKeyMaxChars))
  .min(1)
  .max(inhibitEqualsMax)
  .describe('What both alerts must have and share: names of labels, or title, description, severity.');

type Times = { time_filter?: object | null | undefined; time_filters?: readonly object[] | null | undefined };
const oneTime = (rule: Times) =>
  (rule.time_filter ?? undefined) === undefined || (rule.time_filters ?? []).length === 0;
const oneTimeMessage = {
  error: 'cannot be given together with time_filter: leave one of them out',
  path: ['time_filters'],
};

const inChannel = { channel_id: numberId };
const named = { ...inChannel, rule_id: objectId };

export const dropCreateRequest = z.object({ ...inChannel, rule_name: ruleName, ...head, filters: event });
export const dropUpdateRequest = z.object({
  ...named,
  rule_name: ruleName.optional(),
  ...head,
  filters: event.optional(),
});
export const silenceCreateRequest = z
  .object({
    ...inChannel,
    rule_name: ruleName,
    ...head,
    filters: alerts,
    ...silence,
    from_incident_id: objectId.optional().describe('The incident that it is made from.'),
  })
  .refine(oneTime, oneTimeMessage);
export const silenceUpdateRequest = z
  .object({ ...named, rule_name: ruleName.optional(), ...head, filters: alerts.optional(), ...silence })
  .refine(oneTime, oneTimeMessage);
export const inhibitCreateRequest = z.object({
  ...inChannel,
  rule_name: ruleName,
  ...head,
  source_filters: sources,
  target_filters: alerts,
  equals,
  ...inhibit,
});
export const inhibitUpdateRequest = z.object({
  ...named,
  rule_name: ruleName.optional(),
  ...head,
  source_filters: sources.optional(),
  target_filters: alerts.optional(),
  equals: equals.optional(),
  ...inhibit,
});

export const ruleCreateReply = z.object({ rule_id: objectId, rule_name: z.string() });
export const ruleRequest = z.object(named);
export const ruleListRequest = z.object(inChannel);

const shown = {
  rule_id: objectId,
  rule_name: z.string(),
  channel_id: numberId,
  account_id: numberId,
  description: z.string(),
  priority: z.int(),
  status: z.enum(['enabled', 'disabled']),
  creator_id: z.int(),
  updated_by: z.int(),
  created_at: seconds,
  updated_at: seconds,
};
const listOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item) });

export const dropListReply = listOf(z.object({ ...shown, filters: filter }));
export const silenceListReply = listOf(
  z.object({
    ...shown,
    filters: filter,
    time_filter: z.object({ start_time: seconds, end_time: seconds }).optional(),
    time_filters: z.array(z.object({ start: z.string(), end: z.string(), repeat: z.array(z.int()) })).optional(),
    time_zone: z.string(),
    is_directly_discard: z.boolean(),
    is_auto_delete: z.boolean(),
    is_effective: z.boolean().describe('It is switched on, and its time is now.'),
    from_incident_id: z.string().optional(),
  }),
);
export const inhibitListReply = listOf(
  z.object({
    ...shown,
    source_filters: filter,
    target_filters: filter,
    equals: z.array(z.string()),
    is_directly_discard: z.boolean(),
  }),
);
