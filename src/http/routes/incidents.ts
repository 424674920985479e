import type { z } from 'zod';
import { alertsOfIncident, reportsOfAlert } from '../../alerts/alert-list-store.ts';
import { alertEventObject, alertObject } from '../../alerts/alert-payload.ts';
import type { Database } from '../../database/database.ts';
import type { Directories } from '../../events/directory.ts';
import { readFeed, type FeedItem } from '../../events/event-store.ts';
import type { IncidentService } from '../../incidents/incident-service.ts';
import type { AlertService } from '../../incidents/alert-service.ts';
import type { Incident } from '../../incidents/incident.ts';
import {
  countIncidents,
  frequentOf,
  listIncidents,
  readIncidentByNum,
  readIncidents,
  type IncidentCount,
} from '../../incidents/incident-list-store.ts';
import { incidentObject } from '../../incidents/incident-payload.ts';
import type { Clock } from '../../runtime/clock.ts';
import { notFound } from '../../runtime/failure.ts';
import { nextOffset, nextPage, readOffset, readPage, type PageInput } from './paging.ts';
import { query, type Route } from './route.ts';
import { incidentEditRoutes, type IncidentEditServices } from './incident-edits.ts';
import { incidentFilter, type FilterServices } from './incident-filter.ts';
import { incidentOperationRoutes } from './incident-operations.ts';
import { pastIncidentRoutes } from './past-incidents.ts';
import * as alertShape from '../schemas/alert.ts';
import * as feedShape from '../schemas/feed.ts';
import * as shape from '../schemas/incident.ts';
import * as statsShape from '../schemas/incident-stats.ts';

export interface IncidentServices extends IncidentEditServices, FilterServices {
  readonly database: Database;
  readonly directories: Directories;
  readonly incidents: IncidentService;
  readonly alerts: AlertService;
  readonly clock: Clock;
}

/** Reports per alert when they are asked for (contract 6.2). */
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
  const { database } = services;
  return [
    query(
      '/incident/info',
      'One incident, by its id or its number.',
      'viewer',
      { request: shape.incidentRef, reply: shape.incident },
      async (input) => {
        const found =
          input.incident_id === undefined
            ? await readIncidentByNum(database, input.num ?? '')
            : (await readIncidents(database, [input.incident_id]))[0];
        if (found === undefined) throw notFound('incident', input.incident_id ?? input.num ?? '');
        const [object] = await shownAll(services, [found]);
        if (object === undefined) throw notFound('incident', found.incidentId);
        return object;
      },
    ),
    query(
      '/incident/list',
      'Incidents that started in a window.',
      'viewer',
      { request: shape.listIncidents, reply: shape.incidentList },
      async (input, call) => {
        const page = readPage('incident', input);
        const filter = await incidentFilter(services, input, call.person.person_id, services.clock.now());
        const bySeverity = input.orderby === 'severity';
        const listed = await listIncidents(database, filter, { ...page, ascending: input.asc, bySeverity });
        return {
          items: await shownAll(services, listed.items),
          total: listed.total,
          ...nextPage('incident', listed.next),
          ...(listed.hasMore === true ? { has_next_page: true } : {}),
        };
      },
    ),
    query(
      '/incident/stats',
      'Counts incidents by their progress, severity and channel.',
      'viewer',
      { request: statsShape.incidentStatsRequest, reply: statsShape.incidentStats },
      async (input, call) => {
        const now = services.clock.now();
        const counts = await countIncidents(
          database,
          await incidentFilter(services, input, call.person.person_id, now),
        );
        return statsObject(counts);
      },
    ),
    query(
      '/incident/list-by-ids',
      'Incidents by their ids; unknown ids are left out.',
      'viewer',
      { request: shape.incidentsById, reply: shape.incidentList },
      async (input) => {
        const found = await readIncidents(database, input.incident_ids);
        return { items: await shownAll(services, found), total: found.length, has_next_page: false };
      },
    ),
    query(
      '/incident/feed',
      'The timeline of an incident.',
      'viewer',
      { request: feedShape.feedOfIncident, reply: feedShape.feed },
      async (input) => {
        const [found] = await readIncidents(database, [input.incident_id]);
        if (found === undefined) throw notFound('incident', input.incident_id);
        return feedPage(services, input.incident_id, input);
      },
    ),
    query(
      '/incident/alert/list',
      'The alerts of an incident.',
      'viewer',
      { request: alertShape.alertsOfIncident, reply: alertShape.alertsOfIncidentList },
      async (input) => alertsPage(services, input),
    ),
  ];
}

