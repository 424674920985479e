import { z } from 'zod';
import { changeStatuses } from '../../changes/change.ts';
import { resultWords } from '../../ingestion/push-reply.ts';
import { resultsMax } from '../../ingestion/push-result.ts';
import { numberId } from './fields.ts';
import { image } from './incident.ts';

/**
 * Bodies of monitoring systems (contract 5). The formats read them and accept more than a schema can express; these are
 * for the reference, and a test sends their examples.
 */
export const standardEvent = z
  .object({
    event_status: z.enum(['Critical', 'Warning', 'Info', 'Ok']).describe('Ok = it has recovered.'),
    title_rule: z
      .string()
      .optional()
      .describe(
        'A title with the values of labels in it, such as `[TPL]${resource} / ${check}`; cut at 512 characters.',
      ),
    title: z.string().optional().describe('A title as it is; it wins over title_rule. Ok needs neither.'),
    alert_key: z
      .string()
      .max(255)
      .nullish()
      .describe('The same for all events of one alert; made and returned when it is left out. Ok needs it.'),
    event_time: z.int().nullish().describe('Unix seconds; now when left out, 0, or more than five minutes ahead.'),
    description: z.string().nullish().describe('Cut at 6144 characters. `[MD]` in front marks Markdown.'),
    labels: z.record(z.string(), z.unknown()).nullish().describe('At most 50 are kept; the reply names the others.'),
    images: z.array(image).nullish().describe('One that cannot be shown is left out and named in the reply.'),
  })
  .meta({ id: 'StandardEvent' });

export const anotherFormat = z
  .record(z.string(), z.unknown())
  .describe('The body that monitoring systems of this type send.');

const skipped = z
  .array(z.object({ field: z.string(), message: z.string() }))
  .describe('Left out, with the reason: unreadable items, labels beyond the limit, images.');

/** What became of one report in one channel. */
const resultFields = {
  result: z
    .enum(resultWords)
    .describe(
      'repeated = it says what is known; unmatched = a recovery of nothing that is open; unrouted = no channel takes it; stale = it is older than what is known.',
    ),
  alert_id: z.string().describe('Empty = no alert.'),
  incident_id: z.string().describe('Empty = in no incident.'),
  event_id: z.string().describe('Of the event about the alert, as its pushes carry it; empty = nothing changed.'),
  rule: z.string().optional().describe('The name of the rule that dropped or muted it.'),
  webhooks: z.int().min(0).describe('To how many webhooks its events go.'),
};
const resultOfOne = z.object(resultFields).partial().shape;

const counts = {
  unmatched: z.int().optional().describe('Recoveries of nothing that is open.'),
  unrouted: z.int().optional().describe('Reports that no channel takes; they are kept.'),
  stale: z.int().optional().describe('Reports that are older than what is known of their alerts.'),
  dropped: z.int().optional().describe('Reports that a rule dropped.'),
  muted: z.int().optional().describe('Alerts that a rule keeps from people.'),
  refused: z.int().optional().describe('Reports that fire, of a disabled integration, beside recoveries.'),
  results: z
    .array(z.object({ alert_key: z.string(), ...resultFields }))
    .max(resultsMax)
    .optional()
    .describe(`What became of each report in each channel, of the first ${resultsMax}.`),
};

export const eventTaken = z.object({
  alert_key: z.string(),
  skipped: skipped.optional(),
  ...resultOfOne,
  ...counts,
});
export const groupTaken = z.object({
  accepted: z.int().min(0),
  ignored: z.int().min(0).describe('Items that ask for no change.'),
  skipped,
  truncated: z.int().optional().describe('Alerts that the sender itself left out of the group.'),
  ...counts,
});

/** Replies in PagerDuty's form (contract 5.7). */
export const pagerdutyTaken = z.strictObject({
  status: z.literal('success'),
  message: z.string(),
  dedup_key: z.string().optional(),
  incident_key: z.string().optional(),
  change_id: z.string().optional().describe('Of a change event.'),
  skipped: skipped.optional(),
  ...resultOfOne,
  ...counts,
});
export const pagerdutyRefused = z.strictObject({
  status: z.enum(['invalid event', 'throttle exceeded', 'internal error']),
  message: z.string(),
  errors: z.array(z.string()).min(1),
});

/** Opsgenie's senders read their own format only. */
export const opsgenieTaken = z.strictObject({
  ...resultOfOne,
  ...counts,
  result: z.string().describe('That the request will be processed.'),
  took: z.number(),
  requestId: z.string(),
  skipped: skipped.optional(),
});
export const opsgenieRefused = z.strictObject({ message: z.string(), took: z.number(), requestId: z.string() });

export const commentByAlert = z.object({
  alert_key: z.string().min(1).describe('Of an alert that is open.'),
  comment: z.string().min(1).max(1024),
});

/** Contract 6.9. */
export const channelsByIntegration = z.object({
  query: z.string().nullish().describe('Part of the name.'),
  channel_ids: z.array(z.int()).nullish(),
  member_id: z.int().nullish().describe('Only channels that a team of this member looks after.'),
  member_name: z.string().nullish(),
  email: z.string().nullish(),
  phone: z.string().nullish(),
  country_code: z.string().nullish(),
});
export const channelsByIntegrationReply = z.object({
  items: z.array(z.object({ channel_id: numberId, channel_name: z.string(), status: z.string() })),
  total: z.int().min(0),
});

/** What deployment and ticket systems send. */
export const standardChange = z
  .object({
    title: z.string().min(1).describe('Cut at 512 characters.'),
    change_key: z
      .string()
      .max(255)
      .nullish()
      .describe('The same for all reports of one change; made and returned when it is left out.'),
    change_status: z.enum(changeStatuses).nullish().describe('In any case; Done when left out.'),
    event_time: z.int().nullish().describe('Unix seconds; now when left out, 0, or more than five minutes ahead.'),
    description: z.string().nullish().describe('Cut at 6144 characters.'),
    labels: z.record(z.string(), z.unknown()).nullish().describe('At most 50 are kept.'),
    link: z.string().nullish().describe('Where to read more; cut at 2048 characters.'),
  })
  .meta({ id: 'StandardChange' });
export const changeTaken = z.object({ change_key: z.string(), change_id: z.string(), skipped: skipped.optional() });

export const readiness = z.strictObject({ ready: z.boolean(), reasons: z.array(z.string()) });
