import type { z } from 'zod';
import { sharedLabels, type Change } from '../../changes/change.ts';
import { changesAround, listChanges, reportsOfChanges, type ChangeFilter } from '../../changes/change-store.ts';
import type { ChangeEventRow } from '../../database/tables.ts';
import type { Directory } from '../../events/directory.ts';
import { seconds } from '../../events/event.ts';
import type { Filter } from '../../filters/condition.ts';
import { compileFilter } from '../../filters/matcher.ts';
import { readIncidents } from '../../incidents/incident-list-store.ts';
import { invalid, notFound } from '../../runtime/failure.ts';
import * as shape from '../schemas/change.ts';
import { windowMaxSeconds } from '../schemas/incident.ts';
import { words } from './incident-filter.ts';
import type { IncidentServices } from './incidents.ts';
import { nextPage, readPage } from './paging.ts';
import { query, type Route } from './route.ts';

type ChangeRouteServices = Pick<IncidentServices, 'database' | 'directories' | 'clock'>;

const windowDefaultSeconds = 3600;
const hourMs = 3_600_000;

/** Changes of all channels, and around one incident. */
export function changeRoutes(services: ChangeRouteServices): Route[] {
  const { database, directories, clock } = services;
  return [
    query(
      '/change/list',
      'Changes that were under way in a window.',
      'viewer',
      { request: shape.listChanges, reply: shape.changeList },
      async (input) => {
        const orderBy = input.order_by ?? input.orderby ?? 'start_time';
        const list = `change ${orderBy}`;
        const filter = filterOf(input, clock.now());
        const page = { ...readPage(list, input), orderBy, ascending: input.asc };
        const { items, next, total } = await listChanges(database, filter, page);
        const ids = input.include_events ? items.map(({ changeId }) => changeId) : [];
        const reports = await reportsOfChanges(database, ids);
        const directory = await directories.current();
        return {
          items: items.map((one) => changeObject(one, directory, reports.get(one.changeId))),
          total,
          ...nextPage(list, next),
        };
      },
    ),
    query(
      '/incident/change/list',
      'Changes before and during an incident that have labels in common with it.',
      'viewer',
      { request: shape.changesOfIncident, reply: shape.changesOfIncidentList },
      async (input) => {
        const [incident] = await readIncidents(database, [input.incident_id]);
        if (incident === undefined) throw notFound('incident', input.incident_id);
        const { channelId, startTime, closeTime, labels } = incident;
        const to = closeTime === 0 ? clock.now() + hourMs : closeTime;
        const around = await changesAround(database, { channelId, from: startTime - input.hours * hourMs, to });
        const related = around
          .map((one) => ({ one, shared: sharedLabels(one.labels, labels) }))
          .filter(({ shared }) => shared.length > 0);
        const directory = await directories.current();
        const items = related
          .slice(0, input.limit)
          .map(({ one, shared }) => ({ ...changeObject(one, directory), shared_labels: [...shared] }));
        return { items, total: related.length };
      },
    ),
  ];
}

function filterOf(input: z.output<typeof shape.listChanges>, now: number): ChangeFilter {
  return {
    ...windowOf(input, now),
    channelIds: input.channel_ids,
    integrationIds: input.integration_ids,
    changeIds: input.change_ids,
    statuses: words(input.change_status),
    words: [...new Set(input.query.split(/\s+/).filter((word) => word !== ''))],
    labels: input.labels,
    also: conditionOf(input.filters ?? []),
  };
}

function conditionOf(filters: Filter): ChangeFilter['also'] {
  if (filters.length === 0) return undefined;
  const matches = compileFilter(filters);
  return (change) => matches(change);
}

function windowOf(
  { start_time, end_time, change_ids }: z.output<typeof shape.listChanges>,
  now: number,
): { startTime: number; endTime: number } {
  if (change_ids.length > 0 && start_time === undefined && end_time === undefined) {
    return { startTime: 0, endTime: Number.MAX_SAFE_INTEGER };
  }
  // A sender's clock may be ahead of ours.
  const end = end_time ?? Math.ceil(now / 1000) + 300;
  const start = start_time ?? (end_time ?? Math.floor(now / 1000)) - windowDefaultSeconds;
  const field = end_time === undefined ? 'start_time' : 'end_time';
  if (end <= start) throw invalid([{ field, message: 'start_time must be earlier than end_time' }]);
  if (end - start > windowMaxSeconds + 300) {
    throw invalid([{ field, message: 'the window may have 31 days: give an end_time too' }]);
  }
  return { startTime: start * 1000, endTime: end * 1000 + 999 };
}

function changeObject(
  one: Change,
  directory: Directory,
  reports?: readonly ChangeEventRow[],
): z.input<typeof shape.change> {
  const source = directory.source(one.integrationId)?.name ?? '';
  return {
    change_id: one.changeId,
    account_id: directory.accountId,
    channel_id: one.channelId,
    channel_name: directory.channelName(one.channelId),
    channel_status: directory.channelStatus(one.channelId),
    integration_id: one.integrationId,
    integration_name: source,
    data_source_id: one.integrationId,
    data_source_name: source,
    title: one.title,
    description: one.description,
    change_key: one.changeKey,
    change_status: one.status,
    status: one.status,
    link: one.link,
    labels: one.labels,
    start_time: seconds(one.startTime),
    last_time: seconds(one.lastTime),
    end_time: seconds(one.endTime),
    event_cnt: one.eventCnt,
    created_at: seconds(one.createdAt),
    updated_at: seconds(one.updatedAt),
    ...(reports === undefined ? {} : { events: reports.map((report) => eventObject(one.changeKey, report)) }),
  };
}

function eventObject(changeKey: string, row: ChangeEventRow): z.input<typeof shape.changeEvent> {
  return {
    event_id: row.event_id,
    integration_id: row.integration_id,
    title: row.title,
    description: row.description,
    change_key: changeKey,
    change_status: row.status as Change['status'],
    link: row.link,
    event_time: seconds(row.event_time),
    labels: JSON.parse(row.labels_json) as Record<string, string>,
  };
}
