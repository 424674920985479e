import { z } from 'zod';
import { limitMax, orZero, pageFields } from '../routes/paging.ts';
import { description, listOf, numberId, numberIdOrNone, query } from './fields.ts';
import { ruleFields, ruleName, target } from './escalation.ts';
import { conditionsOf } from './filter.ts';
import { seconds } from './scalars.ts';

export const channelNameMaxChars = 59;
export const managingTeamsMax = 3;
export const autoResolveMaxSeconds = 2_592_000;
export const equalsMax = 5;
export const equalsKeysMax = 5;
export const casesMax = 100;
export const likenessKeysMax = 10;
export const timeWindowMaxMinutes = 1440;
export const stormThresholdsMax = 5;

const groupKey = z
  .string()
  .max(138)
  .regex(/^(title|description|severity|labels\..+)$/, 'must be title, description, severity or labels.<name>');
const stormThreshold = z.int().min(2).max(10_000);

/** Contract 4.4, 6.9. Absent fields get their defaults: a group is always set as a whole. */
export const group = z
  .object({
    method: z.enum(['n', 'p', 'i']).describe('n = no grouping, p = by rule, i = by likeness.'),
    equals: z.array(z.array(groupKey).min(1).max(equalsKeysMax)).max(equalsMax).default([]),
    cases: z
      .array(
        z.object({
          if: conditionsOf({ subject: 'alert' }).min(1),
          equals: z.array(groupKey).min(1).max(equalsKeysMax),
        }),
      )
      .max(casesMax)
      .nullish()
      .describe('Tried in order: the first whose conditions all hold decides by its own keys, instead of equals.'),
    all_equals_required: z.boolean().default(false),
    time_window: z
      .int()
      .min(0)
      .max(timeWindowMaxMinutes)
      .default(0)
      .describe('Minutes; 0 = until the incident closes.'),
    window_type: z.enum(['tumbling', 'sliding']).default('tumbling'),
    i_keys: z
      .array(groupKey)
      .max(likenessKeysMax)
      .nullish()
      .describe('What method i compares; title, description, labels.service and labels.resource when left out.'),
    i_score_threshold: z.number().min(0.5).max(1).nullish().describe('How alike alerts must be for method i; 0.9.'),
    storm_threshold: z.int().min(0).max(10_000).optional().describe('Old form of storm_thresholds; 0 or 1 = none.'),
    storm_thresholds: z.array(stormThreshold).max(stormThresholdsMax).optional(),
  })
  .meta({ id: 'Grouping' });

export const flapping = z
  .object({
    is_disabled: z.boolean().default(false),
    max_changes: z.int().min(2).max(100).default(4),
    in_mins: z.int().min(1).max(1440).default(60),
    mute_mins: z.int().min(0).max(1440).default(120),
  })
  .meta({ id: 'Flapping' });

const falseOnly = (what: string) =>
  z.literal(false, { error: `${what} is not supported yet: leave it out or set it to false` }).optional();

const settings = {
  team_id: numberIdOrNone.optional().describe('Who looks after it; 0 = no team.'),
  description: description.optional(),
  managing_team_ids: z.array(numberId).max(managingTeamsMax).optional(),
  group: group.optional(),
  flapping: flapping.optional().describe('Kept as sent; it concerns notifications, which this service does not send.'),
  auto_resolve_timeout: z.int().min(0).max(autoResolveMaxSeconds).optional().describe('Seconds; 0 = never.'),
  auto_resolve_mode: z.enum(['trigger', 'update']).optional(),
  disable_outlier_detection: z.boolean().optional().describe('Kept as sent, without effect.'),
  disable_auto_close: z.boolean().optional(),
  is_private: falseOnly('a private channel'),
  is_external_report_enabled: falseOnly('the external report'),
};

const channelName = z.string().trim().min(1).max(channelNameMaxChars).describe('Stands once among the channels.');

export const channelCreateRequest = z.object({
  channel_name: channelName,
  ...settings,
  escalate_rule: z
    .object({
      ...ruleFields,
      rule_name: ruleName.optional(),
      layers: ruleFields.layers.optional(),
      target: target.optional(),
    })
    .refine((rule) => rule.layers !== undefined || rule.target !== undefined, {
      path: ['target'],
      message: 'is required, or layers',
    })
    .optional()
    .describe(
      'The first escalation rule, made with the channel: layers, or the target of its only one. Its name is that of the channel when left out.',
    ),
  plugin_ids: z
    .array(z.unknown())
    .max(0, 'is not supported: leave it out, and add sources with /integration/create')
    .nullish(),
});
export const channelCreateReply = z.object({ channel_id: numberId, channel_name: z.string() });

export const channelUpdateRequest = z.object({
  channel_id: numberId,
  channel_name: channelName.optional(),
  ...settings,
});
export const channelRequest = z.object({ channel_id: numberId });

/** Everything is optional on the wire (contract 6.9): `is_brief` omits most of it. */
export const channel = z
  .object({
    channel_id: numberId,
    channel_name: z.string(),
    description: z.string(),
    status: z.enum(['enabled', 'disabled', 'deleted']),
    account_id: numberId.optional(),
    team_id: z.int().optional(),
    team_name: z.string().optional(),
    managing_team_ids: z.array(numberId).optional(),
    creator_id: z.int().optional(),
    creator_name: z.string().optional(),
    group: group.optional(),
    flapping: flapping.optional(),
    auto_resolve_timeout: z.int().optional(),
    auto_resolve_mode: z.enum(['trigger', 'update']).optional(),
    is_private: z.boolean().optional(),
    disable_outlier_detection: z.boolean().optional(),
    disable_auto_close: z.boolean().optional(),
    is_external_report_enabled: z.boolean().optional(),
    is_starred: z.boolean().optional(),
    progress_to_incident_cnts: z
      .object({ Triggered: z.int(), Processing: z.int() })
      .optional()
      .describe('Open incidents that began in the last 30 days.'),
    active_incident_highest_severity: z.enum(['Critical', 'Warning', 'Info', '']).optional(),
    last_incident_at: seconds.optional(),
    created_at: seconds.optional(),
    updated_at: seconds.optional(),
    deleted_at: seconds.optional(),
  })
  .meta({ id: 'Channel' });

export const channelIdsMax = 1000;
const channelIds = z.array(z.int().min(0)).max(channelIdsMax);

export const channelInfosRequest = z.object({ channel_ids: channelIds });
export const channelInfosReply = z.object({
  items: z.array(channel.pick({ channel_id: true, channel_name: true, status: true })),
});

export const channelListRequest = z.object({
  p: pageFields.p,
  limit: z.int().min(1).max(limitMax).meta(orZero).default(100),
  search_after_ctx: pageFields.search_after_ctx,
  orderby: z
    .enum(['ranking', 'created_at', 'updated_at', 'channel_name', 'last_incident_at'])
    .default('ranking')
    .describe('ranking = the oldest first.'),
  asc: z.boolean().default(false),
  query: query.optional().describe('Part of the name or the description.'),
  channel_name: z.string().optional().describe('The exact name.'),
  channel_ids: channelIds.optional(),
  team_ids: z.array(z.int().min(0)).max(100).optional(),
  is_brief: z.boolean().default(false).describe('Ids, names, descriptions and statuses only, all on one page.'),
  is_my_managed: z.boolean().default(false),
  is_my_starred: z.boolean().default(false).describe('Channels cannot be starred: such a list is empty.'),
  is_my_team: z.boolean().default(false),
});
export const channelListReply = listOf(channel);
