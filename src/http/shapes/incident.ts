import { z } from 'zod';
import { pageFields } from '../paging.ts';
import { objectId, person, seconds, severity, status } from './scalars.ts';

/** Ids of one call at the most (contract 6.2). */
const idsMax = 100;

const incidentIds = z.array(objectId).min(1).max(idsMax);
const text = (max: number) => z.string().max(max);

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
    images: z.array(image).optional(),
  })
  .meta({ id: 'PushedIncident' });

/** The incident of the API (contract 6.4). */
export const incident = pushedIncident
  .extend({
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
    post_mortem_id: z.string(),
    ai_summary: z.string(),
    reporter_email: z.string(),
  })
  .meta({ id: 'Incident' });

/** Whom to give it to (contract 6.2): people, a layer of an escalation rule, or both. */
const assigneeFields = {
  person_ids: z.array(z.int().min(1)).min(1).max(idsMax).optional(),
  emails: z
    .array(z.string().trim().max(254))
    .min(1)
    .max(idsMax)
    .optional()
    .describe('Addresses of members; others are passed over.'),
  escalate_rule_id: objectId.optional(),
  layer_idx: z.int().min(0).max(99).optional().describe('Layer of the rule, from 0; the first when left out.'),
};
const named = (input: { person_ids?: unknown; emails?: unknown; escalate_rule_id?: unknown; type?: string }) =>
  input.type === 'escalate' ||
  input.person_ids !== undefined ||
  input.emails !== undefined ||
  input.escalate_rule_id !== undefined;
const nobodyNamed = { path: ['person_ids'], message: 'is required, or emails, or escalate_rule_id' };

const firstAssignees = z
  .object({ ...assigneeFields, type: z.enum(['assign']).default('assign') })
  .refine(named, nobodyNamed);

const assignees = z
  .object({
    ...assigneeFields,
    type: z
      .enum(['assign', 'reassign', 'escalate'])
      .default('assign')
      .describe('escalate: to a layer of the rule, the next one when none is named; who acknowledged stays.'),
  })
  .refine(named, nobodyNamed);

export const createIncident = z.object({
  incident_severity: severity,
  title: z.string().trim().min(1, 'is required, and not blank').max(512),
  description: text(1024).default(''),
  channel_id: z.int().min(0).default(0).describe('0 = the incident belongs to no channel.'),
  fields: z.record(z.string(), z.unknown()).default({}),
  assigned_to: firstAssignees
    .optional()
    .describe('When it is left out, the escalation rules of the channel say who it goes to.'),
});

export const createdIncident = z.object({ incident_id: objectId, title: z.string() });

export const incidentRef = z
  .object({ incident_id: objectId.optional(), num: z.string().length(6).optional() })
  .refine((input) => input.incident_id !== undefined || input.num !== undefined, {
    path: ['incident_id'],
    message: 'is required, or num',
  });

export const incidentIdList = z.object({ incident_ids: incidentIds });

export const resolveIncidents = z.object({
  incident_ids: incidentIds,
  root_cause: text(1024).optional(),
  resolution: text(1024).optional(),
});

export const commentIncidents = z.object({
  incident_ids: incidentIds,
  comment: z.string().trim().min(1, 'is required, and not blank').max(1024),
  mute_reply: z.boolean().default(false),
});

/** Seconds of the longest window that a list takes (contract 6.3). */
export const windowMaxSeconds = 31 * 86_400;

/** A window in Unix seconds; both ends are required. */
export const windowFields = {
  start_time: z.int().min(0).max(9_999_999_999).describe('Unix seconds.'),
  end_time: z.int().min(0).max(9_999_999_999).describe('Unix seconds.'),
};

export function inWindow(input: { start_time: number; end_time: number }, context: z.RefinementCtx): void {
  if (input.end_time <= input.start_time) {
    context.addIssue({ code: 'custom', path: ['end_time'], message: 'must be later than start_time' });
  } else if (input.end_time - input.start_time > windowMaxSeconds) {
    context.addIssue({ code: 'custom', path: ['end_time'], message: 'may be at most 31 days after start_time' });
  }
}

const ids = z.array(z.int().min(0)).max(idsMax).default([]);

export const listIncidents = z
  .object({
    ...windowFields,
    ...pageFields,
    progress: z.string().default('').describe('Triggered, Processing, Closed; several with commas.'),
    incident_severity: z.string().default('').describe('Critical, Warning, Info; several with commas.'),
    channel_ids: ids,
    team_ids: ids.describe('Those of channels that these teams look after.'),
    responder_ids: ids,
    acker_ids: ids,
    creator_ids: ids,
    closer_ids: ids,
    incident_ids: z.array(objectId).max(idsMax).default([]),
    nums: z.array(z.string().length(6)).max(idsMax).default([]),
    query: z.string().trim().max(512).default(''),
    is_snoozed: z.boolean().optional(),
    ever_muted: z.boolean().optional(),
    title: z.string().trim().max(512).default('').describe('Exact, /regex/, or with the wildcards * and ?.'),
    is_my_team: z.boolean().default(false).describe('Those of channels that a team of the caller looks after.'),
    is_my_channel: z.boolean().default(false).describe('The same, or that a team of the caller manages.'),
    labels: z.record(z.string(), z.string()).default({}).describe('Each label with exactly this value.'),
    fields: z.record(z.string(), z.unknown()).default({}).describe('Each custom field with exactly this value.'),
    asc: z.boolean().default(false),
  })
  .superRefine(inWindow);

export const incidentList = z.object({
  items: z.array(incident),
  total: z.int(),
  has_next_page: z.boolean(),
  search_after_ctx: z.string().optional(),
});

export const incidentsById = z.object({ incident_ids: z.array(objectId).min(1).max(idsMax) });

/** A timeline (contract 6.6): `created_at` and `updated_at` in milliseconds. */
export const feedItem = z
  .object({
    ref_id: z.string(),
    type: z.string(),
    detail: z.record(z.string(), z.unknown()),
    account_id: z.int(),
    creator_id: z.int().describe('0 = the service.'),
    created_at: z.int(),
    updated_at: z.int(),
  })
  .meta({ id: 'FeedItem' });

export const feedFields = {
  types: z.array(z.string()).max(idsMax).default([]),
  asc: z.boolean().default(false),
  p: pageFields.p,
  limit: pageFields.limit,
};

export const feedOfIncident = z.object({ incident_id: objectId, ...feedFields });
export const feed = z.object({ items: z.array(feedItem), has_next_page: z.boolean() });

/** `incident_ids` wins over `incident_id`; one of them is needed (contract 6.2). */
export const assignIncidents = z
  .object({ incident_id: objectId.optional(), incident_ids: incidentIds.optional(), assigned_to: assignees })
  .refine((input) => input.incident_id !== undefined || input.incident_ids !== undefined, {
    path: ['incident_ids'],
    message: 'is required',
  });

export const addResponders = z.object({
  incident_id: objectId,
  person_ids: z.array(z.int().min(1)).min(1).max(idsMax),
});

export const snoozeIncidents = z.object({ incident_ids: incidentIds, minutes: z.int().min(1).max(1440) });

export const reopenIncidents = z.object({ incident_ids: incidentIds, reason: text(1024).default('') });
