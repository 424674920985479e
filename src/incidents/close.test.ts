import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { defaultSettings, type ChannelSettings } from '../channels/channel.ts';
import type { Database } from '../database/database.ts';
import { silentLogger } from '../runtime/logger.ts';
import { closedTogetherMax } from './close.ts';
import { DeadlineWorker } from './deadline-worker.ts';
import { readIncidents } from './incident-list-store.ts';
import { IncidentService } from './incident-service.ts';

const byResource = { ...defaultSettings.group, method: 'p', equals: [['labels.resource']] } as const;
/** Two transactions of the most alerts, and one more alert. */
const many = 2 * closedTogetherMax + 1;

for (const { name, open } of databases) {
  suite(`incidents of many open alerts on ${name}`, () => {
    test('are resolved in several transactions, the incident in the last of them', async () => {
      await using scene = await sceneOn(open);
      const id = await scene.storm('disk', many);
      const commits = await scene.commits(() => scene.service.incidents.resolve([id], { rootCause: 'full' }, ada));
      assert.deepEqual(commits, [
        { a_close: closedTogetherMax },
        { a_close: closedTogetherMax },
        { i_rslv: 1, a_close: 1 },
      ]);
      const incident = await scene.read(id);
      assert.deepEqual([incident?.progress, incident?.statusCounts.open, incident?.rootCause], ['Closed', 0, 'full']);
      assert.ok(scene.service.events.slice(-many - 1).every((event) => event.person?.person_id === ada.person_id));
    });

    test('are resolved in one transaction as long as it may close all of their alerts', async () => {
      await using scene = await sceneOn(open);
      const half = closedTogetherMax / 2;
      const ids = [await scene.storm('disk', half), await scene.storm('cpu', half)];
      const commits = await scene.commits(() => scene.service.incidents.resolve(ids, {}, ada));
      assert.deepEqual(commits, [{ i_rslv: 2, a_close: closedTogetherMax }]);
    });

    test('are closed by fewer at a time where each closing makes many deliveries', async () => {
      await using scene = await sceneOn(open);
      const id = await scene.storm('disk', 30);
      const parts = scene.service.parts;
      const subscribed = { ...parts, fanOut: { ...parts.fanOut, counter: async () => () => 500 } };
      const commits = await scene.commits(() => new IncidentService(subscribed).resolve([id], {}, ada));
      assert.deepEqual(commits, [{ a_close: 10 }, { a_close: 10 }, { i_rslv: 1, a_close: 10 }]);
    });

    test('stay as they are when something of the request is wrong', async () => {
      await using scene = await sceneOn(open);
      const id = await scene.storm('disk', many);
      const before = scene.service.events.length;
      const { incidents } = scene.service;
      await assert.rejects(incidents.resolve([id, 'f'.repeat(24)], {}, ada), { code: 'ResourceNotFound' });
      const note = { summary: '', customFields: { nothing: 1 }, images: [] };
      await assert.rejects(incidents.resolve([id], {}, ada, note), { code: 'InvalidParameter' });
      assert.equal(scene.service.events.length, before);
      assert.equal((await scene.read(id))?.statusCounts.open, many);
    });

    test('close in one look when their time is over', async () => {
      await using scene = await sceneOn(open, { autoResolveTimeoutSeconds: 90 });
      const id = await scene.storm('disk', many);
      const timers = { after: () => () => {}, soon: () => () => {} };
      const worker = new DeadlineWorker({ ...scene.service.parts, timers, logger: silentLogger });
      scene.service.clock.move(90_000);
      const commits = await scene.commits(() => worker.keep());
      assert.deepEqual(commits, [
        { a_close: closedTogetherMax },
        { a_close: closedTogetherMax },
        { i_rslv: 1, a_close: 1 },
      ]);
      assert.equal((await scene.read(id))?.progress, 'Closed');
    });

    test('are merged into an open one with all of their alerts, and into a closed one after these have closed', async () => {
      await using scene = await sceneOn(open);
      const [first, second] = [await scene.storm('disk', many), await scene.storm('cpu', many)];
      const target = await scene.storm('net', 1);
      const rest = { title: '', comment: '', ownerId: 0, removeSources: false };
      const { incidents } = scene.service;
      const merge = () => incidents.merge({ ...rest, targetId: target, sourceIds: [first] }, ada);
      assert.deepEqual(await scene.commits(merge), [{ i_merge: 2 }]);
      assert.equal((await scene.read(target))?.statusCounts.open, many + 1);
      await incidents.resolve([target], {}, ada);
      const late = () => incidents.merge({ ...rest, targetId: target, sourceIds: [second] }, ada);
      assert.deepEqual(await scene.commits(late), [
        { a_close: closedTogetherMax },
        { a_close: closedTogetherMax },
        { i_merge: 2, a_close: 1 },
      ]);
      const after = await scene.read(target);
      assert.deepEqual([after?.alertCnt, after?.statusCounts.open], [2 * many + 1, 0]);
    });
  });
}

async function sceneOn(open: () => Promise<Database>, settings: Partial<ChannelSettings> = {}) {
  let count = () => 0;
  let commits: number[] = [];
  const counted = async (): Promise<Database> => {
    const database = await open();
    return {
      ...database,
      transaction: async (work) => {
        const result = await database.transaction(work);
        commits.push(count());
        return result;
      },
    };
  };
  const service: SourcedService & AsyncDisposable = await openTestService(counted, { group: byResource, ...settings });
  count = () => service.events.length;
  return {
    service,
    read: async (id: string) => (await readIncidents(service.database, [id]))[0],
    /** @returns the incident that holds so many open alerts. */
    async storm(resource: string, alerts: number): Promise<string> {
      const before = service.events.length;
      const reports = Array.from({ length: alerts }, (_, at) =>
        report({ alertKey: `${resource} ${at}`, labels: { resource } }),
      );
      await service.report(...reports);
      return (
        service.events.slice(before).find((event) => event.type === 'i_new')?.entityId ?? assert.fail('none opened')
      );
    },
    /** How many events of each type each transaction made. */
    async commits(work: () => Promise<void>): Promise<Record<string, number>[]> {
      commits = [];
      let from = service.events.length;
      await work();
      const made = commits.map((until) => {
        const types = service.events.slice(from, until).map((event) => event.type);
        from = until;
        return Object.fromEntries(
          [...new Set(types)].map((type) => [type, types.filter((one) => one === type).length]),
        );
      });
      return made.filter((types) => Object.keys(types).length > 0);
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
