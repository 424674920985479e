import type { Database } from '../../database/database.ts';
import type { Directories } from '../../events/directory.ts';
import { readIncidents, readPastIncidents } from '../../incidents/incident-list-store.ts';
import { incidentObject } from '../../incidents/payload.ts';
import { mostSimilar } from '../../incidents/similar.ts';
import { notFound } from '../../runtime/failure.ts';
import type { z } from 'zod';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/incident-edit.ts';

/** What has happened like it before (contract 6.2). */
export function pastIncidentRoutes(services: {
  readonly database: Database;
  readonly directories: Directories;
}): Route[] {
  return [
    route({
      path: '/incident/past/list',
      summary: 'Earlier incidents of the channel that are like one, the most alike first.',
      role: 'viewer',
      writes: false,
      request: shape.pastIncidents,
      reply: shape.pastIncidentList,
      handle: async (input) => {
        const [incident] = await readIncidents(services.database, [input.incident_id]);
        if (incident === undefined) throw notFound('incident', input.incident_id);
        const past = await readPastIncidents(services.database, incident);
        const directory = await services.directories.current();
        const items = mostSimilar(incident, past, input.limit).map((one) => ({
          ...incidentObject(one.incident, directory),
          score: one.score,
        }));
        return { items: items as z.input<typeof shape.pastIncidentList>['items'] };
      },
    }),
  ];
}
