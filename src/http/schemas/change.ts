import { z } from 'zod';
import { changeStatuses } from '../../changes/change.ts';
import { orZero, pageFields } from '../routes/paging.ts';
import { commaList, inWindow, windowFields } from './incident.ts';
import { filterOf } from './filter.ts';
import { objectId, seconds } from './scalars.ts';

const idsMax = 100;
const labels = z.record(z.string(), z.string());
const status = z.enum(changeStatuses);

export const changeEvent = z
  .object({
    event_id: objectId,
    integration_id: z.int(),
    title: z.string(),
    description: z.string(),
    change_key: z.string(),
    change_status: status,
    link: z.string(),
    event_time: seconds,
    labels,
  })
  .meta({ id: 'ChangeEvent' });

/** A change: times in Unix seconds, 0 = not yet. */
export const change = z
  .object({
    change_id: objectId,
    account_id: z.int(),
    channel_id: z.int().describe('0 = of no channel.'),
    channel_name: z.string(),
    channel_status: z.string(),
    integration_id: z.int(),
    integration_name: z.string(),
    data_source_id: z.int(),
    data_source_name: z.string(),
    title: z.string(),
    description: z.string(),
    change_key: z.string(),
    change_status: status,
    status: status.describe('The same, for older clients.'),
    link: z.string(),
    labels,
    start_time: seconds,
    last_time: seconds.describe('Of the newest report.'),
    end_time: seconds.describe('When it was done or canceled.'),
    event_cnt: z.int(),
    created_at: seconds,
    updated_at: seconds,
    events: z.array(changeEvent).optional().describe('The newest 20 reports, with include_events.'),
  })
  .meta({ id: 'Change' });

const ids = z.array(z.int().min(0)).max(idsMax).default([]);

export const listChanges = z
  .object({
    start_time: windowFields.start_time
      .optional()
      .describe('Unix seconds; an hour before end_time when left out; without end_time 31 days ago at most.'),
    end_time: windowFields.end_time.optional().describe('Unix seconds; now when left out.'),
    ...pageFields,
    channel_ids: ids.describe('0 = of no channel.'),
    integration_ids: ids,
    change_ids: z.array(objectId).max(idsMax).default([]).describe('These need no window.'),
    change_status: commaList(changeStatuses),
    query: z
      .string()
      .trim()
      .max(512)
      .default('')
      .describe('Words: each stands in the title, the description, the key or a label.'),
    labels: labels.default({}).describe('Each label with exactly this value.'),
    include_events: z.boolean().default(false),
    order_by: z.enum(['start_time', 'last_time']).optional(),
    orderby: z
      .enum(['start_time', 'last_time'])
      .optional()
      .describe('As order_by, which wins; start_time when left out.'),
    asc: z.boolean().default(false),
    filters: filterOf({ subject: 'change', ranges: false, expressions: false })
      .or(z.array(z.never()).length(0))
      .optional()
      .describe(
        'Contract 7.1, with the keys status, title, description, integration_id, change_key and labels.NAME; without regular expressions, cidr: and num:.',
      ),
  })
  .superRefine(inWindow);

export const changeList = z.object({
  items: z.array(change),
  total: z.int(),
  has_next_page: z.boolean(),
  search_after_ctx: z.string().optional(),
});

/** Hours before an incident that its changes are looked for in. */
const hoursMax = 168;

export const changesOfIncident = z.object({
  incident_id: objectId,
  hours: z
    .int()
    .min(1)
    .max(hoursMax)
    .default(24)
    .describe('A change counts when its newest report came at most this long before the incident started.'),
  limit: z.int().min(1).max(100).meta(orZero).default(20),
});

export const changesOfIncidentList = z.object({
  items: z.array(
    change
      .extend({ shared_labels: z.array(z.string()).describe('The labels that it has in common with the incident.') })
      .meta({ id: 'ChangeOfIncident' }),
  ),
  total: z.int(),
});
