import { z } from 'zod';
import { pageFields } from '../routes/paging.ts';
import { objectId, person, seconds, severity, status } from './scalars.ts';

/** Ids per call (contract 6.2). */
const idsMax = 100;

const incidentIds = z.array(objectId).min(1).max(idsMax);
const text = (max: number) => z.string().max(max);
/** Characters of a description and of other long texts. */
export const textMax = 6144;
const imagesMax = 20;

const responder = person.extend({ assigned_at: seconds, acknowledged_at: seconds }).meta({ id: 'Responder' });

const assignedTo = z
  .object({
    id: z.string().optional(),
    type: z.enum(['assign', 'reassign', 'escalate', 'reopen']).optional(),
    assigned_at: seconds.optional(),
    escalate_rule_id: z.string().optional(),
    escalate_rule_name: z.string().optional(),
    layer_idx: z.int().optional(),
    person_ids: z.array(z.int()).optional(),
  })
  .meta({ id: 'AssignedTo' });

export const image = z
  .object({ src: z.string(), alt: z.string().optional(), href: z.string().optional() })
  .meta({ id: 'Image' });

/** The incident of a push (contract 1.6): times in Unix seconds, 0 = not yet. */
export const pushedIncident = z
  .object({
    recovery_description: z
      .string()
      .optional()
      .describe('What the source said when its last alert recovered; only in the push of that i_rslv.'),
    incident_id: objectId,
    num: z.string(),
    account_id: z.int(),
    account_name: z.string(),
    title: z.string(),
    description: z.string(),
    impact: z.string(),
    root_cause: z.string(),
    resolution: z.string(),
    incident_severity: severity,
    incident_status: status,
    progress: z.enum(['Triggered', 'Processing', 'Closed']),
    created_at: seconds,
    updated_at: seconds,
    start_time: seconds,
    last_time: seconds,
    end_time: seconds,
    ack_time: seconds,
    close_time: seconds,
    snoozed_before: seconds,
    labels: z.record(z.string(), z.string()),
    fields: z.record(z.string(), z.unknown()),
    creator_id: z.int(),
    creator: person.optional(),
    closer_id: z.int(),
    closer: person.optional(),
    responders: z.array(responder),
    responder_ids: z.array(z.int()),
    assigned_to: assignedTo,
    alert_cnt: z.int(),
    channel_id: z.int(),
    channel_name: z.string(),
    data_source_id: z.int(),
    integration_id: z.int(),
    integration_type: z.string(),
    dedup_key: z.string(),
    equals_md5: z.string(),
    group_method: z.enum(['n', 'p', 'i']),
    detail_url: z.string(),
    integration_ids: z.array(z.int()),
    integration_types: z.array(z.string()),
    data_source_ids: z.array(z.int()),
    data_source_type: z.string(),
    data_source_types: z.array(z.string()),
    owner_id: z.int(),
    owner: person.optional(),
    ever_muted: z.boolean(),
    active_alert_cnt: z.int(),
    alert_event_cnt: z.int(),
    channel_status: z.string(),
    images: z.array(image),
    links: z.array(z.object({ name: z.string(), endpoint: z.string(), open_type: z.enum(['popup', 'tab']) })),
    manual_overrides: z.array(z.string()),
    deleted_at: seconds,
  })
  .meta({ id: 'PushedIncident' });

/** The incident of the API (contract 6.4). */
export const incident = pushedIncident
  .extend({
    frequency: z
      .enum(['frequent', 'rare'])
      .optional()
      .describe('rare = no other incident with its dedup_key began in the 30 days before it.'),
    post_mortem_id: z.string(),
    ai_summary: z.string(),
    reporter_email: z.string(),
  })
  .meta({ id: 'Incident' });

/** Assignees (contract 6.2): people, a layer of an escalation rule, or both. */
const assigneeFields = {
  person_ids: z.array(z.int().min(1)).max(idsMax).optional(),
  emails: z
    .array(z.string().trim().max(254))
    .max(idsMax)
    .optional()
    .describe('Addresses of members; others are passed over.'),
  escalate_rule_id: objectId.optional(),
  layer_idx: z.int().min(0).max(99).optional().describe('Layer of the rule, from 0; the first when left out.'),
};
export const namesSomebody = (input: {
  person_ids?: readonly unknown[] | undefined;
  emails?: readonly unknown[] | undefined;
  escalate_rule_id?: unknown;
  type?: string;
}) =>
  input.type === 'escalate' ||
  (input.person_ids?.length ?? 0) > 0 ||
  (input.emails?.length ?? 0) > 0 ||
  input.escalate_rule_id !== undefined;
const nobodyNamed = { path: ['person_ids'], message: 'is required, or emails, or escalate_rule_id' };

const notify = z
  .looseObject({})
  .optional()
  .describe('Kept in the timeline, without effect: this service sends no notifications to people.');

