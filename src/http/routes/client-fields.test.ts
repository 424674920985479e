import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { startSourcedServer } from '../../../test/support/test-server.ts';
import { ada, report } from '../../../test/support/test-service.ts';

/** What clients of the contract send, each field with the effect that its name promises. */

interface Shown {
  readonly incident_id: string;
  readonly title: string;
  readonly description: string;
  readonly progress: string;
  readonly frequency: string;
  readonly fields: Record<string, unknown>;
  readonly images: readonly { src: string }[];
  readonly owner_id: number;
  readonly links: readonly unknown[];
  readonly deleted_at: number;
}

interface FeedEntry {
  readonly type: string;
  readonly detail: Record<string, unknown>;
}

for (const { name, open } of databases) {
  suite(`fields of clients on ${name}`, () => {
    test('an incident without a title is called by its description, or its severity', async () => {
      await using api = await startSourcedServer(open);
      const titleOf = async (body: object) => (await api.data('/incident/create', body))['title'];
      const described = { incident_severity: 'warning', description: ' Disk full\nsince noon' };
      assert.equal(await titleOf(described), 'Disk full');
      assert.equal(await titleOf({ incident_severity: 'Info', title: '' }), 'Info incident');
      const faces = 'x'.repeat(511) + '\u{1f600}'.repeat(2);
      assert.equal(await titleOf({ incident_severity: 'Info', description: faces }), faces.slice(0, -2));
    });

    test('empty shells and people who are none assign nobody', async () => {
      await using api = await startSourcedServer(open);
      for (const assigned_to of [{ notify: {} }, { person_ids: [], emails: [] }, { type: 'assign' }, null]) {
        const { incident_id } = await api.data('/incident/create', {
          incident_severity: 'Info',
          title: 'x',
          assigned_to,
        });
        const shown = await api.data<{ responders: unknown[] }>('/incident/info', { incident_id });
        assert.deepEqual(shown.responders, []);
      }
      const { incident_id } = await api.data('/incident/create', { incident_severity: 'Info', title: 'x' });
      const refused = await api.call('/incident/assign', { incident_id, assigned_to: { notify: {} } });
      assert.match(refused.body.error?.message ?? '', /assigned_to/);
    });

    test('lists by ids and numbers want no window, and others do', async () => {
      await using api = await startSourcedServer(open);
      const { incident_id } = await api.data('/incident/create', { incident_severity: 'Info', title: 'one' });
      const id = String(incident_id);
      const found = async (body: object) => {
        const { items } = await api.data<{ items: Shown[] }>('/incident/list', body);
        return items.map((one) => one.title);
      };
      assert.deepEqual(await found({ incident_ids: [id] }), ['one']);
      assert.deepEqual(await found({ nums: [id.slice(-6)], limit: 0, progress: 'triggered, CLOSED', query: '' }), [
        'one',
      ]);
      const refused = await api.call('/incident/list', { progress: 'Open' });
      assert.match(
        refused.body.error?.message ?? '',
        /start_time: is required, or incident_ids.*|progress: must be of Triggered, Processing, Closed/,
      );
      assert.match(refused.body.error?.message ?? '', /progress: must be of Triggered, Processing, Closed/);
    });

    test('texts of an acknowledgement and a resolution stand in the timeline and in the incident', async () => {
      await using api = await startSourcedServer(open);
      await api.service.services.fields.create({ name: 'cause', type: 'text', options: [] }, 0);
      const { incident_id } = await api.data('/incident/create', { incident_severity: 'Info', title: 'one' });
      const incident_ids = [incident_id];
      const images = [{ src: 'https://images.example.test/1.png' }];
      await api.data('/incident/ack', { incident_ids, summary: 'I look', custom_fields: { cause: 'disk' }, images });
      await api.data('/incident/ack', { incident_ids, summary: 'still looking' });
      await api.data('/incident/comment', { incident_ids, comment: 'hm', comment_type_id: 7 });
      await api.data('/incident/resolve', {
        incident_ids,
        summary: 'done',
        description: 'It was the disk',
        resolution: 'new disk',
      });
      const shown = await api.data<Shown>('/incident/info', { incident_id });
      assert.deepEqual(
        [shown.progress, shown.description, shown.fields, shown.images],
        ['Closed', 'It was the disk', { cause: 'disk' }, images],
      );
      const { items } = await api.data<{ items: FeedEntry[] }>('/incident/feed', { incident_id, asc: true });
      assert.deepEqual(items.map(({ type, detail }) => [type, detail]).slice(1), [
        ['i_ack', { progress: 'Processing', summary: 'I look' }],
        ['i_r_field', { field_name: 'cause', to: 'disk' }],
        ['i_comm', { comment: 'still looking', mute_reply: false }],
        ['i_comm', { comment: 'hm', mute_reply: false, comment_type_id: 7 }],
        ['i_rslv', { from: 'console', summary: 'done' }],
      ]);
    });

    test('the entry of an assignment says flat who has it', async () => {
      await using api = await startSourcedServer(open);
      const [member] = (await api.service.services.members.people()).members;
      const person_ids = [member?.memberId ?? 0];
      const { incident_id } = await api.data('/incident/create', { incident_severity: 'Info', title: 'one' });
      await api.data('/incident/assign', { incident_id, assigned_to: { person_ids, type: 'reopen' } });
      const { items } = await api.data<{ items: FeedEntry[] }>('/incident/feed', { incident_id, types: ['i_assign'] });
      const { detail = {} } = items[0] ?? {};
      assert.deepEqual([detail['person_ids'], detail['to'], detail['type']], [person_ids, person_ids, 'reopen']);
      assert.ok(Number(detail['assigned_at']) > 0);
    });

    test('what came before makes an incident frequent', async () => {
      await using api = await startSourcedServer(open);
      const fire = async (alertKey: string) => {
        api.service.clock.move(60_000);
        const eventTime = api.service.clock.now();
        await api.service.report(report({ alertKey, title: alertKey, eventTime }));
        await api.service.report(report({ alertKey, title: alertKey, status: 'Ok', eventTime: eventTime + 1000 }));
      };
      await fire('often');
      await fire('often');
      await fire('once');
      const window = { start_time: 1_779_999_000, end_time: 1_780_900_000, asc: true };
      const { items } = await api.data<{ items: Shown[] }>('/incident/list', window);
      assert.deepEqual(
        items.map((one) => `${one.title} ${one.frequency}`),
        ['often rare', 'often frequent', 'once rare'],
      );
      const rare = await api.data<{ items: Shown[] }>('/incident/list', { ...window, is_rare: true });
      assert.equal(rare.items.length, 2);
    });

    test('a push has what the API shows of an incident', async () => {
      await using api = await startSourcedServer(open);
      await api.data('/incident/create', { incident_severity: 'Info', title: 'one' });
      const push = JSON.parse(api.service.events.at(-1)?.payload ?? '{}') as { incident: Shown };
      const { owner_id, links, images, deleted_at } = push.incident;
      assert.deepEqual([owner_id, links, images, deleted_at], [0, [], [], 0]);
    });

    test('alerts are found by a label and a part of the title; fields by query, in an order', async () => {
      await using api = await startSourcedServer(open);
      await api.service.report(report({ alertKey: 'a', title: 'Disk of web-1', labels: { host: 'web-1' } }));
      await api.service.report(report({ alertKey: 'b', title: 'Disk of web-2', labels: { host: 'web-2' } }));
      const titles = async (body: object) => {
        const window = { start_time: 1_779_999_000, end_time: 1_780_900_000 };
        const { items } = await api.data<{ items: Shown[] }>('/alert/list', { ...window, ...body });
        return items.map((one) => one.title);
      };
      assert.deepEqual(await titles({ labels: { host: 'web-2' } }), ['Disk of web-2']);
      assert.deepEqual(await titles({ title: 'WEB-1' }), ['Disk of web-1']);
      assert.deepEqual(await titles({ title: 'disk*-?', by_updated_at: true, asc: true }), [
        'Disk of web-1',
        'Disk of web-2',
      ]);
      for (const field_name of ['alpha', 'beta']) {
        api.service.clock.move(1000);
        await api.data('/field/create', { field_name, field_type: 'text' });
      }
      const names = async (body: object) => {
        const { items } = await api.data<{ items: { field_name: string }[] }>('/field/list', body);
        return items.map((one) => one.field_name);
      };
      assert.deepEqual(await names({ query: 'ALP' }), ['alpha']);
      assert.deepEqual(await names({ orderby: 'field_name', asc: false }), ['beta', 'alpha']);
      assert.deepEqual(await names({ creator_id: ada.person_id + 1 }), []);
    });
  });
}
