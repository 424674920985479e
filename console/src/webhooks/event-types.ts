import type { WebhookType } from '../api/operations.ts';

/** The event types in the groups of the editor; a test compares them with those of the receiver's contract. */
export const incidentTypes = {
  life: ['i_new', 'i_ack', 'i_unack', 'i_snooze', 'i_wake', 'i_rslv', 'i_reopen', 'i_merge', 'i_storm', 'i_custom'],
  people: ['i_assign', 'i_a_rspd', 'i_comm'],
  edits: ['i_r_title', 'i_r_desc', 'i_r_impact', 'i_r_rc', 'i_r_rsltn', 'i_r_severity', 'i_r_field'],
} as const;

export const alertTypes = ['a_new', 'a_update', 'a_merge', 'a_close'] as const;

export type EventType = (typeof incidentTypes)[keyof typeof incidentTypes][number] | (typeof alertTypes)[number];

export function typesOf(type: WebhookType): readonly EventType[] {
  if (type === 'alert') return alertTypes;
  if (type === 'custom_action') return ['i_custom'];
  return Object.values(incidentTypes).flat();
}
