import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { databases } from '../../test/support/databases.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { readAlerts } from '../alerts/alert-list-store.ts';
import type { AlertReport, Status } from '../alerts/alert.ts';
import { defaultSettings } from '../channels/channel.ts';
import type { Event } from '../events/event.ts';
import { systemClock } from '../runtime/clock.ts';
import { everyIncident } from '../../test/support/incident-rows.ts';
import { listIncidents, readIncidents } from '../incidents/incident-list-store.ts';

interface Snapshot {
  readonly incident?: Record<string, unknown> & { incident_id: string };
  readonly alert?: Record<string, unknown> & { alert_id: string; incident?: { incident_id: string } };
  readonly person?: unknown;
}

const snapshot = (event: Event | undefined): Snapshot => JSON.parse(event?.payload ?? '{}') as Snapshot;

for (const { name, open } of databases) {
  describe(`on ${name}`, () => {
    test('an alert that fires, changes and recovers gives a_new, i_new, a_update, a_update, i_rslv', async () => {
      await using service = await disposable(open);
      assert.deepEqual(await service.report(report()), ['a_new', 'i_new']);
      assert.deepEqual(await service.report(report({ description: '95% full' })), ['a_update']);
      assert.deepEqual(await service.report(report({ status: 'Ok' })), ['a_update', 'i_rslv']);
      const resolved = snapshot(service.events.at(-1)).incident;
      assert.equal(resolved?.['progress'], 'Closed');
      assert.equal(resolved?.['incident_status'], 'Ok');
      assert.equal(resolved?.['closer_id'], 0);
      assert.equal('closer' in (resolved ?? {}), false);
    });

    test('the snapshot of a new alert names the incident that it is in', async () => {
      await using service = await disposable(open);
      await service.report(report());
      const [created, opened] = service.events.map(snapshot);
      assert.equal(created?.alert?.incident?.incident_id, opened?.incident?.incident_id);
    });

    test('a duplicate makes no event, and labels that change are kept without one', async () => {
      await using service = await disposable(open);
      await service.report(report());
      assert.deepEqual(await service.report(report()), []);
      assert.deepEqual(await service.report(report({ labels: { resource: 'db-3', rack: '7' } })), []);
      const [alert] = await readAlerts(service.database, [service.events[0]?.entityId ?? '']);
      assert.deepEqual(alert?.labels, { resource: 'db-3', rack: '7' });
    });

    test('alerts that are alike by rule share an incident, and it closes with the last of them', async () => {
      const group = { method: 'p', equals: [['labels.resource']] } as const;
      await using service = await disposable(open, { group: { ...noGroup, ...group } });
      const [a, b, c] = ['a', 'b', 'c'].map((alertKey) => report({ alertKey, title: alertKey }));
      assert.ok(a && b && c);
      assert.deepEqual(await service.report(a, b), ['a_new', 'i_new', 'a_new', 'a_merge']);
      assert.deepEqual(await service.report(c), ['a_new', 'a_merge']);
      assert.deepEqual(await service.report(report({ alertKey: 'x', labels: { resource: 'other' } })), [
        'a_new',
        'i_new',
      ]);
      const ok = (one: AlertReport): AlertReport => ({ ...one, status: 'Ok' });
      assert.deepEqual(await service.report(ok(a), ok(b)), ['a_update', 'a_update']);
      assert.deepEqual(await service.report(ok(c)), ['a_update', 'i_rslv']);
    });

    test('an incident that a person closes takes its alerts along, and the next report opens anew', async () => {
      await using service = await disposable(open);
      await service.report(report());
      const incidentId = service.events[1]?.entityId ?? '';
      await service.incidents.resolve([incidentId], { rootCause: 'a full disk' }, ada);
      assert.deepEqual(
        service.events.slice(2).map((event) => event.type),
        ['i_rslv', 'a_close'],
      );
      assert.equal(snapshot(service.events[2]).incident?.['root_cause'], 'a full disk');
      assert.deepEqual(snapshot(service.events[3]).person, ada);
      assert.deepEqual(await service.report(report()), ['a_new', 'i_new']);
    });

    test('reports for a channel that is disabled are kept, counted and open nothing', async () => {
      await using service = await disposable(open);
      const [counts] = await service.ingest([service.push([report()], 0)]);
      assert.equal(counts?.unrouted, 1);
      assert.equal(service.events.length, 0);
    });

    test('a transaction takes no further report once it makes as many deliveries as it may', async () => {
      const rows: [deliveriesMax: number, taken: number[]][] = [
        [1, [1]],
        [2, [1]],
        [3, [2]],
        [6, [3]],
        [7, [3, 1]],
        [9, [3, 1, 1]],
        [99, [3, 1, 1]],
      ];
      for (const [deliveriesMax, taken] of rows) {
        await using service = await disposable(open);
        const of = (...keys: string[]) => service.push(keys.map((alertKey) => report({ alertKey, title: alertKey })));
        const results = await service.ingestUpTo({ deliveriesMax }, [of('a', 'b', 'c'), of('d'), of('e')]);
        assert.deepEqual(
          results.map((one) => one.taken),
          taken,
          `up to ${deliveriesMax}`,
        );
        const opened = taken.reduce((sum, one) => sum + one, 0);
        // An alert and its incident, together or not at all.
        assert.equal(service.events.length, 2 * opened);
        assert.deepEqual(
          results.map((one) => one.counts.opened),
          taken,
        );
      }
    });

    test('a transaction takes no further report once it has taken long, but always one', async () => {
      const rows: [takesMaxMs: number, taken: number[]][] = [
        [0, [1]],
        [1, [1]],
        [25, [3]],
        [35, [3, 1]],
        [99, [3, 1, 1]],
      ];
      for (const [takesMaxMs, taken] of rows) {
        await using service = await disposable(open);
        let ms = 0;
        const clock = { now: systemClock.now, monotonic: () => (ms += 10) };
        const of = (...keys: string[]) => service.push(keys.map((alertKey) => report({ alertKey, title: alertKey })));
        const results = await service.ingestUpTo({ takesMaxMs, clock }, [of('a', 'b', 'c'), of('d'), of('e')]);
        assert.deepEqual(
          results.map((one) => one.taken),
          taken,
          `${takesMaxMs} ms`,
        );
      }
    });

    test('an unknown id refuses the whole operation and names it', async () => {
      await using service = await disposable(open);
      await service.report(report());
      const known = service.events[1]?.entityId ?? '';
      const unknown = 'ffffffffffffffffffffffff';
      await assert.rejects(service.incidents.acknowledge([known, unknown], ada), /there is no incident ffffffff/);
      assert.equal(service.events.length, 2);
    });

    test('alerts move to another incident by hand, and the one left empty closes', async () => {
      await using service = await disposable(open);
      await service.report(report({ alertKey: 'a' }), report({ alertKey: 'b' }));
      const [alertA, incidentA, , incidentB] = service.events.map((event) => event.entityId);
      const merge = { alertIds: [alertA ?? ''], incidentId: incidentB ?? '', comment: '', title: 'Both', ownerId: 0 };
      await service.alerts.merge(merge, ada);
      assert.deepEqual(
        service.events.slice(4).map((event) => [event.type, event.entityId]),
        [
          ['a_merge', alertA],
          ['i_rslv', incidentA],
        ],
      );
      const [target] = await readIncidents(service.database, [incidentB ?? '']);
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
        await using service = await disposable(open, { group });
        if (noisy) await addNoise(service);
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
            async (bodies) => {
              const pushes = bodies.map((steps) =>
                service.push(steps.map(({ resource, ...rest }) => report({ ...rest, labels: { resource } }))),
              );
              await Promise.all([service.ingest(pushes.slice(0, 3)), service.ingest(pushes.slice(3))]);
              holdsTheLaws(service.events);
            },
          ),
          { numRuns: 25 },
        );
        await countsAreRight(service);
      });
  });
}

