import type { Database } from '../../database/database.ts';
import type { Directories } from '../../events/directory.ts';
import { pastIncidentIds, readIncidents, readTogether } from '../../incidents/incident-list-store.ts';
import { incidentObject } from '../../incidents/incident-payload.ts';
import { mostSimilar, type Similar } from '../../incidents/related-incidents.ts';
import { notFound } from '../../runtime/failure.ts';
import { inTurns, partsOf } from '../../runtime/turns.ts';
import type { z } from 'zod';
import { query, type Route } from './route.ts';
import * as shape from '../schemas/incident-edit.ts';

/** Similar earlier incidents (contract 6.2). */
export function pastIncidentRoutes(services: {
  readonly database: Database;
  readonly directories: Directories;
}): Route[] {
  return [
    query(
      '/incident/past/list',
      'Earlier incidents of the channel that are like one, the most alike first.',
      'viewer',
      { request: shape.pastIncidents, reply: shape.pastIncidentList },
      async (input) => {
        const [incident] = await readIncidents(services.database, [input.incident_id]);
        if (incident === undefined) throw notFound('incident', input.incident_id);
        let best: Similar[] = [];
        // In parts, so that only the best are held in memory.
        await inTurns(partsOf(await pastIncidentIds(services.database, incident), readTogether), async (ids) => {
          best = mostSimilar(incident, await readIncidents(services.database, ids), input.limit, best);
        });
        const directory = await services.directories.current();
        const items = best.map((one) => ({
          ...incidentObject(one.incident, directory),
          score: one.score,
        }));
        return { items: items as z.input<typeof shape.pastIncidentList>['items'] };
      },
    ),
  ];
}
