import { deliveries, reasonNames, reasons } from './deliveries.ts';
import { events } from './events.ts';
import { frame, keys, palette } from './frame.ts';
import { filters, states, time } from './states.ts';

/** The words of the frame and of what several rooms share: a part of the first file. */
export const core = { deliveries, events, filters, frame, keys, palette, reasonNames, reasons, states, time } as const;
