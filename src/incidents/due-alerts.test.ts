import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { blankSilence, type SilenceSpec } from '../channels/noise-rule.ts';
import type { Filter } from '../filters/condition.ts';
import { silentLogger } from '../runtime/logger.ts';
import { systemTimers } from '../runtime/timers.ts';
import { DeadlineWorker } from './deadline-worker.ts';
import { resendGraceMs } from './due-alerts.ts';

/** What time alone does to alerts: what muted them ends, and sources fall silent (contract 4.10, 5.3). */

const minutes = (count: number) => count * 60_000;
const severity = (...vals: string[]): Filter => [[{ key: 'severity', oper: 'IN', vals }]];
const always: SilenceSpec = { ...blankSilence, filters: severity('Warning') };
const source = report({ alertKey: 'source', title: 'db-3 is down', status: 'Critical' });

for (const { name, open } of databases) {
  describe(`alerts and time on ${name}`, () => {
    test('what a silence muted is seen when the silence ends, once, whichever of two nodes looks', async () => {
      await using world = await worldOn(open);
      await world.silence({ span: { start: world.clock.now(), end: world.clock.now() + minutes(60) } });
      await world.report(report());
      await world.passes(59);
      assert.deepEqual(world.news(), []);
      world.clock.move(minutes(1));
      await Promise.all([world.worker.keep(), world.second.keep()]);
      assert.deepEqual(world.news(), ['i_new']);
      assert.deepEqual(await world.report(report({ status: 'Ok' })), ['a_update', 'i_rslv']);
    });

    test('an alert that has recovered meanwhile is not', async () => {
      await using world = await worldOn(open);
      await world.silence({ span: { start: world.clock.now(), end: world.clock.now() + minutes(60) } });
      await world.report(report(), report({ alertKey: 'closed' }));
      const [, closed = ''] = world.events.map((event) => event.entityId);
      await world.report(report({ status: 'Ok' }));
      await world.alerts.close([closed], ada);
      world.news();
      await world.passes(60);
      assert.deepEqual(world.news(), []);
    });

    test('a silence under another one goes on', async () => {
      await using world = await worldOn(open);
      const start = world.clock.now();
      await world.silence({ span: { start, end: start + minutes(10) } });
      await world.silence({ span: { start, end: start + minutes(20) } });
      await world.report(report());
      await world.passes(10);
      assert.deepEqual(world.news(), []);
      await world.passes(10);
      assert.deepEqual(world.news(), ['i_new']);
    });

    test('a silence that comes back ends by the clock on the wall', async () => {
      await using world = await worldOn(open);
      const [start, end] = [-30, 30].map((minute) =>
        new Date(world.clock.now() + minutes(minute)).toISOString().slice(11, 16),
      );
      await world.silence({ recurrences: [{ start: start ?? '', end: end ?? '', repeat: [0, 1, 2, 3, 4, 5, 6] }] });
      await world.report(report());
      for (const _ of [15, 14]) await world.passes(15 - 0.5);
      assert.deepEqual(world.news(), []);
      await world.passes(2);
      assert.deepEqual(world.news(), ['i_new']);
    });

    const ends: [string, (world: World, ruleId: string) => Promise<unknown>][] = [
      ['is deleted', (world, ruleId) => world.services.noiseRules.remove(world.ref(ruleId))],
      ['is switched off', (world, ruleId) => world.services.noiseRules.setStatus(world.ref(ruleId), 'disabled', 0)],
      [
        'is changed to other alerts',
        (world, ruleId) =>
          world.services.noiseRules.update(world.ref(ruleId), { spec: { filters: severity('Info') } }, 0),
      ],
    ];
    for (const [what, end] of ends) {
      test(`what a silence without an end muted is seen when it ${what}`, async () => {
        await using world = await worldOn(open);
        const ruleId = await world.silence({});
        await world.report(report());
        await world.passes(100);
        assert.deepEqual(world.news(), []);
        await end(world, ruleId);
        await world.passes(0);
        assert.deepEqual(world.news(), ['i_new']);
      });
    }

    test('an inhibited alert is seen when its source recovers, and stays muted while another source is open', async () => {
      await using world = await worldOn(open);
      await world.inhibit();
      await world.report(source, { ...source, alertKey: 'second' }, report());
      await world.report({ ...source, status: 'Ok' });
      world.news();
      await world.passes(1);
      assert.deepEqual(world.news(), []);
      await world.report({ ...source, alertKey: 'second', status: 'Ok' });
      world.news();
      await world.passes(1);
      assert.deepEqual(world.news(), ['i_new']);
    });

    test('it is seen too when a person closes the incident of the source', async () => {
      await using world = await worldOn(open);
      await world.inhibit();
      await world.report(source, report());
      await world.incidents.resolve([world.events[1]?.entityId ?? ''], {}, ada);
      world.news();
      await world.passes(0);
      assert.deepEqual(world.news(), ['i_new']);
    });

    test('a disabled channel opens no incident when the silence ends, and does once it is enabled again', async () => {
      await using world = await worldOn(open);
      const { channelId } = world.channel;
      await world.silence({ span: { start: world.clock.now(), end: world.clock.now() + minutes(5) } });
      await world.report(report());
      await world.services.channels.setStatus(channelId, 'disabled');
      world.news();
      await world.passes(5);
      assert.deepEqual(world.news(), []);
      await world.services.channels.setStatus(channelId, 'enabled');
      await world.passes(1);
      assert.deepEqual(world.news(), ['i_new']);
    });

    test('an alert that its source does not report again in time has recovered, at that time', async () => {
      await using world = await worldOn(open);
      const expiresAt = world.clock.now() + minutes(4);
      await world.report(report({ expiresAt, startedAt: 1000 }));
      await world.passes(3);
      // An identical report puts the end off.
      assert.deepEqual(await world.report(report({ expiresAt: expiresAt + minutes(3), startedAt: 1000 })), []);
      world.news();
      await world.passes(3);
      assert.deepEqual(world.news(), []);
      await world.passes(1);
      assert.deepEqual(world.news(), ['a_update', 'i_rslv']);
      const { alert } = JSON.parse(world.events.at(-2)?.payload ?? '{}') as { alert: Record<string, unknown> };
      assert.deepEqual([alert['alert_status'], alert['end_time']], ['Ok', Math.floor((expiresAt + minutes(3)) / 1000)]);
      // Its source was away and tells of the same occurrence again: it still fires.
      const again = report({ expiresAt: world.clock.now() + minutes(4), startedAt: 1000 });
      assert.deepEqual(await world.report(again), ['a_new', 'i_new']);
    });

    test('a service that was down waits for the sources before it believes that they fell silent', async () => {
      await using world = await worldOn(open);
      await world.report(report({ expiresAt: world.clock.now() + minutes(4) }));
      world.clock.move(minutes(60));
      const restarted = world.workerOf();
      world.news();
      await restarted.keep();
      assert.deepEqual(world.news(), []);
      world.clock.move(resendGraceMs);
      await restarted.keep();
      assert.deepEqual(world.news(), ['a_update', 'i_rslv']);
    });
  });
}