const noGroup = defaultSettings.group;

async function disposable(open: () => ReturnType<(typeof databases)[number]['open']>, settings = {}) {
  const service = await openTestService(open, settings);
  return Object.assign(service, { [Symbol.asyncDispose]: () => service.database.close() });
}

/** Info is dropped at one place, silenced elsewhere, and a Critical alert inhibits the Warnings beside it. */
async function addNoise({ channel: { channelId }, services: { noiseRules } }: SourcedService): Promise<void> {
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

async function countsAreRight(service: Awaited<ReturnType<typeof openTestService>>): Promise<void> {
  const { items } = await listIncidents(service.database, everyIncident, {
    ascending: true,
    after: undefined,
    offset: 0,
    limit: 1000,
  });
  const alertIds = [
    ...new Set(service.events.filter((event) => event.kind === 'alert').map((event) => event.entityId)),
  ];
  const alerts = await readAlerts(service.database, alertIds);
  for (const incident of items) {
    const inside = alerts.filter((alert) => alert.incidentId === incident.incidentId);
    const open = inside.filter((alert) => alert.progress === 'Triggered');
    assert.deepEqual([incident.alertCnt, incident.statusCounts.open], [inside.length, open.length]);
    assert.equal(incident.progress === 'Closed', open.length === 0);
  }
}
