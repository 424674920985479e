import { z } from 'zod';
import { titleRuleMax } from '../../ingestion/formats/text.ts';
import { pathPartsMax } from '../../ingestion/formats/field-mapping.ts';
import { normalizeSeverityWord, severityWordMaxChars } from '../../ingestion/formats/severity.ts';
import { integrationTypes } from '../../ingestion/integration.ts';
import { withEmptyAsValue } from '../json/normalize.ts';
import { limitDefault, limitMax, orZero, pageFields } from '../routes/paging.ts';
import { description, listOf, numberId, numberIdOrNone, query, refId } from './fields.ts';
import { seconds } from './scalars.ts';

export const integrationNameMaxChars = 59;
export const integrationKeyMinChars = 16;
export const integrationKeyMaxChars = 128;

const name = z.string().trim().min(1).max(integrationNameMaxChars).describe('Stands once among the integrations.');
const type = z.enum(integrationTypes);
const key = z
  .string()
  .min(integrationKeyMinChars)
  .max(integrationKeyMaxChars)
  .regex(/^[A-Za-z0-9_-]*$/, 'must have letters, digits, - and _ only')
  .describe('A key of your choice; a random one is made when it is left out.');

/** The most words that an integration may overrule. */
export const severityWordsMax = 100;
export const consoleUrlMaxChars = 500;

const severityMapping = z
  .record(z.string().trim().min(1).max(severityWordMaxChars), z.enum(['Critical', 'Warning', 'Info', 'Ok']))
  .refine((words) => Object.keys(words).length <= severityWordsMax, `may have ${severityWordsMax} words at most`)
  .transform((words) =>
    Object.fromEntries(Object.entries(words).map(([word, severity]) => [normalizeSeverityWord(word), severity])),
  );
const titleRule = z.string().max(titleRuleMax);
const consoleUrl = z.union([
  z.literal(''),
  z
    .url({ protocol: /^https?$/ })
    .max(consoleUrlMaxChars)
    .transform((url) => url.replace(/\/+$/, '')),
]);

/** Texts of a mapping; variables beyond are refused when it is saved. */
export const mappingMaxChars = 16_384;
const variablesMax = 50;
const mappedValuesMax = 500;

const template = z.string();
const fieldMapping = withEmptyAsValue(
  z
    .strictObject({
      title: template.optional(),
      title_rule: template.optional(),
      description: template.optional(),
      event_status: template.optional(),
      alert_key: template.optional(),
      event_time: template.optional(),
      labels: z.union([template, z.record(z.string(), template)]).optional(),
      images: z
        .union([template, z.array(z.object({ src: template, alt: template.optional(), href: template.optional() }))])
        .optional(),
    })
    .superRefine((mapping, context) => {
      if (Object.keys(mapping).length > 0) {
        if (mapping.event_status === undefined)
          context.addIssue('needs event_status: it says what fires and what is over');
        if (mapping.title === undefined && mapping.title_rule === undefined)
          context.addIssue('needs title or title_rule');
      }
      const text = JSON.stringify(mapping);
      if (text.length > mappingMaxChars) context.addIssue(`may have ${mappingMaxChars} characters at most`);
      const paths = [...text.slice(0, mappingMaxChars).matchAll(/\{\{([^{}]*)\}\}/g)].map(([, path = '']) => path);
      if (paths.length > variablesMax) context.addIssue(`may have ${variablesMax} variables at most`);
      const long = paths.find((path) => path.trim() === '' || path.split('.').length > pathPartsMax);
      if (long !== undefined) context.addIssue(`{{${long}}} must be a path of at most ${pathPartsMax} parts`);
    })
    .meta({
      anyOf: [
        { maxProperties: 0 },
        { required: ['event_status', 'title'] },
        { required: ['event_status', 'title_rule'] },
      ],
    }),
);
const valueMapping = z
  .record(z.string().max(256), z.record(z.string().max(256), z.union([z.string().max(2048), z.number(), z.boolean()])))
  .refine(
    (paths) => Object.values(paths).reduce((sum, values) => sum + Object.keys(values).length, 0) <= mappedValuesMax,
    `may have ${mappedValuesMax} values at most`,
  );

/** How its bodies are read. */
const reading = {
  severity_mapping: severityMapping
    .optional()
    .describe(
      'Severity words of its source, in any case, that mean another severity than the table of all formats says.',
    ),
  title_rule: titleRule
    .optional()
    .describe(
      'Gives its alerts their titles, such as `[TPL]{{.Labels.host}} / {{.Title}}`; empty = as its format has it.',
    ),
  console_url: consoleUrl
    .optional()
    .describe('Where the console of its source is: alerts of Nightingale then link to their event; empty = no link.'),
  field_mapping: fieldMapping
    .optional()
    .describe(
      'For the type standard: makes its fields out of any JSON, with `{{a.b}}` for what the body has; {} = none.',
    ),
  value_mapping: valueMapping
    .optional()
    .describe('By path of the body, what a value becomes, such as `{"state": {"firing": "Critical", "ok": "Ok"}}`.'),
};

