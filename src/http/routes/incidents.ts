import type { z } from 'zod';
import { alertsOfIncident } from '../../alerts/alert-list-store.ts';
import { alertEventObject, alertObject } from '../../alerts/payload.ts';
import { reportsOfAlert } from '../../alerts/alert-list-store.ts';
import type { Database } from '../../database/database.ts';
import type { Directories, Directory } from '../../events/directory.ts';
import { readFeed, type FeedItem } from '../../events/event-store.ts';
import type { IncidentActions } from '../../incidents/actions.ts';
import type { AlertActions } from '../../incidents/alert-actions.ts';
import type { Incident } from '../../incidents/incident.ts';
import { listIncidents, readIncidentByNum, readIncidents } from '../../incidents/incident-list-store.ts';
import { incidentObject } from '../../incidents/payload.ts';
import type { Clock } from '../../runtime/clock.ts';
import { notFound } from '../../runtime/failure.ts';
import { readPage, writeCursor } from '../paging.ts';
import { route, type Route } from '../route.ts';
import { incidentEditRoutes, type IncidentEditServices } from './incident-edits.ts';
import { incidentFilter, type FilterServices } from './incident-filter.ts';
import { incidentOperationRoutes } from './incident-operations.ts';
import { pastIncidentRoutes } from './past-incidents.ts';
import * as alertShape from '../shapes/alert.ts';
import * as shape from '../shapes/incident.ts';

export interface IncidentServices extends IncidentEditServices, FilterServices {
  readonly database: Database;
  readonly directories: Directories;
  readonly incidents: IncidentActions;
  readonly alerts: AlertActions;
  readonly clock: Clock;
}

/** Reports that come with each alert when they are asked for (contract 6.2). */
const reportsPerAlert = 20;

export function incidentRoutes(services: IncidentServices): Route[] {
  return [
    ...incidentOperationRoutes(services),
    ...incidentEditRoutes(services),
    ...pastIncidentRoutes(services),
    ...lists(services),
  ];
}

function lists(services: IncidentServices): Route[] {
  const { database, directories } = services;
  return [
    route({
      path: '/incident/info',
      summary: 'One incident, by its id or its number.',
      role: 'viewer',
      writes: false,
      request: shape.incidentRef,
      reply: shape.incident,
      handle: async (input) => {
        const found =
          input.incident_id === undefined
            ? await readIncidentByNum(database, input.num ?? '')
            : (await readIncidents(database, [input.incident_id]))[0];
        if (found === undefined) throw notFound('incident', input.incident_id ?? input.num ?? '');
        return shown(found, await directories.current());
      },
    }),
    route({
      path: '/incident/list',
      summary: 'Incidents that started in a window.',
      role: 'viewer',
      writes: false,
      request: shape.listIncidents,
      reply: shape.incidentList,
      handle: async (input, call) => {
        const page = readPage('incident', input);
        const filter = await incidentFilter(services, input, call.person.person_id, services.clock.now());
        const listed = await listIncidents(database, filter, {
          ascending: input.asc,
          after: page.after === undefined ? undefined : { time: Number(page.after[0]), id: String(page.after[1]) },
          offset: page.offset,
          limit: page.limit,
        });
        const directory = await directories.current();
        const last = listed.items.at(-1);
        return {
          items: listed.items.map((one) => shown(one, directory)),
          total: listed.total,
          has_next_page: listed.hasNextPage,
          ...(listed.hasNextPage && last !== undefined
            ? { search_after_ctx: writeCursor('incident', [last.startTime, last.incidentId]) }
            : {}),
        };
      },
    }),
    route({
      path: '/incident/list-by-ids',
      summary: 'Incidents by their ids; unknown ids are left out.',
      role: 'viewer',
      writes: false,
      request: shape.incidentsById,
      reply: shape.incidentList,
      handle: async (input) => {
        const found = await readIncidents(database, input.incident_ids);
        const directory = await directories.current();
        return { items: found.map((one) => shown(one, directory)), total: found.length, has_next_page: false };
      },
    }),
    route({
      path: '/incident/feed',
      summary: 'The timeline of an incident.',
      role: 'viewer',
      writes: false,
      request: shape.feedOfIncident,
      reply: shape.feed,
      handle: async (input) => {
        const [found] = await readIncidents(database, [input.incident_id]);
        if (found === undefined) throw notFound('incident', input.incident_id);
        return feedPage(services, input.incident_id, input);
      },
    }),
    route({
      path: '/incident/alert/list',
      summary: 'The alerts of an incident.',
      role: 'viewer',
      writes: false,
      request: alertShape.alertsOfIncident,
      reply: alertShape.alertsOfIncidentList,
      handle: async (input) => alertsPage(services, input),
    }),
  ];
}

async function alertsPage(
  { database, directories }: IncidentServices,
  input: z.output<typeof alertShape.alertsOfIncident>,
): Promise<z.input<typeof alertShape.alertsOfIncidentList>> {
  const [incident] = await readIncidents(database, [input.incident_id]);
  if (incident === undefined) throw notFound('incident', input.incident_id);
  const offset = (input.p - 1) * input.limit;
  const page = { incidentId: input.incident_id, active: input.is_active, offset, limit: input.limit };
  const { items, total } = await alertsOfIncident(database, page);
  const directory = await directories.current();
  const shownAlerts = items.map(async (one) => {
    const object = alertObject(one, incident, directory);
    if (!input.include_events) return object;
    const reports = await reportsOfAlert(database, one.alertId, {
      ascending: false,
      after: '',
      offset: 0,
      limit: reportsPerAlert - 1,
    });
    return { ...object, events: reports.items.map((report) => alertEventObject(report, directory)) };
  });
  return { items: (await Promise.all(shownAlerts)) as z.input<typeof alertShape.alert>[], total };
}

/** The timeline of an alert or an incident (contract 6.6). */
export async function feedPage(
  services: Pick<IncidentServices, 'database' | 'directories'>,
  entityId: string,
  input: { types: readonly string[]; asc: boolean; p: number; limit: number },
): Promise<z.input<typeof shape.feed>> {
  const { offset, limit } = readPage('feed', input);
  const page = { entityId, types: input.types, ascending: input.asc, offset, limit };
  const items = await readFeed(services.database, page);
  const { accountId } = await services.directories.current();
  return {
    items: items.slice(0, limit).map((item) => shownFeedItem(item, accountId)),
    has_next_page: items.length > limit,
  };
}

function shownFeedItem(item: FeedItem, accountId: number): z.input<typeof shape.feedItem> {
  return {
    ref_id: item.refId,
    type: item.type,
    detail: item.detail,
    account_id: accountId,
    creator_id: item.creatorId,
    created_at: item.createdAt,
    updated_at: item.createdAt,
  };
}

function shown(incident: Incident, directory: Directory): z.input<typeof shape.incident> {
  return incidentObject(incident, directory) as z.input<typeof shape.incident>;
}
