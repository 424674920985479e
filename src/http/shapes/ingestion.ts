import { z } from 'zod';
import { numberId } from './fields.ts';
import { image } from './incident.ts';

/**
 * What monitoring systems send (contract 5). Their bodies are read by the formats, which forgive more than a schema can
 * say; these are for the reference, and a test sends their examples.
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
    event_time: z.int().nullish().describe('Unix seconds; now when left out or 0.'),
    description: z.string().nullish().describe('Cut at 2048 characters. `[MD]` in front marks Markdown.'),
    labels: z.record(z.string(), z.unknown()).nullish().describe('At most 50 are kept.'),
    images: z.array(image).nullish(),
  })
  .meta({ id: 'StandardEvent' });

export const anotherFormat = z
  .record(z.string(), z.unknown())
  .describe('The body that the monitoring system of this type sends by itself.');

export const eventTaken = z.object({ alert_key: z.string() });
export const groupTaken = z.object({
  accepted: z.int().min(0),
  ignored: z.int().min(0).describe('Items that ask for no change.'),
  skipped: z.array(z.object({ field: z.string(), message: z.string() })).describe('Items that cannot be read.'),
});

/** PagerDuty's senders read their own format only (contract 5.7). */
export const pagerdutyTaken = z.strictObject({
  status: z.literal('success'),
  message: z.string(),
  dedup_key: z.string().optional(),
  incident_key: z.string().optional(),
});
export const pagerdutyRefused = z.strictObject({
  status: z.literal('invalid event'),
  message: z.string(),
  errors: z.array(z.string()).min(1),
});

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

export const readiness = z.strictObject({ ready: z.boolean(), reasons: z.array(z.string()) });
