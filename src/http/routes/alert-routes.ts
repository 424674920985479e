import type { z } from 'zod';
import { seconds } from '../../events/event.ts';
import type { AlertRoute } from '../../ingestion/route.ts';
import type { RouteInput, Routes } from '../../ingestion/routes.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/alert-route.ts';
import { nothing } from '../shapes/scalars.ts';

export interface AlertRouteServices {
  readonly routes: Routes;
}

/** Into which channels shared integrations send (contract 6.9). */
export function alertRouteRoutes({ routes }: AlertRouteServices): Route[] {
  return [
    route({
      path: '/route/info',
      summary: 'Shows the route of a shared integration.',
      role: 'viewer',
      writes: false,
      request: shape.routeRequest,
      reply: shape.routeReply,
      handle: async (input) => {
        const found = (await routes.directory()).find(input.integration_id);
        return found === undefined ? null : routeObject(found);
      },
    }),
    route({
      path: '/route/list',
      summary: 'Shows the routes of several integrations; those without one are left out.',
      role: 'viewer',
      writes: false,
      request: shape.routeListRequest,
      reply: shape.routeListReply,
      handle: async (input) => {
        const directory = await routes.directory();
        const found = [...new Set(input.integration_ids)].flatMap((id) => directory.find(id) ?? []);
        return { items: found.map(routeObject) };
      },
    }),
    route({
      path: '/route/upsert',
      summary: 'Says into which channels a shared integration sends; replaces the route that there is.',
      role: 'admin',
      writes: true,
      request: shape.routeUpsertRequest,
      reply: nothing,
      handle: async (input, call) => {
        await routes.upsert(routeInput(input), call.person.person_id);
        return {};
      },
    }),
  ];
}

function routeInput(input: z.output<typeof shape.routeUpsertRequest>): RouteInput {
  return {
    integrationId: input.integration_id,
    cases: (input.cases ?? []).map((one) => {
      const mode = one.routing_mode === 'name_mapping' ? 'name_mapping' : 'standard';
      return {
        if: one.if ?? [],
        mode,
        channelIds: mode === 'standard' ? [...new Set(one.channel_ids)] : [],
        label: mode === 'standard' ? '' : one.name_mapping_label,
        fallsThrough: one.fallthrough,
      };
    }),
    defaultChannelIds: input.default ? [...new Set(input.default.channel_ids)] : undefined,
    sections: input.sections ?? [],
    version: input.version,
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
