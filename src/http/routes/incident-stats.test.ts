import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { startSourcedServer } from '../../../test/support/test-server.ts';

interface Listed {
  readonly items: readonly { readonly title: string; readonly incident_severity: string }[];
  readonly total: number;
  readonly has_next_page: boolean;
}

for (const { name, open } of databases) {
  suite(`open incidents on ${name}`, () => {
    test('are listed without a window however old they are, and the worst first when asked', async () => {
      await using api = await startSourcedServer(open);
      for (const [title, incident_severity] of [
        ['one', 'Info'],
        ['two', 'Critical'],
        ['three', 'Warning'],
        ['four', 'Critical'],
      ] as const) {
        await api.data('/incident/create', { title, incident_severity });
      }
      await api.service.database.transaction((tx) =>
        tx.query.updateTable('incident').set({ start_time: 1_600_000_000_000 }).where('title', '=', 'two').execute(),
      );
      const progress = 'Triggered,Processing';
      const titles = async (input: object) =>
        (await api.data<Listed>('/incident/list', { progress, ...input })).items.map((item) => item.title);
      assert.deepEqual((await titles({})).at(-1), 'two');
      assert.deepEqual(await titles({ orderby: 'severity' }), ['four', 'two', 'three', 'one']);
      assert.deepEqual(await titles({ orderby: 'severity', limit: 2, p: 2 }), ['three', 'one']);
      assert.deepEqual(await titles({ orderby: 'severity', query: 'o' }), ['four', 'two', 'one']);
    });

    test('the worst first go on page after page, as long as a page says that there is a next one', async () => {
      await using api = await startSourcedServer(open);
      for (const title of ['cpu', 'disk', 'memory']) {
        await api.data('/incident/create', { title, incident_severity: 'Warning' });
      }
      // A pattern for the title is applied outside of the database.
      for (const title of ['', '*']) {
        const listed = async (p: number, limit: number) => {
          const request = { progress: 'Triggered', orderby: 'severity', p, limit, title };
          const reply = await api.data<Listed>('/incident/list', request);
          return [reply.items.length, reply.has_next_page];
        };
        assert.deepEqual(await listed(1, 3), [3, false]);
        assert.deepEqual(await listed(1, 2), [2, true]);
        assert.deepEqual(await listed(2, 2), [1, false]);
      }
    });

    test('a window is still needed for closed ones, and each missing end is named', async () => {
      await using api = await startSourcedServer(open);
      const faultsOf = async (input: object) => {
        const { error } = (await api.call('/incident/list', input)).body;
        return ((error?.faults ?? []) as { field: string }[]).map(({ field }) => field);
      };
      assert.deepEqual(await faultsOf({}), ['start_time', 'end_time']);
      assert.deepEqual(await faultsOf({ progress: 'Triggered,Closed' }), ['start_time', 'end_time']);
      assert.deepEqual(await faultsOf({ progress: 'Closed', start_time: 1_700_000_000 }), ['end_time']);
      assert.deepEqual(await faultsOf({ start_time: 1_700_000_000, end_time: 1_800_000_000 }), ['end_time']);
      assert.deepEqual(await faultsOf({ progress: 'Triggered' }), []);
      assert.deepEqual(await faultsOf({ nums: ['ABCDEF'] }), []);
      assert.deepEqual(await faultsOf({ incident_ids: ['a'.repeat(24)] }), []);
      const closed = { start_time: 1_700_000_000, end_time: 1_700_000_001, orderby: 'severity' };
      assert.deepEqual(await faultsOf(closed), ['orderby']);
    });

    test('are counted by what they are, with the filter of the list', async () => {
      await using api = await startSourcedServer(open);
      const made = [];
      for (const [title, incident_severity] of [
        ['disk', 'Info'],
        ['cpu one', 'Critical'],
        ['cpu two', 'Critical'],
        ['memory', 'Warning'],
      ] as const) {
        made.push((await api.data('/incident/create', { title, incident_severity }))['incident_id']);
      }
      await api.data('/incident/ack', { incident_ids: [made[1]] });
      await api.data('/incident/resolve', { incident_ids: [made[3]] });
      const stats = await api.data('/incident/stats', { progress: 'Triggered,Processing' });
      assert.deepEqual(stats, {
        total: 3,
        by_progress: { Triggered: 2, Processing: 1, Closed: 0 },
        by_severity: { Critical: 2, Warning: 0, Info: 1 },
        by_channel: [{ channel_id: 0, count: 3 }],
      });
      const some = await api.data('/incident/stats', { progress: 'Triggered', query: 'cpu' });
      assert.deepEqual([some['total'], some['by_severity']], [1, { Critical: 1, Warning: 0, Info: 0 }]);
      const none = await api.data('/incident/stats', { progress: 'Triggered', channel_ids: [99] });
      assert.deepEqual([none['total'], none['by_channel']], [0, []]);
    });
  });
}