function statsObject(counts: readonly IncidentCount[]): z.input<typeof statsShape.incidentStats> {
  const of = (fits: (one: IncidentCount) => boolean) => counts.filter(fits).reduce((sum, { count }) => sum + count, 0);
  const channelIds = [...new Set(counts.map(({ channelId }) => channelId))];
  return {
    total: of(() => true),
    by_progress: {
      Triggered: of(({ progress }) => progress === 'Triggered'),
      Processing: of(({ progress }) => progress === 'Processing'),
      Closed: of(({ progress }) => progress === 'Closed'),
    },
    by_severity: {
      Critical: of(({ severity }) => severity === 'Critical'),
      Warning: of(({ severity }) => severity === 'Warning'),
      Info: of(({ severity }) => severity === 'Info'),
    },
    by_channel: channelIds.map((id) => ({ channel_id: id, count: of(({ channelId }) => channelId === id) })),
  };
}

async function alertsPage(
  { database, directories }: IncidentServices,
  input: z.output<typeof alertShape.alertsOfIncident>,
): Promise<z.input<typeof alertShape.alertsOfIncidentList>> {
  const [incident] = await readIncidents(database, [input.incident_id]);
  if (incident === undefined) throw notFound('incident', input.incident_id);
  const { offset } = readOffset('incident-alerts', input);
  const page = { incidentId: input.incident_id, active: input.is_active, offset, limit: input.limit };
  const { items, total } = await alertsOfIncident(database.longRead, page);
  const directory = await directories.current();
  const shownAlerts = items.map(async (one) => {
    const object = alertObject(one, incident, directory);
    if (!input.include_events) return object;
    const reports = await reportsOfAlert(database, one.alertId, {
      ascending: false,
      after: undefined,
      offset: 0,
      limit: reportsPerAlert,
    });
    return { ...object, events: reports.items.map((report) => alertEventObject(report, directory)) };
  });
  const next = nextOffset('incident-alerts', page, input.limit > 0 && total > offset + input.limit);
  return { items: (await Promise.all(shownAlerts)) as z.input<typeof alertShape.alert>[], total, ...next };
}

/** The timeline of an alert or an incident (contract 6.6). */
export async function feedPage(
  services: Pick<IncidentServices, 'database' | 'directories'>,
  entityId: string,
  input: PageInput & { types: readonly string[]; asc: boolean },
): Promise<z.input<typeof feedShape.feed>> {
  const { offset, limit } = readOffset('feed', input);
  const page = { entityId, types: input.types, ascending: input.asc, offset, limit };
  const items = await readFeed(services.database, page);
  const { accountId } = await services.directories.current();
  return {
    items: items.slice(0, limit).map((item) => shownFeedItem(item, accountId)),
    has_next_page: items.length > limit,
    ...nextOffset('feed', { offset, limit }, items.length > limit),
  };
}

function shownFeedItem(item: FeedItem, accountId: number): z.input<typeof feedShape.feedItem> {
  return {
    ref_id: item.refId,
    event_id: item.eventId,
    sequence: item.sequence,
    type: item.type,
    detail: detailOf(item),
    account_id: accountId,
    creator_id: item.creatorId,
    created_at: item.createdAt,
    updated_at: item.createdAt,
  };
}

/** Clients read who has an incident beside the other fields of the entry, and inside `assigned_to` (contract 6.6). */
function detailOf({ type, detail }: FeedItem): Record<string, unknown> {
  const assignment = detail['assigned_to'];
  if (type !== 'i_assign' || typeof assignment !== 'object' || assignment === null) return detail;
  return { person_ids: detail['to'], ...assignment, ...detail };
}

async function shownAll(
  { database, directories }: IncidentServices,
  incidents: readonly Incident[],
): Promise<z.input<typeof shape.incident>[]> {
  const ids = incidents.map((one) => one.incidentId);
  const [directory, frequent] = [await directories.current(), await frequentOf(database, ids)];
  return incidents.map((one) => {
    const frequency = frequent.has(one.incidentId) ? 'frequent' : 'rare';
    return { ...incidentObject(one, directory), frequency } as z.input<typeof shape.incident>;
  });
}
