import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { TestClock } from '../../test/support/test-service.ts';
import { planOf, statements } from '../../test/support/query-plans.ts';
import type { Database } from '../database/database.ts';
import { systemIds } from '../runtime/ids.ts';
import { systemRandom } from '../runtime/random.ts';
import type { ChangeReport } from './change.ts';
import { changesKeptDays, ChangeService } from './change-service.ts';
import { changesAround, listChanges, reportsOfChanges, type ChangeFilter, type ChangePage } from './change-store.ts';

const place = { integrationId: 3001, channelId: 2001 };
const start = 1_780_000_000_000;
const dayMs = 86_400_000;
const report = (more: Partial<ChangeReport> = {}): ChangeReport => ({
  changeKey: 'deploy-7',
  title: 'pay 1.2',
  description: 'by Ada',
  status: 'Processing',
  labels: { service: 'pay' },
  link: '',
  eventTime: start,
  ...more,
});
const all: ChangeFilter = {
  startTime: 0,
  endTime: Number.MAX_SAFE_INTEGER,
  channelIds: [],
  integrationIds: [],
  changeIds: [],
  statuses: [],
  words: [],
  labels: {},
  also: undefined,
};
const page: ChangePage = { orderBy: 'start_time', ascending: false, after: undefined, offset: 0, limit: 20 };

async function serviceOn(open: () => Promise<Database>) {
  const database = await open();
  const clock = new TestClock(start);
  const changes = new ChangeService({ database, clock, ids: systemIds(clock, systemRandom) });
  return { database, clock, changes, [Symbol.asyncDispose]: () => database.close() };
}

