import type { z } from 'zod';
import { listReports } from '../../alerts/alert-list-store.ts';
import { alertEventObject } from '../../alerts/alert-payload.ts';
import type { IntegrationService } from '../../ingestion/integration-service.ts';
import { sourceOf } from '../../ingestion/integration.ts';
import { invalid } from '../../runtime/failure.ts';
import { nextPage, readPage } from './paging.ts';
import { query, type Route } from './route.ts';
import * as shape from '../schemas/alert.ts';
import { windowMaxSeconds } from '../schemas/incident.ts';
import { words } from './incident-filter.ts';
import type { IncidentServices } from './incidents.ts';

export interface AlertEventServices extends Pick<IncidentServices, 'database' | 'directories' | 'clock'> {
  readonly integrations: IntegrationService;
}

const windowDefaultSeconds = 86_400;
/** An id that no integration has: an empty list would restrict nothing. */
const noIntegration = [-1];

/** The reports of all alerts (contract 6.5). */
export function alertEventRoutes(services: AlertEventServices): Route[] {
  return [
    query(
      '/alert-event/list',
      'The reports of a window, of all alerts.',
      'viewer',
      { request: shape.listAllAlertEvents, reply: shape.alertEventList },
      async (input) => {
        const page = readPage('alert-events', input);
        const { items, next, total } = await listReports(
          services.database,
          {
            ...windowOf(input, services.clock.now()),
            statuses: words(input.severities),
            channelIds: input.channel_ids,
            integrationIds: await integrationIds(services, input),
          },
          { ...page, ascending: input.asc },
        );
        const directory = await services.directories.current();
        return {
          items: items.map((one) => alertEventObject(one, directory) as z.input<typeof shape.alertEvent>),
          total,
          ...nextPage('alert-events', next),
        };
      },
    ),
  ];
}

type Input = z.output<typeof shape.listAllAlertEvents>;

function windowOf(input: Input, now: number): { startTime: number; endTime: number } {
  const end = input.end_time ?? Math.ceil(now / 1000);
  const start = input.start_time ?? end - windowDefaultSeconds;
  if (end <= start) throw invalid([{ field: 'end_time', message: 'must be later than start_time' }]);
  if (end - start > windowMaxSeconds) {
    throw invalid([{ field: 'end_time', message: 'may be at most 31 days after start_time' }]);
  }
  return { startTime: start * 1000, endTime: end * 1000 + 999 };
}

/** Replaces types by the integrations that have them. */
async function integrationIds({ integrations }: AlertEventServices, input: Input): Promise<readonly number[]> {
  if (input.integration_types.length === 0) return input.integration_ids;
  const { list } = await integrations.directory();
  const chosen = list
    .filter((one) => input.integration_types.includes(sourceOf(one).type) || input.integration_types.includes(one.type))
    .map((one) => one.integrationId)
    .filter((id) => input.integration_ids.length === 0 || input.integration_ids.includes(id));
  return chosen.length === 0 ? noIntegration : chosen;
}
