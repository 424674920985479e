import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { databases } from '../../test/support/databases.ts';
import { ada, domainOn, report, type Domain } from '../../test/support/domain.ts';
import { readAlerts } from '../alerts/alert-list-store.ts';
import type { AlertReport, Status } from '../alerts/alert.ts';
import { defaultSettings } from '../channels/channel.ts';
import type { Event } from '../events/event.ts';
import { listIncidents, readIncidents } from '../incidents/incident-list-store.ts';

interface Snapshot {
  readonly incident?: Record<string, unknown> & { incident_id: string };
  readonly alert?: Record<string, unknown> & { alert_id: string; incident?: { incident_id: string } };
  readonly person?: unknown;
}

const snapshot = (event: Event | undefined): Snapshot => JSON.parse(event?.payload ?? '{}') as Snapshot;

const everything = {
  startTime: 0,
  endTime: 9_999_999_999_999,
  progress: [],
  severities: [],
  channelIds: [],
  incidentIds: [],
  nums: [],
  creatorIds: [],
  closerIds: [],
  query: '',
  snoozedAt: undefined,
  everMuted: undefined,
  also: undefined,
} as const;

for (const { name, open } of databases) {
  describe(`on ${name}`, () => {
    test('an alert that fires, changes and recovers gives a_new, i_new, a_update, a_update, i_rslv', async () => {
      await using domain = await disposable(open);
      assert.deepEqual(await domain.report(report()), ['a_new', 'i_new']);
      assert.deepEqual(await domain.report(report({ description: '95% full' })), ['a_update']);
      assert.deepEqual(await domain.report(report({ status: 'Ok' })), ['a_update', 'i_rslv']);
      const resolved = snapshot(domain.owed.at(-1)).incident;
      assert.equal(resolved?.['progress'], 'Closed');
      assert.equal(resolved?.['incident_status'], 'Ok');
      assert.equal(resolved?.['closer_id'], 0);
      assert.equal('closer' in (resolved ?? {}), false);
    });

    test('the snapshot of a new alert names the incident that it is in', async () => {
      await using domain = await disposable(open);
      await domain.report(report());
      const [created, opened] = domain.owed.map(snapshot);
      assert.equal(created?.alert?.incident?.incident_id, opened?.incident?.incident_id);
    });

    test('a duplicate makes no event, and labels that change are kept without one', async () => {
      await using domain = await disposable(open);
      await domain.report(report());
      assert.deepEqual(await domain.report(report()), []);
      assert.deepEqual(await domain.report(report({ labels: { resource: 'db-3', rack: '7' } })), []);
      const [alert] = await readAlerts(domain.database, [domain.owed[0]?.entityId ?? '']);
      assert.deepEqual(alert?.labels, { resource: 'db-3', rack: '7' });
    });

    test('alerts that are alike by rule share an incident, and it closes with the last of them', async () => {
      const group = { method: 'p', equals: [['labels.resource']] } as const;
      await using domain = await disposable(open, { group: { ...noGroup, ...group } });
      const [a, b, c] = ['a', 'b', 'c'].map((alertKey) => report({ alertKey, title: alertKey }));
      assert.ok(a && b && c);
      assert.deepEqual(await domain.report(a, b), ['a_new', 'i_new', 'a_new', 'a_merge']);
      assert.deepEqual(await domain.report(c), ['a_new', 'a_merge']);
      assert.deepEqual(await domain.report(report({ alertKey: 'x', labels: { resource: 'other' } })), [
        'a_new',
        'i_new',
      ]);
      const ok = (one: AlertReport): AlertReport => ({ ...one, status: 'Ok' });
      assert.deepEqual(await domain.report(ok(a), ok(b)), ['a_update', 'a_update']);
      assert.deepEqual(await domain.report(ok(c)), ['a_update', 'i_rslv']);
    });

    test('an incident that a person closes takes its alerts along, and the next report opens anew', async () => {
      await using domain = await disposable(open);
      await domain.report(report());
      const incidentId = domain.owed[1]?.entityId ?? '';
      await domain.incidents.resolve([incidentId], { rootCause: 'a full disk' }, ada);
      assert.deepEqual(
        domain.owed.slice(2).map((event) => event.type),
        ['i_rslv', 'a_close'],
      );
      assert.equal(snapshot(domain.owed[2]).incident?.['root_cause'], 'a full disk');
      assert.deepEqual(snapshot(domain.owed[3]).person, ada);
      assert.deepEqual(await domain.report(report()), ['a_new', 'i_new']);
    });

    test('reports for a channel that is disabled are kept, counted and open nothing', async () => {
      await using domain = await disposable(open);
      const [counts] = await domain.ingest([domain.push([report()], 0)]);
      assert.equal(counts?.unrouted, 1);
      assert.equal(domain.owed.length, 0);
    });

    test('an unknown id refuses the whole operation and names it', async () => {
      await using domain = await disposable(open);
      await domain.report(report());
      const known = domain.owed[1]?.entityId ?? '';
      const unknown = 'ffffffffffffffffffffffff';
      await assert.rejects(domain.incidents.acknowledge([known, unknown], ada), /there is no incident ffffffff/);
      assert.equal(domain.owed.length, 2);
    });

    test('alerts move to another incident by hand, and the one left empty closes', async () => {
      await using domain = await disposable(open);
      await domain.report(report({ alertKey: 'a' }), report({ alertKey: 'b' }));
      const [alertA, incidentA, , incidentB] = domain.owed.map((event) => event.entityId);
      const merge = { alertIds: [alertA ?? ''], incidentId: incidentB ?? '', comment: '', title: 'Both', ownerId: 0 };
      await domain.alerts.merge(merge, ada);
      assert.deepEqual(
        domain.owed.slice(4).map((event) => [event.type, event.entityId]),
        [
          ['a_merge', alertA],
          ['i_rslv', incidentA],
        ],
      );
      const [target] = await readIncidents(domain.database, [incidentB ?? '']);
      assert.deepEqual([target?.alertCnt, target?.title], [2, 'Both']);
    });

    for (const noisy of [false, true])
      test(`whatever is reported in whatever order${noisy ? ', whatever is muted or dropped' : ''}, sequences have no gaps, times rise, and counts are right`, async () => {
        const keys = ['a', 'b', 'c'];
        const statuses: readonly Status[] = ['Critical', 'Warning', 'Info', 'Ok'];
        const step = fc.record({
          alertKey: fc.constantFrom(...keys),
          status: fc.constantFrom(...statuses),
          description: fc.constantFrom('1', '2'),
          resource: fc.constantFrom('x', 'y'),
        });
        const group = { ...noGroup, method: 'p', equals: [['labels.resource']] } as const;
        await using domain = await disposable(open, { group });
        if (noisy) await addNoise(domain);
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
            async (bodies) => {
              const pushes = bodies.map((steps) =>
                domain.push(steps.map(({ resource, ...rest }) => report({ ...rest, labels: { resource } }))),
              );
              await Promise.all([domain.ingest(pushes.slice(0, 3)), domain.ingest(pushes.slice(3))]);
              holdsTheLaws(domain.owed);
            },
          ),
          { numRuns: 25 },
        );
        await countsAreRight(domain);
      });
  });
}

