import type { z } from 'zod';
import { seconds } from '../../events/event.ts';
import type { AlertRoute } from '../../ingestion/routing/route.ts';
import type { RouteInput, RouteService } from '../../ingestion/routing/route-service.ts';
import { command, query, type Route } from './route.ts';
import * as shape from '../schemas/alert-route.ts';

export interface AlertRouteServices {
  readonly routes: RouteService;
}

/** Routes of shared integrations (contract 6.9). */
export function alertRouteRoutes({ routes }: AlertRouteServices): Route[] {
  return [
    query(
      '/route/info',
      'Shows the route of a shared integration.',
      'viewer',
      { request: shape.routeRequest, reply: shape.routeReply },
      async (input) => {
        const found = (await routes.directory()).find(input.integration_id);
        return found === undefined ? emptyRoute(input.integration_id) : routeObject(found);
      },
    ),
    query(
      '/route/list',
      'Shows the routes of several integrations; those without one are left out.',
      'viewer',
      { request: shape.routeListRequest, reply: shape.routeListReply },
      async (input) => {
        const directory = await routes.directory();
        const found = [...new Set(input.integration_ids)].flatMap((id) => directory.find(id) ?? []);
        return { items: found.map(routeObject) };
      },
    ),
    command(
      '/route/upsert',
      'Says into which channels a shared integration sends; replaces the route that there is.',
      'admin',
      shape.routeUpsertRequest,
      (input, call) => routes.upsert(routeInput(input), call.person.person_id),
    ),
  ];
}

function routeInput(input: z.output<typeof shape.routeUpsertRequest>): RouteInput {
  return {
    integrationId: input.integration_id,
    cases: (input.cases ?? []).map((one) => {
      const mode = one.routing_mode;
      return {
        if: one.if ?? [],
        mode,
        channelIds: mode === 'name_mapping' ? [] : [...new Set(one.channel_ids)],
        label: mode === 'name_mapping' ? one.name_mapping_label : '',
        fallsThrough: one.fallthrough,
      };
    }),
    defaultChannelIds: input.default ? [...new Set(input.default.channel_ids)] : undefined,
    sections: input.sections ?? [],
    version: input.version,
  };
}

/** An integration without a route sends nowhere. */
function emptyRoute(integrationId: number): z.input<typeof shape.route> {
  return {
    integration_id: integrationId,
    cases: [],
    sections: [],
    status: 'enabled',
    version: 0,
    creator_id: 0,
    updated_by: 0,
    created_at: 0,
    updated_at: 0,
  };
}

function routeObject(one: AlertRoute): z.input<typeof shape.route> {
  return {
    integration_id: one.integrationId,
    cases: one.cases.map((each) => ({
      if: each.if.map((condition) => ({ ...condition, vals: [...condition.vals] })),
      channel_ids: [...each.channelIds],
      fallthrough: each.fallsThrough,
      routing_mode: each.mode,
      name_mapping_label: each.label,
    })),
    ...(one.defaultChannelIds === undefined ? {} : { default: { channel_ids: [...one.defaultChannelIds] } }),
    sections: one.sections.map((section) => ({ ...section })),
    status: 'enabled',
    version: one.version,
    creator_id: one.creatorId,
    updated_by: one.updatedBy,
    created_at: seconds(one.createdAt),
    updated_at: seconds(one.updatedAt),
  };
}
