import { z } from 'zod';
import { layersMax } from '../../incidents/escalation/rule.ts';
import { description, listOf, numberId } from './fields.ts';
import { objectId, seconds } from './scalars.ts';

export const ruleNameMaxChars = 39;
/** Persons, teams or addresses of one layer, each. */
export const targetsMax = 100;
export const escalateWindowMaxMinutes = 720;

const means = z.array(z.string().max(40)).max(20).nullish();
const unused = 'Kept as sent; it concerns notifications, which this service does not send.';

const by = z
  .object({ follow_preference: z.boolean().default(false), critical: means, warning: means, info: means })
  .nullish()
  .describe(unused);

/** `null` and empty values count as absent: clients send both. */
const empty = (message: string) =>
  z.union([z.null(), z.array(z.unknown()).max(0), z.record(z.string(), z.never())], { error: message }).optional();

export const target = z
  .object({
    person_ids: z.array(numberId).max(targetsMax).nullish(),
    team_ids: z.array(numberId).max(targetsMax).nullish(),
    emails: z
      .array(z.string().trim().max(254))
      .max(targetsMax)
      .nullish()
      .describe('Addresses of members; others are passed over.'),
    schedule_to_role_ids: empty('schedules are not supported: name persons, teams or emails'),
    by,
    webhooks: empty('robots are not supported, since this service sends no notifications: subscribe a webhook instead'),
  })
  .meta({
    anyOf: ['person_ids', 'team_ids', 'emails'].map((name) => ({
      required: [name],
      properties: { [name]: { type: 'array', minItems: 1 } },
    })),
  });

const layer = z.object({
  target,
  escalate_window: z
    .int()
    .min(0)
    .max(escalateWindowMaxMinutes)
    .default(30)
    .describe('Minutes until the next layer, when nobody acknowledges; 0 = it never follows automatically.'),
  force_escalate: z.boolean().default(false).describe('The next layer follows even when somebody has acknowledged.'),
  max_times: z.int().min(0).max(6).default(2).describe(unused),
  notify_step: z.number().min(0).max(120).default(10).describe(unused),
});

const timeFilter = z.object({
  start: z.string().default('00:00').describe('HH:MM.'),
  end: z.string().default('23:59').describe('HH:MM, not included; not after the start = on the next day.'),
  repeat: z.array(z.int()).max(7).nullish().describe('0 = Sunday to 6 = Saturday; none = every day.'),
  cal_id: z.literal('', { error: 'calendars are not supported: leave it out' }).nullish(),
  is_off: z.literal(false, { error: 'calendars are not supported: leave it out' }).nullish(),
});

const condition = z.object({ key: z.string(), oper: z.enum(['IN', 'NOTIN']), vals: z.array(z.string()) });

export const ruleName = z.string().trim().min(1).max(ruleNameMaxChars).describe('Stands once in its channel.');
const layers = z.array(layer).min(1).max(layersMax);
const templateId = z.union([z.literal(''), objectId]).describe(unused);
const settings = {
  description: description.optional(),
  template_id: templateId.optional(),
  priority: z.int().min(0).max(200).optional().describe('The lowest is tried first.'),
  aggr_window: z
    .int()
    .min(0)
    .max(3600)
    .optional()
    .describe('Seconds by which the wait for the second layer is longer: notifications would be put off as long.'),
  time_filters: z.array(timeFilter).nullish(),
  time_zone: z.string().max(64).optional().describe('The zone of the time filters; UTC when left out.'),
  filters: z.array(z.array(condition)).nullish().describe('Contract 7.1; none = every incident.'),
};

/** What a rule says, beside its channel. */
export const ruleFields = { rule_name: ruleName, layers, ...settings };
export const ruleCreateRequest = z.object({ channel_id: numberId, ...ruleFields });
export const ruleCreateReply = z.object({ rule_id: objectId, rule_name: z.string() });

export const ruleUpdateRequest = z.object({
  channel_id: numberId,
  rule_id: objectId,
  rule_name: ruleName.optional(),
  layers: layers.optional(),
  ...settings,
});
export const ruleRequest = z.object({ channel_id: numberId, rule_id: objectId });
export const rulesRequest = z.object({ channel_id: numberId });

const shownTarget = z.object({
  person_ids: z.array(numberId),
  team_ids: z.array(numberId),
  emails: z.array(z.string()),
  by: z
    .object({
      follow_preference: z.boolean(),
      critical: z.array(z.string()),
      warning: z.array(z.string()),
      info: z.array(z.string()),
    })
    .optional(),
  webhooks: z.null(),
});

export const rule = z
  .object({
    rule_id: objectId,
    rule_name: z.string(),
    account_id: z.int(),
    channel_id: numberId,
    channel_name: z.string(),
    description: z.string(),
    template_id: z.string(),
    status: z.enum(['enabled', 'disabled']),
    priority: z.int(),
    aggr_window: z.int(),
    layers: z.array(layer.extend({ target: shownTarget })),
    time_filters: z.array(z.object({ start: z.string(), end: z.string(), repeat: z.array(z.int()) })),
    time_zone: z.string(),
    filters: z.array(z.array(condition)),
    updated_by: z.int(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'EscalationRule' });
export const ruleList = listOf(rule);