type World = Awaited<ReturnType<typeof worldOn>>;

async function worldOn(open: Parameters<typeof openTestService>[0]) {
  const service: SourcedService & AsyncDisposable = await openTestService(open);
  const { channelId } = service.channel;
  const { noiseRules } = service.services;
  const workerOf = () => new DeadlineWorker({ ...service.parts, timers: systemTimers, logger: silentLogger });
  let seen = 0;
  return Object.assign(service, {
    workerOf,
    worker: workerOf(),
    second: workerOf(),
    ref: (ruleId: string) => ({ kind: 'silence', channelId, ruleId }) as const,
    silence: async (spec: Partial<SilenceSpec>) =>
      (await noiseRules.create('silence', { channelId, name: 'night', spec: { ...always, ...spec } }, 0)).ruleId,
    inhibit: () => {
      const spec = { sourceFilters: severity('Critical'), targetFilters: severity('Warning'), equals: ['resource'] };
      return noiseRules.create('inhibit', { channelId, name: 'cause', spec: { ...spec, discards: false } }, 0);
    },
    async passes(count: number) {
      service.clock.move(minutes(count));
      await this.worker.keep();
    },
    /** The types of the events since it was asked last, without those of new alerts. */
    news() {
      const types = service.events.slice(seen).map((event) => event.type);
      seen = service.events.length;
      return types.filter((type) => type !== 'a_new');
    },
  });
}
