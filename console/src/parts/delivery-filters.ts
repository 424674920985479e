import { rangeNames } from '../time/range.ts';
import { choice, choices, numberOrNone, text, type Param } from './search-params.ts';

export const deliveryTypes = [
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
  'a_new',
  'a_update',
  'a_merge',
  'a_close',
] as const;

/** `failed`: whatever did not arrive; the others are states. */
export const outcomes = [
  'success',
  'failed',
  'unknown',
  'retry_wait',
  'sending',
  'pending',
  'superseded',
  'expired',
  'cancelled',
] as const;

/** Why a delivery can be as it is; a test compares them with the service's. */
export const reasonNames = [
  'redirect',
  'gone',
  'throttled',
  'client_error',
  'server_error',
  'protocol',
  'timeout_connect',
  'timeout_response',
  'connection_lost',
  'dns',
  'connect',
  'tls',
  'address_refused',
  'unsendable',
  'interrupted',
  'restored',
  'cancelled',
  'expired',
  'superseded',
  'released',
  'late',
] as const;

export const moment: Param<number> = {
  fallback: 0,
  read: (value) => (/^\d{13}$/.test(value) ? Number(value) : undefined),
  write: (value) => (value === 0 ? '' : String(value)),
};

export const deliveryFilters = {
  outcome: choice(outcomes),
  reason: choices(reasonNames),
  webhook: numberOrNone,
  type: choices(deliveryTypes),
  entity: text,
  range: choice(rangeNames, '24h'),
  from: moment,
  to: moment,
};
