import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { alertsOfIncident, readAlerts } from '../alerts/alert-list-store.ts';
import { defaultSettings } from '../channels/channel.ts';
import type { Event } from '../events/event.ts';
import { readFeed } from '../events/event-store.ts';
import { alertsMax, type Incident } from './incident.ts';
import { readIncidents } from './incident-list-store.ts';

const byResource = { ...defaultSettings.group, method: 'p', equals: [['labels.resource']] } as const;
const grace = { person_id: 5002, person_name: 'Grace', email: 'grace@example.test' };

for (const { name, open } of databases) {
  suite(`edits of incidents on ${name}`, () => {
    test('a reset gives an event for each field that changes, each with the snapshot after it', async () => {
      await using service = await openTestService(open);
      const id = await opened(service, 'a');
      await service.incidents.reset(
        id,
        { title: 'Disk', impact: 'slow', severity: 'Critical', description: '91% full' },
        ada,
      );
      const events = service.events.slice(2);
      assert.deepEqual(types(events), ['i_r_title', 'i_r_impact', 'i_r_severity']);
      assert.deepEqual(
        events.map((event) => event.severity),
        ['Warning', 'Warning', 'Critical'],
      );
      assert.deepEqual(
        events.map(pushed).map((one) => [one.title, one.impact, one.incident_severity]),
        [
          ['Disk', '', 'Warning'],
          ['Disk', 'slow', 'Warning'],
          ['Disk', 'slow', 'Critical'],
        ],
      );
      await service.incidents.reset(id, { title: 'Disk' }, ada);
      assert.equal(service.events.length, 5);
      await service.report(report({ alertKey: 'a', description: 'worse', status: 'Info' }));
      const after = await incident(service, id);
      assert.deepEqual(
        [after.title, after.severity, after.description, after.manualOverrides],
        ['Disk', 'Critical', 'worse', ['title', 'severity']],
      );
    });

    test('a closed incident may be edited, one that is not there may not', async () => {
      await using service = await openTestService(open);
      const id = await opened(service, 'a');
      await service.incidents.resolve([id], {}, ada);
      await service.incidents.reset(id, { rootCause: 'a full disk' }, ada);
      assert.equal(service.events.at(-1)?.type, 'i_r_rc');
      assert.equal((await incident(service, id)).progress, 'Closed');
      await assert.rejects(service.incidents.reset('f'.repeat(24), { title: 'x' }, ada), { code: 'ResourceNotFound' });
    });

    test('merging moves alerts and responders, closes the sources and says so once for each', async () => {
      await using service = await openTestService(open);
      const [target, one, two] = [await opened(service, 'a'), await opened(service, 'b'), await opened(service, 'c')];
      await service.report(report({ alertKey: 'b', status: 'Ok' }));
      await service.report(report({ alertKey: 'c', status: 'Critical' }));
      await service.incidents.acknowledge([two], grace);
      const before = service.events.length;
      await service.incidents.merge({ ...merge(target, [one, two, target]), title: 'All', ownerId: 5002 }, ada);
      const events = service.events.slice(before);
      assert.deepEqual(
        events.map((event) => [event.type, event.entityId, pushed(event).progress, pushed(event).alert_cnt]),
        [
          ['i_merge', target, 'Triggered', 3],
          ['i_merge', one, 'Closed', 0],
          ['i_merge', two, 'Closed', 0],
          ['i_r_severity', target, 'Triggered', 3],
        ],
      );
      for (const { type, person } of events) assert.deepEqual(person, type === 'i_merge' ? ada : undefined);
      const detail = events[0]?.detail ?? {};
      assert.deepEqual(detail['target_incident'], { incident_id: target, title: 'All', progress: 'Triggered' });
      assert.deepEqual(
        (detail['source_incidents'] as { progress: string }[]).map((source) => source.progress),
        ['Closed', 'Closed'],
      );
      assert.equal((detail['source_responders'] as unknown[]).length, 1);
      const after = await incident(service, target);
      assert.deepEqual(
        [after.title, after.ownerId, after.severity, after.status],
        ['All', 5002, 'Critical', 'Critical'],
      );
      assert.deepEqual(after.statusCounts, { Critical: 1, Warning: 1, Info: 0, Ok: 1, open: 2 });
      assert.deepEqual(
        after.responders.map((responder) => [responder.personId, responder.acknowledgedAt]),
        [[grace.person_id, 0]],
      );
      assert.equal((await alertsIn(service, target)).length, 3);
      assert.deepEqual(await service.report(report({ alertKey: 'a', status: 'Ok' })), ['a_update']);
      assert.deepEqual(await service.report(report({ alertKey: 'c', status: 'Ok' })), ['a_update', 'i_rslv']);
      assert.equal(service.events.at(-1)?.entityId, target);
    });

    test('alerts like those of a source find the target, within the channel', async () => {
      await using service = await openTestService(open, { group: byResource });
      const [target, source] = [await opened(service, 'a', 'x'), await opened(service, 'b', 'y')];
      await service.incidents.merge(merge(target, [source]), ada);
      assert.deepEqual(await service.report(report({ alertKey: 'c', labels: { resource: 'y' } })), [
        'a_new',
        'a_merge',
      ]);
      assert.equal((await incident(service, target)).alertCnt, 3);
      const other = await service.services.channels.create({ name: 'DB', ...defaultSettings, group: byResource }, 0);
      const push = {
        ...service.push([report({ alertKey: 'd', labels: { resource: 'y' } })]),
        channelId: other.channelId,
      };
      await service.ingest([push]);
      const elsewhere = service.events.at(-1);
      assert.equal(elsewhere?.type, 'i_new');
      await service.incidents.merge(merge(target, [elsewhere.entityId]), ada);
      assert.equal((await incident(service, target)).alertCnt, 4);
      await service.ingest([{ ...push, reports: [report({ alertKey: 'e', labels: { resource: 'y' } })] }]);
      assert.equal(service.events.at(-1)?.type, 'i_new');
    });

    test('a target that is closed takes no open alerts: they close, and the next report opens anew', async () => {
      await using service = await openTestService(open);
      const [target, source] = [await opened(service, 'a'), await opened(service, 'b')];
      await service.incidents.resolve([target], {}, ada);
      const before = service.events.length;
      await service.incidents.merge(merge(target, [source]), ada);
      assert.deepEqual(types(service.events.slice(before)), ['i_merge', 'i_merge', 'a_close']);
      const after = await incident(service, target);
      assert.deepEqual([after.progress, after.alertCnt, after.statusCounts.open], ['Closed', 2, 0]);
      assert.deepEqual(await service.report(report({ alertKey: 'b' })), ['a_new', 'i_new']);
    });

    test('merges, reports and removals at the same time leave every alert in one incident, counted once', async () => {
      await using service = await openTestService(open, { group: byResource });
      const names = Array.from({ length: 6 }, (_, index) => `r${index}`);
      const ids: string[] = [];
      for (const one of names) ids.push(await opened(service, one));
      const [a = '', b = '', c = '', d = '', e = '', f = ''] = ids;
      const reports = names.flatMap((resource) =>
        ['x', 'y'].map((more) => report({ alertKey: `${resource}${more}`, labels: { resource } })),
      );
      await Promise.all([
        service.incidents.merge(merge(a, [b, c]), ada),
        service.report(...reports),
        service.incidents.merge(merge(b, [a, d]), grace),
        service.incidents.remove([f]),
        service.report(...reports.map((one) => ({ ...one, description: 'changed' }))),
        service.incidents.merge(merge(e, [d]), ada),
      ]);
      const stored = await service.database.read.selectFrom('alert').select(['alert_id', 'incident_id']).execute();
      const alerts = await readAlerts(
        service.database,
        stored.map((row) => row.alert_id),
      );
      const incidents = await readIncidents(service.database, [
        ...new Set([...ids, ...stored.map((row) => row.incident_id)]),
      ]);
      assert.equal(
        incidents.some((one) => one.incidentId === f),
        false,
      );
      for (const one of alerts) assert.ok(incidents.some((home) => home.incidentId === one.incidentId));
      for (const one of incidents) {
        const inside = alerts.filter((alert) => alert.incidentId === one.incidentId);
        const open = inside.filter((alert) => alert.progress === 'Triggered').length;
        assert.deepEqual([one.alertCnt, one.statusCounts.open], [inside.length, open]);
        const found = (await alertsIn(service, one.incidentId)).map((alert) => alert.alertId);
        assert.deepEqual(found.toSorted(), inside.map((alert) => alert.alertId).toSorted());
        if (one.progress === 'Closed') assert.equal(open, 0);
      }
    });

    test('an alert is found in the incident that it opened, in one that it moved to, and again in its own', async () => {
      await using service = await openTestService(open);
      const [own, other] = [await opened(service, 'a'), await opened(service, 'b')];
      const [alert] = await alertsIn(service, own);
      const alertIds = [alert?.alertId ?? ''];
      for (const [from, to] of [
        [own, other],
        [other, own],
      ] as const) {
        assert.ok((await alertsIn(service, from)).some((one) => one.alertId === alertIds[0]));
        const target = { incidentId: to, alertIds, title: '', comment: '', ownerId: 0 };
        await service.alerts.merge(target, ada);
        assert.ok((await alertsIn(service, from)).every((one) => one.alertId !== alertIds[0]));
        assert.equal((await alertsIn(service, to)).filter((one) => one.alertId === alertIds[0]).length, 1);
      }
    });

    test('a merge of worse alerts raises the severity once, and names nobody; a severity that a person set stays', async () => {
      await using service = await openTestService(open);
      const target = await opened(service, 'a');
      await service.report(report({ alertKey: 'w', title: 'w', status: 'Critical', labels: { resource: 'w' } }));
      const worse = service.events.findLast((event) => event.type === 'i_new')?.entityId ?? '';
      const [mild, set] = [await opened(service, 'b'), await opened(service, 'c')];
      await service.incidents.reset(set, { severity: 'Info' }, ada);
      const rises = async (targetId: string, ...sourceIds: string[]) => {
        const before = service.events.length;
        await service.incidents.merge(merge(targetId, sourceIds), ada);
        const events = service.events.slice(before).filter((event) => event.type === 'i_r_severity');
        return events.map(({ entityId, person, detail }) => ({ entityId, person, detail }));
      };
      const rise = { entityId: target, person: undefined, detail: { from: 'Warning', to: 'Critical' } };
      assert.deepEqual(await rises(target, mild, worse), [rise]);
      assert.deepEqual(await rises(set, target), []);
      assert.equal((await incident(service, set)).severity, 'Info');
    });

    test('incidents made by hand merge without alerts and keep their status', async () => {
      await using service = await openTestService(open);
      const made = async (title: string) =>
        (
          await service.incidents.create(
            { title, description: '', severity: 'Info', channelId: 0, fields: {} },
            undefined,
            ada,
          )
        ).incidentId;
      const [target, source] = [await made('one'), await made('two')];
      await service.incidents.merge(merge(target, [source]), ada);
      const after = await incident(service, target);
      assert.deepEqual([after.status, after.progress, after.alertCnt], ['Info', 'Triggered', 0]);
    });

    test('a merge is refused when nothing is left to merge, and when one incident would hold too many alerts', async () => {
      await using service = await openTestService(open);
      const [target, source] = [await opened(service, 'a'), await opened(service, 'b')];
      await assert.rejects(service.incidents.merge(merge(target, [target]), ada), /not the target/);
      await service.database.transaction((tx) =>
        tx.query.updateTable('incident').set({ alert_cnt: alertsMax }).where('incident_id', '=', source).execute(),
      );
      await assert.rejects(service.incidents.merge(merge(target, [source]), ada), /merge fewer of them/);
      await assert.rejects(service.incidents.merge(merge(target, ['f'.repeat(24)]), ada), { code: 'ResourceNotFound' });
      assert.equal(service.events.length, 4);
    });

    test('sources that are removed say goodbye with their last event', async () => {
      await using service = await openTestService(open);
      const [target, source] = [await opened(service, 'a'), await opened(service, 'b')];
      await service.incidents.merge({ ...merge(target, [source]), removeSources: true }, ada);
      const last = service.events.at(-1);
      assert.deepEqual([last?.type, last?.entityId, last && pushed(last).progress], ['i_merge', source, 'Closed']);
      assert.deepEqual(await readIncidents(service.database, [source]), []);
      assert.equal((await alertsIn(service, target)).length, 2);
    });

    test('a removed incident is gone with its alerts and their reports, in pages, and its events are still delivered', async () => {
      await using service = await openTestService(open, { group: byResource });
      const keys = Array.from({ length: 150 }, (_, index) => `k${index}`);
      await service.report(...keys.map((alertKey) => report({ alertKey })));
      const id = service.events.find((event) => event.type === 'i_new')?.entityId ?? '';
      const kept = await opened(service, 'other', 'elsewhere');
      const before = service.events.length;
      const alertIds = (await alertsIn(service, id)).map((alert) => alert.alertId);
      assert.equal(alertIds.length, 150);
      await service.incidents.remove([id]);
      assert.equal(service.events.length, before);
      assert.deepEqual(await readIncidents(service.database, [id]), []);
      assert.deepEqual(await readAlerts(service.database, alertIds), []);
      const left = await service.database.read.selectFrom('alert_event').select('alert_key').execute();
      assert.deepEqual(left, [{ alert_key: 'other' }]);
      const feed = await readFeed(service.database, { entityId: id, types: [], ascending: true, offset: 0, limit: 5 });
      assert.deepEqual(
        feed.map((item) => item.type),
        ['i_new'],
      );
      assert.equal((await incident(service, kept)).alertCnt, 1);
      await assert.rejects(service.incidents.remove([kept, id]), { code: 'ResourceNotFound' });
      assert.equal((await incident(service, kept)).alertCnt, 1);
      assert.deepEqual(await service.report(report({ alertKey: 'k0' })), ['a_new', 'i_new']);
    });

    test('a storm is announced once for each threshold, after the alert that brought it', async () => {
      const group = { ...byResource, stormThresholds: [2, 3] };
      await using service = await openTestService(open, { group });
      const [first, ...others] = ['a', 'b', 'c', 'd'].map((alertKey) => report({ alertKey }));
      assert.ok(first);
      assert.deepEqual(await service.report(first), ['a_new', 'i_new']);
      const seen: string[][] = [];
      for (const one of others) seen.push(await service.report(one));
      assert.deepEqual(seen, [
        ['a_new', 'a_merge', 'i_storm'],
        ['a_new', 'a_merge', 'i_storm'],
        ['a_new', 'a_merge'],
      ]);
      const storms = service.events.filter((event) => event.type === 'i_storm');
      assert.deepEqual(
        storms.map((event) => [event.detail, event.person, pushed(event).alert_cnt]),
        [
          [{ threshold: 2 }, undefined, 2],
          [{ threshold: 3 }, undefined, 3],
        ],
      );
    });

    test('a storm by a merge is announced when the next alert joins, and only then', async () => {
      await using service = await openTestService(open, { group: { ...byResource, stormThresholds: [2, 3] } });
      const [target, source] = [await opened(service, 'a', 'x'), await opened(service, 'b', 'y')];
      await service.incidents.merge(merge(target, [source]), ada);
      assert.equal(service.events.filter((event) => event.type === 'i_storm').length, 0);
      assert.deepEqual(await service.report(report({ alertKey: 'c', labels: { resource: 'x' } })), [
        'a_new',
        'a_merge',
        'i_storm',
        'i_storm',
      ]);
    });
  });
}

/** @returns the incident that a new alert opens. */
async function opened(service: SourcedService, alertKey: string, resource = alertKey): Promise<string> {
  await service.report(report({ alertKey, labels: { resource } }));
  const last = service.events.at(-1);
  assert.equal(last?.type, 'i_new');
  return last.entityId;
}

async function incident(service: SourcedService, incidentId: string): Promise<Incident> {
  const [found] = await readIncidents(service.database, [incidentId]);
  assert.ok(found);
  return found;
}

async function alertsIn(service: SourcedService, incidentId: string) {
  const page = { incidentId, active: undefined, offset: 0, limit: 1000 };
  return (await alertsOfIncident(service.database.longRead, page)).items;
}

function merge(targetId: string, sourceIds: readonly string[]) {
  return { targetId, sourceIds, title: '', comment: '', ownerId: 0, removeSources: false };
}

function types(events: readonly Event[]): string[] {
  return events.map((event) => event.type);
}

interface Pushed {
  readonly title: string;
  readonly impact: string;
  readonly incident_severity: string;
  readonly progress: string;
  readonly alert_cnt: number;
}

function pushed(event: Event): Pushed {
  return (JSON.parse(event.payload) as { incident: Pushed }).incident;
}