for (const { name, open } of databases) {
  suite(`changes on ${name}`, () => {
    test('reports of one key at the same moment are one change with all of them', async () => {
      await using given = await serviceOn(open);
      const { database, changes } = given;
      const statuses = ['Planned', 'Ready', 'Processing', 'Done'] as const;
      const recorded = await Promise.all(
        statuses.map((status, index) => changes.record(place, report({ status, eventTime: start + index }))),
      );
      assert.equal(new Set(recorded.map(({ changeId }) => changeId)).size, 1);
      const { items, total } = await listChanges(database, all, page);
      assert.deepEqual([total, items[0]?.status, items[0]?.eventCnt], [1, 'Done', 4]);
      const reports = await reportsOfChanges(database, [items[0]?.changeId ?? '']);
      assert.deepEqual(new Set(reports.get(items[0]?.changeId ?? '')?.map(({ status }) => status)), new Set(statuses));
      await changes.record(place, report({ status: 'Done', eventTime: start + 3 }));
      assert.equal((await listChanges(database, all, page)).items[0]?.eventCnt, 4, 'a repetition is not counted');
      await changes.record({ ...place, integrationId: 3002 }, report());
      assert.equal((await listChanges(database, all, page)).total, 2, 'a key belongs to its integration');
    });

    test('a list finds them by each condition, page by page in both orders', async () => {
      await using given = await serviceOn(open);
      const { database, changes } = given;
      for (let index = 0; index < 5; index += 1) {
        await changes.record(
          { integrationId: 3000 + index, channelId: 2000 + index },
          report({
            changeKey: `key-${index}`,
            title: `title ${index}`,
            description: index === 1 ? '50% of_all' : '',
            labels: { service: `s${index}`, note: 'Größe' },
            status: index === 2 ? 'Canceled' : 'Done',
            eventTime: start + index * 1000,
          }),
        );
      }
      const keys = async (filter: Partial<ChangeFilter>) =>
        (await listChanges(database, { ...all, ...filter }, page)).items.map(({ changeKey }) => changeKey);
      const [third] = (await listChanges(database, { ...all, channelIds: [2002] }, page)).items;
      const rows: readonly [filter: Partial<ChangeFilter>, found: string[]][] = [
        [{}, ['key-4', 'key-3', 'key-2', 'key-1', 'key-0']],
        [{ startTime: start + 3000 }, ['key-4', 'key-3']],
        [{ endTime: start + 1000 }, ['key-1', 'key-0']],
        [{ channelIds: [2002] }, ['key-2']],
        [{ integrationIds: [3003] }, ['key-3']],
        [{ changeIds: [third?.changeId ?? ''] }, ['key-2']],
        [{ statuses: ['Canceled'] }, ['key-2']],
        [{ words: ['TITLE', '4'] }, ['key-4']],
        [{ words: ['50%', 'of_'] }, ['key-1']],
        [{ words: ['KEY-3'] }, ['key-3']],
        [{ words: ['größe', 's3'] }, ['key-3']],
        [{ labels: { service: 's0' } }, ['key-0']],
        [{ labels: { service: 's' } }, []],
      ];
      for (const [filter, found] of rows) assert.deepEqual(await keys(filter), found, JSON.stringify(filter));
      for (const orderBy of ['start_time', 'last_time'] as const) {
        for (const ascending of [true, false]) {
          const seen: string[] = [];
          let after: ChangePage['after'];
          do {
            const { items, next } = await listChanges(database, all, { ...page, orderBy, ascending, after, limit: 2 });
            seen.push(...items.map(({ changeKey }) => changeKey));
            after = next;
          } while (after !== undefined);
          const whole = ['key-0', 'key-1', 'key-2', 'key-3', 'key-4'];
          assert.deepEqual(seen, ascending ? whole : whole.toReversed());
        }
      }
    });

    test('around an incident are those of its channel and of none, in the window', async () => {
      await using given = await serviceOn(open);
      const { database, changes } = given;
      for (const [changeKey, channelId, at] of [
        ['here', 2001, 0],
        ['of no channel', 0, 1000],
        ['elsewhere', 2002, 0],
        ['too early', 2001, -2 * dayMs],
        ['too late', 2001, 2 * dayMs],
      ] as const) {
        await changes.record({ integrationId: 3001, channelId }, report({ changeKey, eventTime: start + at }));
      }
      const found = await changesAround(database, { channelId: 2001, from: start - dayMs, to: start + dayMs });
      assert.deepEqual(
        found.map(({ changeKey }) => changeKey),
        ['of no channel', 'here'],
      );
    });

    test('they go so long after their last report, and their reports with them', async () => {
      await using given = await serviceOn(open);
      const { database, clock, changes } = given;
      await changes.record(place, report({ changeKey: 'old' }));
      clock.move(dayMs);
      await changes.record(place, report({ changeKey: 'new' }));
      const end = start + changesKeptDays * dayMs;
      assert.equal(await changes.purge(end, 10), 0);
      assert.equal(await changes.purge(end + 1, 10), 1);
      const left = await database.read.selectFrom('change').select('change_key').execute();
      const reports = await database.read.selectFrom('change_event').select('title').execute();
      assert.deepEqual([left.map((row) => row.change_key), reports.length], [['new'], 1]);
      assert.equal(await changes.purge(end + 2 * dayMs, 0), 0, 'no more than allowed');
    });

    test('a list and a comparison are read by an index', async () => {
      await using given = await serviceOn(open);
      const { database, changes } = given;
      await changes.record(place, report());
      const rows = Array.from({ length: 1000 }, (_, index) => ({
        change_id: index.toString(16).padStart(24, '0'),
        integration_id: 1,
        channel_id: 1,
        change_key: String(index),
        title: '',
        description: '',
        status: 'Done',
        labels_json: '{}',
        link: '',
        start_time: index,
        last_time: index,
        end_time: index,
        event_cnt: 1,
        created_at: index,
        updated_at: index,
      }));
      await database.transaction((tx) => tx.insertMany('change', rows));
      const plans: string[] = [];
      const window = { ...all, startTime: 500, endTime: 510 };
      for (const orderBy of ['start_time', 'last_time'] as const) {
        const asked = await statements(database, (longRead) =>
          listChanges({ ...database, longRead }, window, { ...page, orderBy }),
        );
        for (const query of asked) plans.push(await planOf(database, query));
      }
      const around = await statements(database, (longRead) =>
        changesAround({ ...database, longRead }, { channelId: 1, from: 990, to: 995 }),
      );
      for (const query of around) plans.push(await planOf(database, query));
      assert.equal(plans.length, 5);
      if (name === 'sqlite') for (const plan of plans) assert.match(plan, /USING INDEX change_(start|last)/, plan);
    });
  });
}
