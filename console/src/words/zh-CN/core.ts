import type * as english from '../en/core.ts';
import type { WordsOf } from '../words.ts';
import { deliveries, reasonNames, reasons } from './deliveries.ts';
import { events } from './events.ts';
import { frame, keys, palette } from './frame.ts';
import { filters, states, time } from './states.ts';

export const core: WordsOf<typeof english.core> = {
  deliveries,
  events,
  filters,
  frame,
  keys,
  palette,
  reasonNames,
  reasons,
  states,
  time,
};
