import { z } from 'zod';
import { pageFields } from '../routes/paging.ts';
import { feedFields } from './feed.ts';
import { commaList, image, inWindow, windowFields } from './incident.ts';
import { objectId, seconds, severity, status } from './scalars.ts';

const idsMax = 100;

/** Fields of both the pushed alert and the API's. */
const sharedAlert = z.object({
  alert_id: objectId,
  account_id: z.int(),
  data_source_id: z.int(),
  data_source_name: z.string(),
  data_source_type: z.string(),
  data_source_ref_id: z.string(),
  integration_id: z.int(),
  integration_name: z.string(),
  integration_type: z.string(),
  channel_id: z.int(),
  channel_name: z.string(),
  title: z.string(),
  title_rule: z.string(),
  description: z.string(),
  alert_key: z.string(),
  alert_severity: severity,
  alert_status: status,
  created_at: seconds,
  updated_at: seconds,
  start_time: seconds,
  last_time: seconds,
  end_time: seconds.describe('When its source said that it recovered; 0 = it has not.'),
  progress: z.enum(['Triggered', 'Closed']),
  close_time: seconds.describe('When it closed, by recovery, by somebody or by time; 0 = it is open.'),
  labels: z.record(z.string(), z.string()),
  event_cnt: z.int(),
  responder_id: z.int(),
  responder_name: z.string(),
  responder_email: z.string(),
});

/** The alert of a push (contract 1.7): times in Unix seconds, 0 = not yet. */
export const pushedAlert = sharedAlert
  .extend({
    incident: z.object({ incident_id: objectId, title: z.string() }).optional(),
    images: z.array(image).optional(),
    recovery_description: z
      .string()
      .optional()
      .describe('What the source said when the alert recovered; only in the push of that.'),
  })
  .meta({ id: 'PushedAlert' });

export const alertEvent = z
  .object({
    event_id: objectId,
    alert_id: z.string(),
    account_id: z.int(),
    channel_id: z.int(),
    integration_id: z.int(),
    integration_type: z.string(),
    data_source_id: z.int(),
    title: z.string(),
    title_rule: z.string(),
    description: z.string(),
    alert_key: z.string(),
    event_severity: status,
    event_status: status,
    event_time: seconds,
    labels: z.record(z.string(), z.string()),
    images: z.array(image),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'AlertEvent' });

/** The alert of the API (contract 6.5). */
export const alert = sharedAlert
  .extend({
    channel_status: z.string(),
    integration_ref_id: z.string(),
    ever_muted: z.boolean(),
    images: z.array(image),
    incident: z.object({ incident_id: objectId, title: z.string(), progress: z.string() }).optional(),
    events: z.array(alertEvent).optional(),
  })
  .meta({ id: 'Alert' });

export const alertRef = z.object({ alert_id: objectId });
export const alertIdList = z.object({ alert_ids: z.array(objectId).min(1).max(idsMax) });

export const listAlerts = z
  .object({
    ...windowFields,
    ...pageFields,
    is_active: z.boolean().optional(),
    ever_muted: z.boolean().optional(),
    alert_severity: commaList(['Critical', 'Warning', 'Info', 'Ok']),
    channel_ids: z.array(z.int().min(0)).max(idsMax).default([]),
    integration_ids: z.array(z.int().min(0)).max(idsMax).default([]),
    alert_ids: z.array(objectId).max(idsMax).default([]),
    alert_keys: z.array(z.string().max(255)).max(idsMax).default([]),
    title: z
      .string()
      .trim()
      .max(512)
      .default('')
      .describe('Part of the title; * for any text in between, ? for one letter.'),
    labels: z.record(z.string(), z.string()).default({}).describe('Each label with exactly this value.'),
    by_updated_at: z.boolean().default(false).describe('The window is one of updated_at.'),
    orderby: z.enum(['created_at', 'updated_at']).default('created_at'),
    asc: z.boolean().default(false),
  })
  .superRefine(inWindow);

export const alertList = z.object({
  items: z.array(alert),
  total: z.int(),
  has_next_page: z.boolean(),
  search_after_ctx: z.string().optional(),
});

export const alertsOfIncident = z.object({
  incident_id: objectId,
  is_active: z.boolean().optional(),
  include_events: z.boolean().default(false),
  p: pageFields.p,
  limit: z.int().min(0).max(1000).default(1000),
  search_after_ctx: pageFields.search_after_ctx,
});

export const alertsOfIncidentList = z.object({
  items: z.array(alert),
  total: z.int(),
  search_after_ctx: z.string().optional(),
});

export const feedOfAlert = z.object({ alert_id: objectId, ...feedFields });

export const listAlertEvents = z.object({ alert_id: objectId, ...pageFields, asc: z.boolean().default(false) });

export const alertEventList = z.object({
  items: z.array(alertEvent),
  total: z.int(),
  has_next_page: z.boolean(),
  search_after_ctx: z.string().optional(),
});

export const mergeAlerts = z.object({
  alert_ids: z.array(objectId).min(1).max(idsMax),
  incident_id: objectId,
  comment: z.string().max(1024).default(''),
  title: z.string().trim().max(512).default(''),
  owner_id: z.int().min(0).default(0),
});

/** Without a window: the last 24 hours. */
export const listAllAlertEvents = z.object({
  start_time: windowFields.start_time.optional(),
  end_time: windowFields.end_time.optional(),
  ...pageFields,
  integration_ids: z.array(z.int().min(0)).max(idsMax).default([]),
  integration_types: z.array(z.string().max(64)).max(idsMax).default([]),
  channel_ids: z.array(z.int().min(0)).max(idsMax).default([]),
  severities: z.string().default('').describe('Critical, Warning, Info, Ok; several with commas.'),
  orderby: z.literal('event_time').default('event_time'),
  asc: z.boolean().default(false),
});
