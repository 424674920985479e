import { z } from 'zod';
import { alertEventTypes, incidentEventTypes } from '../../events/event-types.ts';
import { pushedAlert } from './alert.ts';
import { pushedIncident } from './incident.ts';
import { person } from './scalars.ts';

const head = {
  event_time: z.int().describe('Unix milliseconds; strictly rising per alert and per incident.'),
  event_id: z.string().describe('The same for all webhooks and repetitions: de-duplicate on it.'),
  person: person.optional().describe('Who did it; absent for what the service did by itself.'),
};

/** Every push (contract 1.2), for the `webhooks` section of the OpenAPI document. */
export const pushShapes = [
  ...incidentEventTypes.map((type) => ({
    name: `incident.${type}`,
    summary: `An incident changed: ${type}.`,
    body: z.object({ ...head, event_type: z.literal(type), incident: pushedIncident }),
  })),
  ...alertEventTypes.map((type) => ({
    name: `alert.${type}`,
    summary: `An alert changed: ${type}.`,
    body: z.object({ ...head, event_type: z.literal(type), alert: pushedAlert }),
  })),
];