const noGroup = defaultSettings.group;

async function disposable(open: () => ReturnType<(typeof databases)[number]['open']>, settings = {}) {
  const domain = await domainOn(await open(), settings);
  return Object.assign(domain, { [Symbol.asyncDispose]: () => domain.database.close() });
}

/** Info is dropped at one place, silenced elsewhere, and a Critical alert inhibits the Warnings beside it. */
async function addNoise({ channel: { channelId }, administration: { noiseRules } }: Domain): Promise<void> {
  const is = (key: string, ...vals: string[]) => ({ key, oper: 'IN' as const, vals });
  const dropped = [[is('severity', 'Info'), is('labels.resource', 'x')]];
  await noiseRules.create('drop', { channelId, name: 'drop', spec: { filters: dropped } }, 0);
  const time = { span: undefined, recurrences: [], timeZone: 'UTC', deletesItself: false, fromIncidentId: '' };
  const silence = { filters: [[is('severity', 'Info')]], discards: false, ...time };
  await noiseRules.create('silence', { channelId, name: 'silence', spec: silence }, 0);
  const [sourceFilters, targetFilters] = [[[is('severity', 'Critical')]], [[is('severity', 'Warning')]]];
  const inhibit = { sourceFilters, targetFilters, equals: ['resource'], discards: false };
  await noiseRules.create('inhibit', { channelId, name: 'inhibit', spec: inhibit }, 0);
}

function holdsTheLaws(events: readonly Event[]): void {
  const last = new Map<string, Event>();
  // Two connections may tell of their commits in another order than they committed in.
  for (const event of events.toSorted((a, b) => a.sequence - b.sequence)) {
    const before = last.get(event.entityId);
    assert.equal(event.sequence, (before?.sequence ?? 0) + 1, `${event.type} of ${event.entityId}`);
    if (before !== undefined) assert.ok(event.eventTime > before.eventTime, 'event_time rises');
    assert.notEqual(before?.type, 'i_rslv', 'nothing follows the end of an incident');
    last.set(event.entityId, event);
  }
}

async function countsAreRight(domain: Awaited<ReturnType<typeof domainOn>>): Promise<void> {
  const { items } = await listIncidents(domain.database, everything, {
    ascending: true,
    after: undefined,
    offset: 0,
    limit: 1000,
  });
  const alertIds = [...new Set(domain.owed.filter((event) => event.kind === 'alert').map((event) => event.entityId))];
  const alerts = await readAlerts(domain.database, alertIds);
  for (const incident of items) {
    const inside = alerts.filter((alert) => alert.incidentId === incident.incidentId);
    const open = inside.filter((alert) => alert.progress === 'Triggered');
    assert.deepEqual([incident.alertCnt, incident.statusCounts.open], [inside.length, open.length]);
    assert.equal(incident.progress === 'Closed', open.length === 0);
  }
}
