import { z } from 'zod';
import { alertEventTypes, incidentEventTypes, type EventType } from '../../events/event-types.ts';
import { samplePush } from '../../webhooks/samples.ts';
import type { PushOperation } from '../openapi/push-operation.ts';
import { pushedAlert } from './alert.ts';
import { pushedIncident } from './incident.ts';
import { person } from './scalars.ts';

const head = {
  event_time: z.int().describe('Unix milliseconds; strictly rising per alert and per incident.'),
  event_id: z.string().describe('The same for all webhooks and repetitions: de-duplicate on it.'),
  person: person.optional().describe('Who did it; absent when the service did.'),
};

/** The incident of a custom action, with its alerts (contract 1.8). */
const actedOn = pushedIncident.extend({
  alerts: z.array(pushedAlert).describe('The newest 100 at most; alert_cnt counts them all.'),
});

const happenings: Readonly<Record<EventType, string>> = {
  i_new: 'An incident was opened.',
  i_assign: 'An incident was assigned, reassigned or escalated.',
  i_a_rspd: 'Responders were added to an incident.',
  i_snooze: 'An incident was snoozed.',
  i_wake: 'The snoozing of an incident was ended.',
  i_ack: 'An incident was acknowledged.',
  i_unack: 'An acknowledgement was taken back.',
  i_storm: 'The alerts of an incident have become a storm.',
  i_custom: 'A custom action was run on an incident.',
  i_rslv: 'An incident was closed.',
  i_reopen: 'An incident was opened again.',
  i_merge: 'Incidents or alerts were merged into an incident.',
  i_comm: 'An incident was commented on.',
  i_r_title: 'The title of an incident was changed.',
  i_r_desc: 'The description of an incident was changed.',
  i_r_impact: 'The impact of an incident was changed.',
  i_r_rc: 'The root cause of an incident was changed.',
  i_r_rsltn: 'The resolution of an incident was changed.',
  i_r_severity: 'The severity of an incident was changed.',
  i_r_field: 'A custom field of an incident was changed.',
  a_new: 'An alert was opened.',
  a_update: 'An alert changed.',
  a_close: 'An alert was closed.',
  a_merge: 'An alert was merged into an incident.',
};

/** Every push (contract 1.2), for the `webhooks` section of the OpenAPI document. */
export const pushShapes: readonly PushOperation[] = [
  ...incidentEventTypes.map((type) => ({
    name: `incident.${type}`,
    summary: happenings[type],
    body: z.object({ ...head, event_type: z.literal(type), incident: pushedIncident }),
    example: samplePush('incident', type),
  })),
  ...alertEventTypes.map((type) => ({
    name: `alert.${type}`,
    summary: happenings[type],
    body: z.object({ ...head, event_type: z.literal(type), alert: pushedAlert }),
    example: samplePush('alert', type),
  })),
  {
    name: 'custom_action.i_custom',
    summary: 'Somebody pressed the button of a custom action.',
    body: z.object({ ...head, event_type: z.literal('i_custom'), incident: actedOn }),
    example: samplePush('custom_action', 'i_custom'),
  },
];
