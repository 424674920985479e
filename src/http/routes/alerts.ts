import type { z } from 'zod';
import type { Alert } from '../../alerts/alert.ts';
import { listAlerts, readAlerts, reportsOfAlert } from '../../alerts/alert-list-store.ts';
import { alertEventObject, alertObject } from '../../alerts/alert-payload.ts';
import { readIncidents } from '../../incidents/incident-list-store.ts';
import { Failure, notFound } from '../../runtime/failure.ts';
import { nextPage, readPage } from './paging.ts';
import { command, query, type Route } from './route.ts';
import * as shape from '../schemas/alert.ts';
import { feed } from '../schemas/feed.ts';
import { endOfWindow, words } from './incident-filter.ts';
import { feedPage, type IncidentServices } from './incidents.ts';

export function alertRoutes(services: IncidentServices): Route[] {
  return [...operations(services), ...lists(services)];
}

function operations({ alerts }: IncidentServices): Route[] {
  return [
    command('/alert/merge', 'Moves alerts to an incident.', 'responder', shape.mergeAlerts, async (input, call) => {
      const { alert_ids: alertIds, incident_id: incidentId, comment, title, owner_id: ownerId } = input;
      await alerts.merge({ alertIds, incidentId, comment, title, ownerId }, call.person);
    }),
    command(
      '/alert/close',
      'Closes alerts by hand, so that they take no more reports.',
      'responder',
      shape.alertIdList,
      (input, call) => alerts.close(input.alert_ids, call.person),
    ),
  ];
}

function lists(services: IncidentServices): Route[] {
  const { database, directories } = services;
  return [
    query('/alert/info', 'One alert.', 'viewer', { request: shape.alertRef, reply: shape.alert }, async (input) => {
      const [found] = await shown(services, await readAlerts(database, [input.alert_id]));
      if (found === undefined) throw notFound('alert', input.alert_id);
      return found;
    }),
    query(
      '/alert/list',
      'Alerts that were active in a window.',
      'viewer',
      { request: shape.listAlerts, reply: shape.alertList },
      async (input) => listPage(services, input),
    ),
    query(
      '/alert/list-by-ids',
      'Alerts by their ids; one unknown id refuses the call.',
      'viewer',
      { request: shape.alertIdList, reply: shape.alertList },
      async (input) => {
        const found = await readAlerts(database, input.alert_ids);
        const missing = input.alert_ids.filter((id) => !found.some((one) => one.alertId === id));
        if (missing.length > 0) throw new Failure('ResourceNotFound', `there is no alert ${missing.join(', ')}`);
        return { items: await shown(services, found), total: found.length, has_next_page: false };
      },
    ),
    query(
      '/alert/feed',
      'The timeline of an alert.',
      'viewer',
      { request: shape.feedOfAlert, reply: feed },
      async (input) => {
        const [found] = await readAlerts(database, [input.alert_id]);
        if (found === undefined) throw notFound('alert', input.alert_id);
        return feedPage(services, input.alert_id, input);
      },
    ),
    query(
      '/alert/event/list',
      'The reports that an alert has taken.',
      'viewer',
      { request: shape.listAlertEvents, reply: shape.alertEventList },
      async (input) => {
        const page = readPage('alert-event', input);
        const { items, next, total } = await reportsOfAlert(database, input.alert_id, {
          ...page,
          ascending: input.asc,
        });
        const directory = await directories.current();
        return {
          items: items.map((one) => alertEventObject(one, directory) as z.input<typeof shape.alertEvent>),
          total,
          ...nextPage('alert-event', next),
        };
      },
    ),
  ];
}

async function listPage(
  services: IncidentServices,
  input: z.output<typeof shape.listAlerts>,
): Promise<z.input<typeof shape.alertList>> {
  const list = `alert ${input.orderby}`;
  const page = readPage(list, input);
  const listed = await listAlerts(
    services.database,
    {
      startTime: input.start_time * 1000,
      endTime: endOfWindow(input.end_time * 1000, services.clock.now()),
      active: input.is_active,
      everMuted: input.ever_muted,
      severities: words(input.alert_severity),
      channelIds: input.channel_ids,
      integrationIds: input.integration_ids,
      alertIds: input.alert_ids,
      alertKeys: input.alert_keys,
      title: input.title,
      labels: input.labels,
      byUpdate: input.by_updated_at,
    },
    {
      ...page,
      orderBy: input.orderby,
      ascending: input.asc,
    },
  );
  return {
    items: await shown(services, listed.items),
    total: listed.total,
    ...nextPage(list, listed.next),
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
