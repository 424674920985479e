import type { z } from 'zod';
import type { Alert } from '../../alerts/alert.ts';
import { listAlerts, readAlerts, reportsOfAlert } from '../../alerts/alert-list-store.ts';
import { alertEventObject, alertObject } from '../../alerts/payload.ts';
import { readIncidents } from '../../incidents/incident-list-store.ts';
import { Failure, notFound } from '../../runtime/failure.ts';
import { readPage, writeCursor } from '../paging.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/alert.ts';
import { feed } from '../shapes/incident.ts';
import { nothing } from '../shapes/scalars.ts';
import { words } from './incident-filter.ts';
import { feedPage, type IncidentServices } from './incidents.ts';

export function alertRoutes(services: IncidentServices): Route[] {
  return [...operations(services), ...lists(services)];
}

function operations({ alerts }: IncidentServices): Route[] {
  return [
    route({
      path: '/alert/merge',
      summary: 'Moves alerts to an incident.',
      role: 'responder',
      writes: true,
      request: shape.mergeAlerts,
      reply: nothing,
      handle: async (input, call) => {
        const { alert_ids: alertIds, incident_id: incidentId, comment, title, owner_id: ownerId } = input;
        await alerts.merge({ alertIds, incidentId, comment, title, ownerId }, call.person);
        return {};
      },
    }),
    route({
      path: '/alert/close',
      summary: 'Closes alerts by hand, so that they take no more reports.',
      role: 'responder',
      writes: true,
      request: shape.alertIdList,
      reply: nothing,
      handle: async (input, call) => {
        await alerts.close(input.alert_ids, call.person);
        return {};
      },
    }),
  ];
}

function lists(services: IncidentServices): Route[] {
  const { database, directories } = services;
  return [
    route({
      path: '/alert/info',
      summary: 'One alert.',
      role: 'viewer',
      writes: false,
      request: shape.alertRef,
      reply: shape.alert,
      handle: async (input) => {
        const [found] = await shown(services, await readAlerts(database, [input.alert_id]));
        if (found === undefined) throw notFound('alert', input.alert_id);
        return found;
      },
    }),
    route({
      path: '/alert/list',
      summary: 'Alerts that were active in a window.',
      role: 'viewer',
      writes: false,
      request: shape.listAlerts,
      reply: shape.alertList,
      handle: async (input) => listPage(services, input),
    }),
    route({
      path: '/alert/list-by-ids',
      summary: 'Alerts by their ids; one unknown id refuses the call.',
      role: 'viewer',
      writes: false,
      request: shape.alertIdList,
      reply: shape.alertList,
      handle: async (input) => {
        const found = await readAlerts(database, input.alert_ids);
        const missing = input.alert_ids.filter((id) => !found.some((one) => one.alertId === id));
        if (missing.length > 0) throw new Failure('ResourceNotFound', `there is no alert ${missing.join(', ')}`);
        return { items: await shown(services, found), total: found.length, has_next_page: false };
      },
    }),
    route({
      path: '/alert/feed',
      summary: 'The timeline of an alert.',
      role: 'viewer',
      writes: false,
      request: shape.feedOfAlert,
      reply: feed,
      handle: async (input) => {
        const [found] = await readAlerts(database, [input.alert_id]);
        if (found === undefined) throw notFound('alert', input.alert_id);
        return feedPage(services, input.alert_id, input);
      },
    }),
    route({
      path: '/alert/event/list',
      summary: 'The reports that an alert has taken.',
      role: 'viewer',
      writes: false,
      request: shape.listAlertEvents,
      reply: shape.alertEventList,
      handle: async (input) => {
        const page = readPage('alert-event', input);
        const after = page.after === undefined ? '' : String(page.after[0]);
        const { items, total } = await reportsOfAlert(database, input.alert_id, {
          ascending: input.asc,
          ...page,
          after,
        });
        const directory = await directories.current();
        const given = items.slice(0, page.limit);
        const last = given.at(-1);
        const more = items.length > page.limit;
        return {
          items: given.map((one) => alertEventObject(one, directory) as z.input<typeof shape.alertEvent>),
          total,
          has_next_page: more,
          ...(more && last !== undefined ? { search_after_ctx: writeCursor('alert-event', [last.event_id]) } : {}),
        };
      },
    }),
  ];
}

async function listPage(
  services: IncidentServices,
  input: z.output<typeof shape.listAlerts>,
): Promise<z.input<typeof shape.alertList>> {
  const page = readPage('alert', input);
  const listed = await listAlerts(
    services.database,
    {
      startTime: input.start_time * 1000,
      endTime: input.end_time * 1000,
      active: input.is_active,
      everMuted: input.ever_muted,
      severities: words(input.alert_severity),
      channelIds: input.channel_ids,
      integrationIds: input.integration_ids,
      alertIds: input.alert_ids,
      alertKeys: input.alert_keys,
      title: input.title,
    },
    {
      orderBy: input.orderby,
      ascending: input.asc,
      after: page.after === undefined ? undefined : { time: Number(page.after[0]), id: String(page.after[1]) },
      offset: page.offset,
      limit: page.limit,
    },
  );
  const last = listed.items.at(-1);
  const time = input.orderby === 'created_at' ? last?.createdAt : last?.updatedAt;
  return {
    items: await shown(services, listed.items),
    total: listed.total,
    has_next_page: listed.hasNextPage,
    ...(listed.hasNextPage && last !== undefined
      ? { search_after_ctx: writeCursor('alert', [time ?? 0, last.alertId]) }
      : {}),
  };
}

async function shown(services: IncidentServices, alerts: readonly Alert[]): Promise<z.input<typeof shape.alert>[]> {
  const ids = [...new Set(alerts.map((alert) => alert.incidentId).filter((id) => id !== ''))];
  const incidents = new Map((await readIncidents(services.database, ids)).map((one) => [one.incidentId, one]));
  const directory = await services.directories.current();
  return alerts.map(
    (alert) => alertObject(alert, incidents.get(alert.incidentId), directory) as z.input<typeof shape.alert>,
  );
}