const firstAssignees = z.object({
  ...assigneeFields,
  type: z.enum(['assign', 'reassign', 'escalate', 'reopen']).default('assign').describe('All mean the same here.'),
  notify,
});

const assignees = z
  .object({
    ...assigneeFields,
    type: z
      .enum(['assign', 'reassign', 'escalate', 'reopen'])
      .default('assign')
      .describe('escalate: to a layer of the rule, the next one when none is named; who acknowledged stays.'),
    notify,
  })
  .refine(namesSomebody, nobodyNamed)
  .meta({
    anyOf: [
      oneOrMore('person_ids'),
      oneOrMore('emails'),
      { required: ['escalate_rule_id'] },
      { required: ['type'], properties: { type: { const: 'escalate' } } },
    ],
  });

export const createIncident = z.object({
  incident_severity: severity,
  title: z
    .string()
    .trim()
    .max(512)
    .default('')
    .describe('The first line of the description when left out, else the severity.'),
  description: text(textMax).default(''),
  channel_id: z.int().min(0).default(0).describe('0 = the incident belongs to no channel.'),
  fields: z.record(z.string(), z.unknown()).default({}),
  assigned_to: firstAssignees
    .optional()
    .describe('Left out, or with nobody in it: the escalation rules of the channel say who it goes to.'),
});

export const createdIncident = z.object({ incident_id: objectId, title: z.string() });

export const incidentRef = z
  .object({ incident_id: objectId.optional(), num: z.string().length(6).optional() })
  .refine((input) => input.incident_id !== undefined || input.num !== undefined, {
    path: ['incident_id'],
    message: 'is required, or num',
  })
  .meta({ anyOf: [{ required: ['incident_id'] }, { required: ['num'] }] });

export const incidentIdList = z.object({ incident_ids: incidentIds });

/** What somebody says with an acknowledgement or a resolution. */
const noteFields = {
  summary: text(textMax).default('').describe('Stands in the timeline.'),
  custom_fields: z.record(z.string(), z.unknown()).default({}).describe('Custom fields that are set, by their names.'),
  images: z.array(image).max(imagesMax).default([]).describe('Added to those of the incident.'),
};

export const acknowledgeIncidents = z.object({ incident_ids: incidentIds, ...noteFields });

export const resolveIncidents = z.object({
  incident_ids: incidentIds,
  root_cause: text(textMax).optional(),
  resolution: text(textMax).optional(),
  description: text(textMax).optional().describe('Of the incident from then on.'),
  ...noteFields,
});

export const commentIncidents = z.object({
  incident_ids: incidentIds,
  comment: z.string().trim().min(1, 'is required, and not blank').max(1024),
  mute_reply: z.boolean().default(false),
  comment_type_id: z
    .union([z.int(), text(128)])
    .optional()
    .describe('Stands in the timeline, beside the comment.'),
});

/** Seconds that a list's window may cover (contract 6.3). */
export const windowMaxSeconds = 31 * 86_400;

/** A window in Unix seconds; both ends are required. */
export const windowFields = {
  start_time: z.int().min(0).max(9_999_999_999).describe('Unix seconds.'),
  end_time: z.int().min(0).max(9_999_999_999).describe('Unix seconds; later than start_time, by 31 days at most.'),
};

