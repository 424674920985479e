import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { alertRow, incidentRow } from '../../test/support/incident-rows.ts';
import { openHeard } from '../../test/support/query-plans.ts';
import { alertsOfIncident, reportsOfAlert, titlesOfAlerts } from '../alerts/alert-list-store.ts';
import { AlertStore } from '../alerts/alert-store.ts';
import type { Database, Transaction } from '../database/database.ts';
import { readEventsAfter, readFeed } from '../events/event-store.ts';
import { titlesOfIncidents } from './incident-list-store.ts';
import { IncidentStore } from './incident-store.ts';

/*
 * What a report and an action ask about alerts and incidents, and the parts of their pages, is found by an index, with and
 * without statistics, on both databases. `deadline-plans.test.ts` and `list-plans.test.ts` have the others.
 */

interface Asked {
  readonly tx: Transaction;
  readonly database: Database;
  readonly alerts: AlertStore;
  readonly incidents: IncidentStore;
}

const alertIds = [3, 4, 5].map((at) => alertRow(at).alert_id);
const incidentIds = [3, 4, 5].map((at) => incidentRow(at).incident_id);
const [alertId = '', incidentId = ''] = [alertIds[0], incidentIds[0]];
const page = { ascending: false, after: undefined, offset: 0, limit: 20 };

const expected: Readonly<Record<string, readonly [indexes: string, work: (asked: Asked) => Promise<unknown>]>> = {
  'open alerts of a key': ['alert_open', ({ tx, alerts }) => alerts.lockOpen(tx, ['1:key-3', '1:key-4'])],
  'alerts by id': ['alert', ({ tx, alerts }) => alerts.lockByIds(tx, alertIds)],
  'open alerts of an incident': [
    'alert alert_incident incident',
    ({ tx, alerts }) => alerts.openOfIncident(tx, incidentId, 201),
  ],
  'a page of an incident to remove': [
    'alert alert_incident incident',
    ({ tx, alerts }) => alerts.lockPageOfIncident(tx, incidentId, 25),
  ],
  'severities of incidents': ['alert alert_incident incident', ({ tx, alerts }) => alerts.severitiesOf(tx, incidentId)],
  'alerts that move': [
    'alert alert_incident incident',
    ({ tx, alerts }) => alerts.moveAll(tx, [incidentId], 'other', 1),
  ],
  'reports to delete': [
    'alert alert_event_integration alert_event_later',
    ({ tx, alerts }) => alerts.deleteReports(tx, alertIds, 100),
  ],
  'alerts to delete': ['alert', ({ tx, alerts }) => alerts.delete(tx, alertIds)],
  'incidents by id': ['incident', ({ tx, incidents }) => incidents.lockByIds(tx, incidentIds)],
  'incidents of open alerts of a key': [
    'alert_open incident',
    ({ tx, incidents }) => incidents.lockOfOpenAlerts(tx, ['1:key-3', '1:key-4']),
  ],
  'reopened incidents': ['incident', ({ tx, incidents }) => incidents.lockReopened(tx, incidentIds)],
  'incidents of a digest': ['grouping_key', ({ tx, incidents }) => incidents.findGrouped(tx, 3, ['d3', 'd4'])],
  'the newest of a digest': ['grouping_key incident', ({ tx, incidents }) => incidents.listGrouped(tx, 3, 'd3', 200)],
  'active alerts of a channel': [
    'alert_active incident',
    ({ tx, incidents }) => incidents.listActiveAlerts(tx, 3, 200),
  ],
  'keys of incidents': ['grouping_key_incident', ({ tx, incidents }) => incidents.groupingKeysOf(tx, incidentIds)],
  'incidents to delete': ['grouping_key_incident incident', ({ tx, incidents }) => incidents.delete(tx, incidentIds)],
  'titles of alerts': ['alert', ({ tx, database }) => titlesOfAlerts({ ...database, longRead: tx.query }, alertIds)],
  'titles of incidents': [
    'incident',
    ({ tx, database }) => titlesOfIncidents({ ...database, longRead: tx.query }, incidentIds),
  ],
  'a timeline': [
    'event_entity note_entity',
    ({ tx, database }) =>
      readFeed(
        { ...database, longRead: tx.query },
        { entityId: alertId, types: [], ascending: true, offset: 0, limit: 20 },
      ),
  ],
  'events after one': ['event', ({ tx }) => readEventsAfter({ read: tx.query }, '00005', 100)],
  'alerts of an incident': [
    'alert alert_incident incident',
    ({ tx }) => alertsOfIncident(tx.query, { incidentId, active: undefined, offset: 0, limit: 20 }),
  ],
  'reports of an alert': [
    'alert alert_event_integration alert_event_later event_entity',
    ({ tx, database }) => reportsOfAlert({ ...database, longRead: tx.query }, alertId, page),
  ],
};

for (const { name, open } of databases) {
  test(`${name}: each statement about alerts and incidents has its index, with and without statistics`, async () => {
    await using heard = await openHeard(open);
    const { database } = heard;
    await fill(database);
    const [alerts, incidents] = [new AlertStore(database), new IncidentStore(database)];
    const wanted = Object.fromEntries(Object.entries(expected).map(([what, [indexes]]) => [what, indexes]));
    for (const statistics of [false, true]) {
      if (statistics) await heard.analyze();
      const found: Record<string, string> = {};
      for (const [what, [, work]] of Object.entries(expected)) {
        found[what] = await heard.indexes((tx) => work({ tx, database, alerts, incidents }));
      }
      assert.deepEqual(found, wanted, statistics ? 'with statistics' : 'without');
    }
  });
}

async function fill(database: Database): Promise<void> {
  const places = Array.from({ length: 6_000 }, (_, at) => at);
  await database.transaction(async (tx) => {
    await tx.insertMany('incident', places.map(incidentRow));
    await tx.insertMany('alert', places.map(alertRow));
    await tx.insertMany(
      'grouping_key',
      places.map((at) => ({ channel_id: at % 50, digest: `d${at}`, incident_id: incidentRow(at).incident_id })),
    );
    await tx.insertMany(
      'event',
      places.map((at) => ({
        event_id: String(at).padStart(5, '0'),
        entity_kind: 'alert',
        entity_id: alertRow(at).alert_id,
        sequence: 1,
        event_type: 'a_new',
        event_time: at,
        channel_id: at % 50,
        person_id: 0,
        detail_json: '{}',
        payload: 'x'.repeat(300),
        shared_event: '',
        shared_from: 0,
        shared_length: 0,
        shared_at: 0,
      })),
    );
    await tx.insertMany(
      'alert_event',
      places.map((at) => ({
        event_id: String(at).padStart(24, '0'),
        alert_id: alertRow(at).alert_id,
        integration_id: 1,
        channel_id: at % 50,
        alert_key: `key-${at}`,
        title: 'title',
        title_rule: '',
        description: 'x'.repeat(300),
        status: 'Critical',
        event_time: at,
        labels_json: '{}',
        images_json: '[]',
        created_at: at,
        is_later: at % 2,
        labels_from: 0,
        labels_length: 0,
      })),
    );
    await tx.insertMany(
      'note',
      places.map((at) => ({
        note_id: `n${at}`,
        entity_id: alertRow(at).alert_id,
        sequence: 1,
        note_type: 'a_update' as never,
        person_id: 0,
        detail_json: '{}',
        created_at: at,
      })),
    );
  });
}
