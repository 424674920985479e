import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { startSourcedServer } from '../../../test/support/test-server.ts';
import { ada, report } from '../../../test/support/test-service.ts';
import { answer } from '../../../test/support/scripted-receiver.ts';

const unknown = 'f'.repeat(24);
const everywhere = { start_time: 1_779_999_000, end_time: 1_780_001_000 };

interface Shown {
  readonly incident_id: string;
  readonly title: string;
  readonly root_cause: string;
  readonly score: number;
  readonly fields: Record<string, unknown>;
}

for (const { name, open } of databases) {
  suite(`edits of incidents over HTTP on ${name}`, () => {
    test('a reset needs at least one field, and names every bad one', async () => {
      await using api = await startSourcedServer(open);
      const incident_id = await made(api, 'one');
      const faults = async (path: string, body: object) => {
        const { status, body: reply } = await api.call(path, { incident_id, ...body });
        return [status, reply.error?.message ?? ''];
      };
      assert.deepEqual(await faults('/incident/reset', {}), [
        400,
        'at least one of title, description, impact, root_cause, resolution, incident_severity is required',
      ]);
      assert.deepEqual(await faults('/incident/reset', { title: ' a ', impact: 'x', incident_severity: 'Ok' }), [
        400,
        'title: must have at least 3 characters; impact: must have at least 3 characters; ' +
          'incident_severity: must be one of "Critical", "Warning", "Info"',
      ]);
      assert.deepEqual(await faults('/incident/title/reset', { title: 'x'.repeat(201) }), [
        400,
        'title: must have at most 200 characters',
      ]);
      assert.deepEqual(await faults('/incident/resolution/reset', {}), [400, 'resolution: is required']);
      await api.data('/incident/root-cause/reset', { incident_id, root_cause: 'x'.repeat(6144), title: 'not this' });
      const shown = await api.data<Shown>('/incident/info', { incident_id });
      assert.deepEqual([shown.title, shown.root_cause.length], ['one', 6144]);
    });

    test('a merge drops the target from its sources and leaves them closed, or gone', async () => {
      await using api = await startSourcedServer(open);
      const [target, one, two] = [await made(api, 'target'), await made(api, 'one'), await made(api, 'two')];
      const body = { target_incident_id: target, title: 'both' };
      await api.data('/incident/merge', { ...body, source_incident_ids: [target, one] });
      await api.data('/incident/merge', { ...body, source_incident_ids: [two], remove_source_incidents: true });
      const { items } = await api.data<{ items: Shown[] }>('/incident/list', { ...everywhere, progress: 'Closed' });
      assert.deepEqual(
        items.map((item) => item.incident_id),
        [one],
      );
      assert.equal((await api.data<Shown>('/incident/info', { incident_id: target })).title, 'both');
      const feed = await api.data<{ items: { type: string; creator_id: number }[] }>('/incident/feed', {
        incident_id: one,
        types: ['i_merge'],
      });
      assert.deepEqual(
        feed.items.map((item) => [item.type, item.creator_id]),
        [['i_merge', ada.person_id]],
      );
      const whole = await api.data<{ items: { event_id: string; sequence: number }[] }>('/incident/feed', {
        incident_id: one,
        asc: true,
      });
      assert.deepEqual(
        whole.items.map((item) => [item.event_id, item.sequence]),
        api.service.events.filter((event) => event.entityId === one).map((event) => [event.eventId, event.sequence]),
      );
      for (const path of ['/incident/info', '/incident/feed', '/incident/alert/list', '/incident/past/list']) {
        assert.equal((await api.call(path, { incident_id: two })).body.error?.code, 'ResourceNotFound', path);
      }
      assert.equal((await api.call('/alert/feed', { alert_id: unknown })).body.error?.code, 'ResourceNotFound');
    });

    test('a removed incident is not found any more, its alerts included', async () => {
      await using api = await startSourcedServer(open);
      await api.service.report(report());
      const [alert, incident] = api.service.events;
      await api.data('/incident/remove', { incident_ids: [incident?.entityId] });
      const gone = [
        await api.call('/incident/info', { incident_id: incident?.entityId }),
        await api.call('/alert/info', { alert_id: alert?.entityId }),
        await api.call('/alert/feed', { alert_id: alert?.entityId }),
        await api.call('/incident/remove', { incident_ids: [incident?.entityId] }),
      ];
      assert.deepEqual(
        gone.map(({ status, body }) => [status, body.error?.code]),
        gone.map(() => [400, 'ResourceNotFound']),
      );
    });

    test('custom fields are made, shown, changed and deleted, and their name and type stay', async () => {
      await using api = await startSourcedServer(open);
      const options = ['low', 'high'];
      const level = { field_name: 'level', field_type: 'single_select', options, default_value: 'low' };
      const { field_id } = await api.data('/field/create', level);
      const { created_at, updated_at, account_id, ...shown } = await api.data('/field/info', { field_id });
      assert.ok(created_at === updated_at && account_id === api.service.account.accountId);
      assert.deepEqual(shown, {
        ...level,
        field_id,
        value_type: 'string',
        display_name: 'level',
        description: '',
        status: 'enabled',
        creator_id: ada.person_id,
        updated_by: ada.person_id,
      });
      const wrong = await api.call('/field/update', { field_id, field_type: 'text', field_name: 'other' });
      assert.match(wrong.body.error?.message ?? '', /field_name: is "level" for good.*field_type: is "single_select"/);
      await api.data('/field/update', { field_id, field_type: 'single_select', default_value: null });
      const { items } = await api.data<{ items: { default_value: unknown }[] }>('/field/list');
      assert.deepEqual(
        items.map((item) => item.default_value),
        [null],
      );
      const bad = { field_name: 'a-b', field_type: 'checkbox', value_type: 'string', options: [''] };
      assert.match((await api.call('/field/create', bad)).body.error?.message ?? '', /field_name: .*options\[0\]: /);
      const incident_id = await made(api, 'one', { fields: { level: 'high' } });
      await api.data('/field/delete', { field_id });
      assert.equal((await api.call('/field/info', { field_id })).body.error?.code, 'ResourceNotFound');
      assert.deepEqual((await api.data<Shown>('/incident/info', { incident_id })).fields, { level: 'high' });
    });

    test('a list is narrowed by labels, by custom fields and by whose channel it is', async () => {
      await using api = await startSourcedServer(open);
      const { service } = api;
      const { fields, teams, channels } = service.services;
      await fields.create({ name: 'level', type: 'multi_select', options: ['low', 'high'] }, 0);
      const high = await made(api, 'high', { fields: { level: ['high'] } });
      await service.report(report());
      const alerted = service.events.at(-1)?.entityId ?? '';
      const ids = async (filter: object) => {
        const { items } = await api.data<{ items: Shown[] }>('/incident/list', { ...everywhere, ...filter });
        return items.map((item) => item.incident_id);
      };
      assert.deepEqual(await ids({ fields: { level: ['high'] } }), [high]);
      assert.deepEqual(await ids({ labels: { resource: 'db-3' } }), [alerted]);
      assert.deepEqual(await ids({ labels: { resource: 'db-4' } }), []);
      assert.deepEqual(await ids({ is_my_team: true }), []);
      const blank = { teamId: undefined, description: undefined, refId: undefined, emails: undefined };
      const more = { phones: undefined, resetIfNameExists: false };
      const [member] = (await service.services.members.people()).members;
      const team = await teams.upsert({ ...blank, ...more, name: 'Web', personIds: [member?.memberId ?? 0] }, 0);
      await channels.update(service.channel.channelId, { teamId: team.teamId });
      assert.deepEqual(await ids({ team_ids: [team.teamId] }), [alerted]);
      assert.deepEqual(await ids({ is_my_channel: true }), []);
      await service.database.transaction((tx) =>
        tx.insertMany('team_member', [{ team_id: team.teamId, member_id: ada.person_id }]),
      );
      await teams.upsert({ ...blank, ...more, name: 'Web', teamId: team.teamId, personIds: undefined }, 0);
      await channels.update(service.channel.channelId, { teamId: 0, managingTeamIds: [team.teamId] });
      assert.deepEqual(await ids({ is_my_team: true }), []);
      assert.deepEqual(await ids({ is_my_channel: true }), [alerted]);
      await channels.update(service.channel.channelId, { teamId: team.teamId });
      assert.deepEqual(await ids({ is_my_team: true }), [alerted]);
      assert.deepEqual(await ids({ team_ids: [team.teamId], channel_ids: [1] }), []);
    });

    test('past incidents are those like it, of its channel and before it, the most alike first', async () => {
      await using api = await startSourcedServer(open);
      const { service } = api;
      const opened = async (title: string, resource: string) => {
        service.clock.move(1000);
        const alertKey = `${title} ${resource} ${service.events.length}`;
        await service.report(report({ alertKey, title, labels: { resource }, eventTime: service.clock.now() }));
        const opened = service.events.at(-1)?.entityId ?? '';
        // Beside an open alert of the same title, the next one's title would say how it differs.
        service.clock.move(1000);
        await service.report(report({ alertKey, title, status: 'Ok', eventTime: service.clock.now() }));
        return opened;
      };
      const titleOnly = await opened('disk usage high', 'db-1');
      const both = await opened('disk usage high', 'db-2');
      await opened('certificate expires', 'db-9');
      const present = await opened('disk usage high', 'db-2');
      await opened('disk usage high', 'db-2');
      const past = async (limit?: number) => {
        const body = { incident_id: present, ...(limit === undefined ? {} : { limit }) };
        const { items } = await api.data<{ items: Shown[] }>('/incident/past/list', body);
        return items.map((item) => [item.incident_id, item.score]);
      };
      assert.deepEqual(await past(), [
        [both, 1],
        [titleOnly, 0.5],
      ]);
      assert.deepEqual(await past(1), [[both, 1]]);
      assert.deepEqual(await past(0), []);
    });

    test('a custom action answers 200 with the reason when the receiver refuses', async () => {
      await using api = await startSourcedServer(open, { script: (socket) => socket.write(answer(404)) });
      const incident_id = await made(api, 'one');
      const { webhooks } = api.service.services;
      const { webhookId } = await webhooks.create('custom_action', { name: 'Restart', endpoint: api.endpoint }, 0);
      const reply = await api.call('/incident/custom-action/do', { incident_id, integration_id: webhookId });
      assert.equal(reply.status, 200);
      assert.deepEqual(reply.body.data, { message: 'the receiver answered 404: check the path of the endpoint' });
      const elsewhere = { name: 'Elsewhere', endpoint: api.endpoint, channelIds: [] };
      const other = await webhooks.create('custom_action', elsewhere, 0);
      const listed = async () => {
        const { items } = await api.data<{ items: { name: string }[] }>('/incident/custom-action/list', {
          incident_id,
        });
        return items.toSorted((one, another) => one.name.localeCompare(another.name));
      };
      assert.deepEqual(await listed(), [
        { integration_id: other.webhookId, name: 'Elsewhere' },
        { integration_id: webhookId, name: 'Restart' },
      ]);
      await webhooks.disable(other.webhookId);
      assert.deepEqual(await listed(), [{ integration_id: webhookId, name: 'Restart' }]);
      const unknown = await api.call('/incident/custom-action/list', { incident_id: 'f'.repeat(24) });
      assert.equal(unknown.body.error?.code, 'ResourceNotFound');
      await webhooks.disable(webhookId);
      const refused = await api.call('/incident/custom-action/do', { incident_id, integration_id: webhookId });
      assert.equal(refused.body.error?.code, 'BadRequest');
    });
  });
}

async function made(
  api: Awaited<ReturnType<typeof startSourcedServer>>,
  title: string,
  more: object = {},
): Promise<string> {
  const { incident_id } = await api.data('/incident/create', { title, incident_severity: 'Info', ...more });
  return String(incident_id);
}