/** The same as an expression, for the description of the API: that has no flag for the case. */
function commaPattern(allowed: readonly string[]): string {
  const anyCase = (word: string) =>
    word.replaceAll(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
  const word = String.raw`\s*(${allowed.map(anyCase).join('|')})?\s*`;
  return `^${word}(,${word})*$`;
}

/** Words with commas between them, in any case. */
export function commaList(allowed: readonly string[]) {
  const known = new Set(allowed.map((word) => word.toLowerCase()));
  return z
    .string()
    .refine(
      (text) => text.split(',').every((word) => word.trim() === '' || known.has(word.trim().toLowerCase())),
      `must be of ${allowed.join(', ')}, with commas between several`,
    )
    .meta({ pattern: commaPattern(allowed) })
    .default('')
    .describe(`${allowed.join(', ')}; several with commas.`);
}

export function inWindow(
  input: { start_time?: number | undefined; end_time?: number | undefined },
  context: z.RefinementCtx,
): void {
  if (input.start_time === undefined || input.end_time === undefined) return;
  if (input.end_time <= input.start_time) {
    context.addIssue({ code: 'custom', path: ['end_time'], message: 'must be later than start_time' });
  } else if (input.end_time - input.start_time > windowMaxSeconds) {
    context.addIssue({ code: 'custom', path: ['end_time'], message: 'may be at most 31 days after start_time' });
  }
}

const ids = z.array(z.int().min(0)).max(idsMax).default([]);

interface MaybeInWindow {
  readonly start_time?: number | undefined;
  readonly end_time?: number | undefined;
  readonly progress: string;
  readonly incident_ids: readonly string[];
  readonly nums: readonly string[];
}

/** Named incidents, and those that are open, are found whenever they began; the closed ones of all time are too many. */
export function inWindowUnlessFew(input: MaybeInWindow, context: z.RefinementCtx): void {
  const { start_time, end_time, incident_ids, nums } = input;
  if (start_time !== undefined && end_time !== undefined) return inWindow({ start_time, end_time }, context);
  if (incident_ids.length > 0 || nums.length > 0 || isOpenOnly(input.progress)) return;
  const message = 'is required, unless incident_ids, nums, or a progress without Closed is given';
  for (const field of ['start_time', 'end_time'] as const) {
    if (input[field] === undefined) context.addIssue({ code: 'custom', path: [field], message });
  }
}

function isOpenOnly(progress: string): boolean {
  return progress.trim() !== '' && !/\bClosed\b/i.test(progress);
}

export const incidentFilterFields = {
  start_time: windowFields.start_time
    .optional()
    .describe('Unix seconds; required without incident_ids, nums, and a progress without Closed.'),
  end_time: windowFields.end_time.optional(),
  progress: commaList(['Triggered', 'Processing', 'Closed']),
  incident_severity: commaList(['Critical', 'Warning', 'Info', 'Ok']),
  channel_ids: ids,
  team_ids: ids.describe('Those of channels that these teams look after.'),
  responder_ids: ids,
  acker_ids: ids,
  creator_ids: ids,
  closer_ids: ids,
  incident_ids: z.array(objectId).max(idsMax).default([]),
  nums: z.array(z.string().length(6)).max(idsMax).default([]),
  query: z
    .string()
    .trim()
    .max(512)
    .default('')
    .describe('Words: each stands in the title, the description, a label or a custom field, or is the id or number.'),
  is_snoozed: z.boolean().optional(),
  ever_muted: z.boolean().optional(),
  is_rare: z
    .boolean()
    .optional()
    .describe('Whether no other incident with its dedup_key began in the 30 days before it.'),
  title: z
    .string()
    .trim()
    .max(512)
    .default('')
    .describe('Part of the title, with * for any text in between and ? for one character, or /regex/.'),
  is_my_team: z.boolean().default(false).describe('Those of channels that a team of the caller looks after.'),
  is_my_channel: z.boolean().default(false).describe('The same, or that a team of the caller manages.'),
  labels: z.record(z.string(), z.string()).default({}).describe('Each label with exactly this value.'),
  fields: z.record(z.string(), z.unknown()).default({}).describe('Each custom field with exactly this value.'),
};

/** As JSON Schema can say it: a progress with Closed still needs the window. */
export const isNarrow = [
  oneOrMore('incident_ids'),
  oneOrMore('nums'),
  { required: ['progress'] },
  { required: ['start_time', 'end_time'] },
];

function oneOrMore(name: string): object {
  return { required: [name], properties: { [name]: { minItems: 1 } } };
}

export const listIncidents = z
  .object({
    ...incidentFilterFields,
    ...pageFields,
    asc: z.boolean().default(false),
    orderby: z
      .enum(['start_time', 'severity'])
      .default('start_time')
      .describe('severity: the worst first, then the newest; for open incidents only, and without search_after_ctx.'),
  })
  .superRefine(inWindowUnlessFew)
  .superRefine((input, context) => {
    if (input.orderby !== 'severity' || isOpenOnly(input.progress)) return;
    const message = 'severity is for open incidents: give a progress without Closed';
    context.addIssue({ code: 'custom', path: ['orderby'], message });
  })
  .meta({ anyOf: isNarrow });

export const incidentList = z.object({
  items: z.array(incident),
  total: z.int(),
  has_next_page: z.boolean(),
  search_after_ctx: z.string().optional(),
});

export const incidentsById = z.object({ incident_ids: z.array(objectId).min(1).max(idsMax).describe('100 at most.') });

/** `incident_ids` wins over `incident_id`; one of them is needed (contract 6.2). */
export const assignIncidents = z
  .object({ incident_id: objectId.optional(), incident_ids: incidentIds.optional(), assigned_to: assignees })
  .refine((input) => input.incident_id !== undefined || input.incident_ids !== undefined, {
    path: ['incident_ids'],
    message: 'is required',
  })
  .meta({ anyOf: [{ required: ['incident_id'] }, { required: ['incident_ids'] }] });

export const addResponders = z.object({
  incident_id: objectId,
  person_ids: z.array(z.int().min(1)).min(1).max(idsMax),
  notify,
});

export const snoozeIncidents = z.object({ incident_ids: incidentIds, minutes: z.int().min(1).max(1440) });

export const reopenIncidents = z.object({ incident_ids: incidentIds, reason: text(textMax).default('') });
