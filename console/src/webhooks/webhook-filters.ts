import { choice, numberOrNone, text } from '../parts/search-params.ts';

/** The worst first, as the list is sorted. */
export const webhookStates = ['failing', 'slow', 'delivering', 'idle', 'paused', 'disabled'] as const;
export const webhookKinds = ['incident', 'alert', 'custom_action'] as const;

export const webhookFilters = {
  q: text,
  state: choice(webhookStates),
  kind: choice(webhookKinds),
  channel: numberOrNone,
};
