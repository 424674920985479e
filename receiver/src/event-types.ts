/** The event types of incident webhooks (contract 1.3). */
export const incidentEventTypes = [
  'i_new',
  'i_assign',
  'i_a_rspd',
  'i_snooze',
  'i_wake',
  'i_ack',
  'i_unack',
  'i_storm',
  'i_custom',
  'i_rslv',
  'i_reopen',
  'i_merge',
  'i_comm',
  'i_r_title',
  'i_r_desc',
  'i_r_impact',
  'i_r_rc',
  'i_r_rsltn',
  'i_r_severity',
  'i_r_field',
] as const;

/** The event types of alert webhooks (contract 1.4). A recovery is an `a_update` whose `alert_status` is `Ok`. */
export const alertEventTypes = ['a_new', 'a_update', 'a_merge', 'a_close'] as const;

export type IncidentEventType = (typeof incidentEventTypes)[number];
export type AlertEventType = (typeof alertEventTypes)[number];
export type EventType = IncidentEventType | AlertEventType;