export const integrationCreateRequest = z.object({
  name,
  type,
  channel_id: numberIdOrNone.describe('Where its alerts go; 0 = a shared integration, without a channel.'),
  description: description.optional(),
  team_id: numberIdOrNone.optional(),
  ref_id: refId.optional(),
  integration_key: key.optional(),
  ...reading,
});
export const integrationCreateReply = z.object({
  integration_id: numberId,
  integration_key: z.string(),
  push_url: z.string(),
});

export const integration = z
  .object({
    integration_id: numberId,
    name: z.string(),
    type,
    description: z.string(),
    channel_id: z.int(),
    channel_name: z.string(),
    team_id: z.int(),
    status: z.enum(['enabled', 'disabled', 'deleted']),
    integration_key: z.string().describe('Masked for all but administrators.'),
    push_url: z.string().describe('Where its source posts to; the key in it is masked for all but administrators.'),
    ref_id: z.string(),
    severity_mapping: z.record(z.string(), z.enum(['Critical', 'Warning', 'Info', 'Ok'])),
    title_rule: z.string(),
    console_url: z.string(),
    field_mapping: z.record(z.string(), z.unknown()),
    value_mapping: z.record(z.string(), z.record(z.string(), z.unknown())),
    last_event_at: seconds.describe(
      'When it sent a push that was taken, also one that repeated what was known; 0 = never.',
    ),
    events_last_day: z.int().describe('Events of the last 24 hours that it sent; 1000 = at least as many.'),
    last_error: z
      .object({ at: seconds, status: z.int(), reason: z.string(), message: z.string(), bytes: z.int() })
      .nullable()
      .describe('The last push of its key that was refused, and why; null = none was.'),
    truncated_alerts: z.int().describe('Alerts that its sender itself left out of its groups.'),
    last_truncated_at: seconds.describe('When it left out alerts the last time; 0 = never.'),
    unrouted_events: z.int().describe('Reports that no route gave a channel: they opened no alert.'),
    last_unrouted_at: seconds.describe('When that happened the last time; 0 = never.'),
    old_key_expires_at: seconds.describe('Until then the key before this one is taken too; 0 = it is not.'),
    creator_id: z.int(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'Integration' });

export const mappingTryRequest = z.object({
  field_mapping: fieldMapping,
  value_mapping: valueMapping.optional(),
  severity_mapping: severityMapping.optional(),
  title_rule: titleRule.optional(),
  sample: z.unknown().describe('A body as the source sends it: an object, or a list of them.'),
});
export const mappingTryReply = z.object({
  ok: z.boolean().describe('Whether such a body would be taken.'),
  events: z.array(
    z.object({
      title: z.string(),
      title_rule: z.string(),
      description: z.string(),
      event_status: z.enum(['Critical', 'Warning', 'Info', 'Ok']),
      alert_key: z.string(),
      event_time: z.int().describe('Unix seconds.'),
      labels: z.record(z.string(), z.string()),
      images: z.array(z.object({ src: z.string(), alt: z.string().optional(), href: z.string().optional() })),
    }),
  ),
  faults: z
    .array(z.object({ field: z.string(), message: z.string() }))
    .describe('Why it would be refused, or what of it would be left out.'),
});

export const integrationListRequest = z.object({
  p: pageFields.p,
  limit: z.int().min(1).max(limitMax).meta(orZero).default(limitDefault),
  search_after_ctx: pageFields.search_after_ctx,
  type: type.optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
  channel_id: numberIdOrNone.optional(),
  query: query.optional().describe('Part of the name or the description.'),
});
export const integrationListReply = listOf(integration);

export const keyOverlapMaxSeconds = 2_592_000;
export const keyRotateRequest = z.object({
  integration_id: numberId,
  overlap_seconds: z
    .int()
    .min(0)
    .max(keyOverlapMaxSeconds)
    .default(86_400)
    .describe('How long the old key is taken beside the new one; 0 = it ends at once.'),
});
export const keyRotateReply = z.object({ integration_key: z.string(), push_url: z.string() });

export const integrationRequest = z.object({ integration_id: numberId });

export const integrationUpdateRequest = z.object({
  integration_id: numberId,
  name: name.optional(),
  description: description.optional(),
  channel_id: numberIdOrNone.optional(),
  team_id: numberIdOrNone.optional(),
  ref_id: refId.optional(),
  status: z.enum(['enabled', 'disabled']).optional().describe('A disabled integration takes nothing.'),
  integration_key: key.optional(),
  ...reading,
});
