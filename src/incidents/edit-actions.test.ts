import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { ada, disposableDomain, report, type Domain } from '../../test/support/domain.ts';
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
      await using domain = await disposableDomain(open);
      const id = await opened(domain, 'a');
      await domain.edits.reset(
        id,
        { title: 'Disk', impact: 'slow', severity: 'Critical', description: '91% full' },
        ada,
      );
      const events = domain.owed.slice(2);
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
      await domain.edits.reset(id, { title: 'Disk' }, ada);
      assert.equal(domain.owed.length, 5);
      await domain.report(report({ alertKey: 'a', description: 'worse', status: 'Info' }));
      const after = await incident(domain, id);
      assert.deepEqual(
        [after.title, after.severity, after.description, after.manualOverrides],
        ['Disk', 'Critical', 'worse', ['title', 'severity']],
      );
    });

    test('a closed incident may be edited, one that is not there may not', async () => {
      await using domain = await disposableDomain(open);
      const id = await opened(domain, 'a');
      await domain.incidents.resolve([id], {}, ada);
      await domain.edits.reset(id, { rootCause: 'a full disk' }, ada);
      assert.equal(domain.owed.at(-1)?.type, 'i_r_rc');
      assert.equal((await incident(domain, id)).progress, 'Closed');
      await assert.rejects(domain.edits.reset('f'.repeat(24), { title: 'x' }, ada), { code: 'ResourceNotFound' });
    });

    test('merging moves alerts and responders, closes the sources and says so once for each', async () => {
      await using domain = await disposableDomain(open);
      const [target, one, two] = [await opened(domain, 'a'), await opened(domain, 'b'), await opened(domain, 'c')];
      await domain.report(report({ alertKey: 'b', status: 'Ok' }));
      await domain.report(report({ alertKey: 'c', status: 'Critical' }));
      await domain.incidents.acknowledge([two], grace);
      const before = domain.owed.length;
      await domain.edits.merge({ ...merge(target, [one, two, target]), title: 'All', ownerId: 5002 }, ada);
      const events = domain.owed.slice(before);
      assert.deepEqual(
        events.map((event) => [event.type, event.entityId, pushed(event).progress, pushed(event).alert_cnt]),
        [
          ['i_merge', target, 'Triggered', 3],
          ['i_merge', one, 'Closed', 0],
          ['i_merge', two, 'Closed', 0],
        ],
      );
      for (const event of events) assert.deepEqual(event.person, ada);
      const detail = events[0]?.detail ?? {};
      assert.deepEqual(detail['target_incident'], { incident_id: target, title: 'All', progress: 'Triggered' });
      assert.deepEqual(
        (detail['source_incidents'] as { progress: string }[]).map((source) => source.progress),
        ['Closed', 'Closed'],
      );
      assert.equal((detail['source_responders'] as unknown[]).length, 1);
      const after = await incident(domain, target);
      assert.deepEqual(
        [after.title, after.ownerId, after.severity, after.status],
        ['All', 5002, 'Critical', 'Critical'],
      );
      assert.deepEqual(after.statusCounts, { Critical: 1, Warning: 1, Info: 0, Ok: 1, open: 2 });
      assert.deepEqual(
        after.responders.map((responder) => [responder.personId, responder.acknowledgedAt]),
        [[grace.person_id, 0]],
      );
      assert.equal((await alertsIn(domain, target)).length, 3);
      assert.deepEqual(await domain.report(report({ alertKey: 'a', status: 'Ok' })), ['a_update']);
      assert.deepEqual(await domain.report(report({ alertKey: 'c', status: 'Ok' })), ['a_update', 'i_rslv']);
      assert.equal(domain.owed.at(-1)?.entityId, target);
    });

    test('alerts like those of a source find the target, within the channel', async () => {
      await using domain = await disposableDomain(open, { group: byResource });
      const [target, source] = [await opened(domain, 'a', 'x'), await opened(domain, 'b', 'y')];
      await domain.edits.merge(merge(target, [source]), ada);
      assert.deepEqual(await domain.report(report({ alertKey: 'c', labels: { resource: 'y' } })), ['a_new', 'a_merge']);
      assert.equal((await incident(domain, target)).alertCnt, 3);
      const other = await domain.administration.channels.create(
        { name: 'DB', ...defaultSettings, group: byResource },
        0,
      );
      const push = {
        ...domain.push([report({ alertKey: 'd', labels: { resource: 'y' } })]),
        channelId: other.channelId,
      };
      await domain.ingest([push]);
      const elsewhere = domain.owed.at(-1);
      assert.equal(elsewhere?.type, 'i_new');
      await domain.edits.merge(merge(target, [elsewhere.entityId]), ada);
      assert.equal((await incident(domain, target)).alertCnt, 4);
      await domain.ingest([{ ...push, reports: [report({ alertKey: 'e', labels: { resource: 'y' } })] }]);
      assert.equal(domain.owed.at(-1)?.type, 'i_new');
    });

    test('a target that is closed takes no open alerts: they close, and the next report opens anew', async () => {
      await using domain = await disposableDomain(open);
      const [target, source] = [await opened(domain, 'a'), await opened(domain, 'b')];
      await domain.incidents.resolve([target], {}, ada);
      const before = domain.owed.length;
      await domain.edits.merge(merge(target, [source]), ada);
      assert.deepEqual(types(domain.owed.slice(before)), ['i_merge', 'i_merge', 'a_close']);
      const after = await incident(domain, target);
      assert.deepEqual([after.progress, after.alertCnt, after.statusCounts.open], ['Closed', 2, 0]);
      assert.deepEqual(await domain.report(report({ alertKey: 'b' })), ['a_new', 'i_new']);
    });

    test('merges, reports and removals at the same time leave every alert in one incident, counted once', async () => {
      await using domain = await disposableDomain(open, { group: byResource });
      const names = Array.from({ length: 6 }, (_, index) => `r${index}`);
      const ids: string[] = [];
      for (const one of names) ids.push(await opened(domain, one));
      const [a = '', b = '', c = '', d = '', e = '', f = ''] = ids;
      const reports = names.flatMap((resource) =>
        ['x', 'y'].map((more) => report({ alertKey: `${resource}${more}`, labels: { resource } })),
      );
      await Promise.all([
        domain.edits.merge(merge(a, [b, c]), ada),
        domain.report(...reports),
        domain.edits.merge(merge(b, [a, d]), grace),
        domain.edits.remove([f]),
        domain.report(...reports.map((one) => ({ ...one, description: 'changed' }))),
        domain.edits.merge(merge(e, [d]), ada),
      ]);
      const stored = await domain.database.read.selectFrom('alert').select(['alert_id', 'incident_id']).execute();
      const alerts = await readAlerts(
        domain.database,
        stored.map((row) => row.alert_id),
      );
      const incidents = await readIncidents(domain.database, [
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
        if (one.progress === 'Closed') assert.equal(open, 0);
      }
    });

    test('incidents made by hand merge without alerts and keep their status', async () => {
      await using domain = await disposableDomain(open);
      const made = async (title: string) =>
        (
          await domain.incidents.create(
            { title, description: '', severity: 'Info', channelId: 0, fields: {} },
            undefined,
            ada,
          )
        ).incidentId;
      const [target, source] = [await made('one'), await made('two')];
      await domain.edits.merge(merge(target, [source]), ada);
      const after = await incident(domain, target);
      assert.deepEqual([after.status, after.progress, after.alertCnt], ['Info', 'Triggered', 0]);
    });

    test('a merge is refused when nothing is left to merge, and when one incident would hold too many alerts', async () => {
      await using domain = await disposableDomain(open);
      const [target, source] = [await opened(domain, 'a'), await opened(domain, 'b')];
      await assert.rejects(domain.edits.merge(merge(target, [target]), ada), /not the target/);
      await domain.database.transaction((tx) =>
        tx.query.updateTable('incident').set({ alert_cnt: alertsMax }).where('incident_id', '=', source).execute(),
      );
      await assert.rejects(domain.edits.merge(merge(target, [source]), ada), /merge fewer of them/);
      await assert.rejects(domain.edits.merge(merge(target, ['f'.repeat(24)]), ada), { code: 'ResourceNotFound' });
      assert.equal(domain.owed.length, 4);
    });

    test('sources that are removed say goodbye with their last event', async () => {
      await using domain = await disposableDomain(open);
      const [target, source] = [await opened(domain, 'a'), await opened(domain, 'b')];
      await domain.edits.merge({ ...merge(target, [source]), removeSources: true }, ada);
      const last = domain.owed.at(-1);
      assert.deepEqual([last?.type, last?.entityId, last && pushed(last).progress], ['i_merge', source, 'Closed']);
      assert.deepEqual(await readIncidents(domain.database, [source]), []);
      assert.equal((await alertsIn(domain, target)).length, 2);
    });

    test('a removed incident is gone with its alerts and their reports, in pages, and what happened stays told', async () => {
      await using domain = await disposableDomain(open, { group: byResource });
      const keys = Array.from({ length: 150 }, (_, index) => `k${index}`);
      await domain.report(...keys.map((alertKey) => report({ alertKey })));
      const id = domain.owed.find((event) => event.type === 'i_new')?.entityId ?? '';
      const kept = await opened(domain, 'other', 'elsewhere');
      const before = domain.owed.length;
      const alertIds = (await alertsIn(domain, id)).map((alert) => alert.alertId);
      assert.equal(alertIds.length, 150);
      await domain.edits.remove([id]);
      assert.equal(domain.owed.length, before);
      assert.deepEqual(await readIncidents(domain.database, [id]), []);
      assert.deepEqual(await readAlerts(domain.database, alertIds), []);
      const left = await domain.database.read.selectFrom('alert_event').select('alert_key').execute();
      assert.deepEqual(left, [{ alert_key: 'other' }]);
      const feed = await readFeed(domain.database, { entityId: id, types: [], ascending: true, offset: 0, limit: 5 });
      assert.deepEqual(
        feed.map((item) => item.type),
        ['i_new'],
      );
      assert.equal((await incident(domain, kept)).alertCnt, 1);
      await assert.rejects(domain.edits.remove([kept, id]), { code: 'ResourceNotFound' });
      assert.equal((await incident(domain, kept)).alertCnt, 1);
      assert.deepEqual(await domain.report(report({ alertKey: 'k0' })), ['a_new', 'i_new']);
    });

    test('a storm is told once for each threshold, after the alert that brought it', async () => {
      const group = { ...byResource, stormThresholds: [2, 3] };
      await using domain = await disposableDomain(open, { group });
      const [first, ...others] = ['a', 'b', 'c', 'd'].map((alertKey) => report({ alertKey }));
      assert.ok(first);
      assert.deepEqual(await domain.report(first), ['a_new', 'i_new']);
      const seen: string[][] = [];
      for (const one of others) seen.push(await domain.report(one));
      assert.deepEqual(seen, [
        ['a_new', 'a_merge', 'i_storm'],
        ['a_new', 'a_merge', 'i_storm'],
        ['a_new', 'a_merge'],
      ]);
      const storms = domain.owed.filter((event) => event.type === 'i_storm');
      assert.deepEqual(
        storms.map((event) => [event.detail, event.person, pushed(event).alert_cnt]),
        [
          [{ threshold: 2 }, undefined, 2],
          [{ threshold: 3 }, undefined, 3],
        ],
      );
    });

    test('a storm that a hand brought about is told when the next alert joins, and only then', async () => {
      await using domain = await disposableDomain(open, { group: { ...byResource, stormThresholds: [2, 3] } });
      const [target, source] = [await opened(domain, 'a', 'x'), await opened(domain, 'b', 'y')];
      await domain.edits.merge(merge(target, [source]), ada);
      assert.equal(domain.owed.filter((event) => event.type === 'i_storm').length, 0);
      assert.deepEqual(await domain.report(report({ alertKey: 'c', labels: { resource: 'x' } })), [
        'a_new',
        'a_merge',
        'i_storm',
        'i_storm',
      ]);
    });
  });
}

/** @returns the incident that a new alert opens. */
async function opened(domain: Domain, alertKey: string, resource = alertKey): Promise<string> {
  await domain.report(report({ alertKey, labels: { resource } }));
  const last = domain.owed.at(-1);
  assert.equal(last?.type, 'i_new');
  return last.entityId;
}

async function incident(domain: Domain, incidentId: string): Promise<Incident> {
  const [found] = await readIncidents(domain.database, [incidentId]);
  assert.ok(found);
  return found;
}

async function alertsIn(domain: Domain, incidentId: string) {
  const page = { incidentId, active: undefined, offset: 0, limit: 1000 };
  return (await alertsOfIncident(domain.database, page)).items;
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
