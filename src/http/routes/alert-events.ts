import type { z } from 'zod';
import { listReports } from '../../alerts/alert-list-store.ts';
import { alertEventObject } from '../../alerts/payload.ts';
import type { Integrations } from '../../ingestion/integrations.ts';
import { sourceOf } from '../../ingestion/integration.ts';
import { invalid } from '../../runtime/failure.ts';
import { readPage, writeCursor } from '../paging.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/alert.ts';
import { windowMaxSeconds } from '../shapes/incident.ts';
import { words } from './incident-filter.ts';
import type { IncidentServices } from './incidents.ts';

export interface AlertEventServices extends Pick<IncidentServices, 'database' | 'directories' | 'clock'> {
  readonly integrations: Integrations;
}

const windowDefaultSeconds = 86_400;
/** What no integration has: an empty list would restrict nothing. */
const noIntegration = [-1];

/** The reports of all alerts, as they came (contract 6.5). */
export function alertEventRoutes(services: AlertEventServices): Route[] {
  return [
    route({
      path: '/alert-event/list',
      summary: 'The reports of a window, of all alerts.',
      role: 'viewer',
      writes: false,
      request: shape.listAllAlertEvents,
      reply: shape.alertEventList,
      handle: async (input) => {
        const page = readPage('alert-events', input);
        const { items, total } = await listReports(
          services.database,
          {
            ...windowOf(input, services.clock.now()),
            statuses: words(input.severities),
            channelIds: input.channel_ids,
            integrationIds: await integrationIds(services, input),
          },
          {
            ascending: input.asc,
            after: page.after === undefined ? undefined : { time: Number(page.after[0]), id: String(page.after[1]) },
            offset: page.offset,
            limit: page.limit,
          },
        );
        const directory = await services.directories.current();
        const given = items.slice(0, page.limit);
        const last = given.at(-1);
        const more = items.length > page.limit;
        return {
          items: given.map((one) => alertEventObject(one, directory) as z.input<typeof shape.alertEvent>),
          total,
          has_next_page: more,
          ...(more && last !== undefined
            ? { search_after_ctx: writeCursor('alert-events', [last.event_time, last.event_id]) }
            : {}),
        };
      },
    }),
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

/** Types stand for the integrations that have them. */
async function integrationIds({ integrations }: AlertEventServices, input: Input): Promise<readonly number[]> {
  if (input.integration_types.length === 0) return input.integration_ids;
  const { list } = await integrations.directory();
  const chosen = list
    .filter((one) => input.integration_types.includes(sourceOf(one).type) || input.integration_types.includes(one.type))
    .map((one) => one.integrationId)
    .filter((id) => input.integration_ids.length === 0 || input.integration_ids.includes(id));
  return chosen.length === 0 ? noIntegration : chosen;
}
