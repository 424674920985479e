import type { Format } from './format.ts';
import { parseNotification } from './nagios.ts';

/** The notification command of Icinga 2, which posts a form by curl as that of Nagios does (docs/senders/icinga.md). */
export const icinga: Format = {
  type: 'icinga',
  parse: parseNotification,
};
