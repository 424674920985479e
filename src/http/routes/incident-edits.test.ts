import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { startDomainServer } from '../../../test/support/domain-server.ts';
import { ada, report } from '../../../test/support/domain.ts';
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
      await using api = await startDomainServer(open);
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
      await using api = await startDomainServer(open);
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
      for (const path of ['/incident/info', '/incident/feed', '/incident/alert/list', '/incident/past/list']) {
        assert.equal((await api.call(path, { incident_id: two })).body.error?.code, 'ResourceNotFound', path);
      }
      assert.equal((await api.call('/alert/feed', { alert_id: unknown })).body.error?.code, 'ResourceNotFound');
    });

    test('what is removed is not found any more, its alerts included', async () => {
      await using api = await startDomainServer(open);
      await api.domain.report(report());
      const [alert, incident] = api.domain.owed;
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
      await using api = await startDomainServer(open);
      const options = ['low', 'high'];
      const level = { field_name: 'level', field_type: 'single_select', options, default_value: 'low' };
      const { field_id } = await api.data('/field/create', level);
      const { created_at, updated_at, account_id, ...shown } = await api.data('/field/info', { field_id });
      assert.ok(created_at === updated_at && account_id === api.domain.account.accountId);
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
      await using api = await startDomainServer(open);
      const { domain } = api;
      const { fields, teams, channels } = domain.administration;
      await fields.create({ name: 'level', type: 'multi_select', options: ['low', 'high'] }, 0);
      const high = await made(api, 'high', { fields: { level: ['high'] } });
      await domain.report(report());
      const alerted = domain.owed.at(-1)?.entityId ?? '';
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
      const [member] = (await domain.administration.members.people()).members;
      const team = await teams.upsert({ ...blank, ...more, name: 'Web', personIds: [member?.memberId ?? 0] }, 0);
      await channels.update(domain.channel.channelId, { teamId: team.teamId });
      assert.deepEqual(await ids({ team_ids: [team.teamId] }), [alerted]);
      assert.deepEqual(await ids({ is_my_channel: true }), []);
      await domain.database.transaction((tx) =>
        tx.insertMany('team_member', [{ team_id: team.teamId, member_id: ada.person_id }]),
      );
      await channels.update(domain.channel.channelId, { teamId: 0, managingTeamIds: [team.teamId] });
      assert.deepEqual(await ids({ is_my_team: true }), []);
      assert.deepEqual(await ids({ is_my_channel: true }), [alerted]);
      await channels.update(domain.channel.channelId, { teamId: team.teamId });
      assert.deepEqual(await ids({ is_my_team: true }), [alerted]);
      assert.deepEqual(await ids({ team_ids: [team.teamId], channel_ids: [1] }), []);
    });

    test('past incidents are those like it, of its channel and before it, the most alike first', async () => {
      await using api = await startDomainServer(open);
      const { domain } = api;
      const opened = async (title: string, resource: string) => {
        domain.clock.move(1000);
        const alertKey = `${title} ${resource} ${domain.owed.length}`;
        await domain.report(report({ alertKey, title, labels: { resource }, eventTime: domain.clock.now() }));
        return domain.owed.at(-1)?.entityId ?? '';
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
      await using api = await startDomainServer(open, { script: (socket) => socket.write(answer(404)) });
      const incident_id = await made(api, 'one');
      const { webhooks } = api.domain.administration;
      const { webhookId } = await webhooks.create('custom_action', { name: 'Restart', endpoint: api.endpoint }, 0);
      const reply = await api.call('/incident/custom-action/do', { incident_id, integration_id: webhookId });
      assert.equal(reply.status, 200);
      assert.deepEqual(reply.body.data, { message: 'the receiver answered 404: check the path of the endpoint' });
      await webhooks.disable(webhookId);
      const refused = await api.call('/incident/custom-action/do', { incident_id, integration_id: webhookId });
      assert.equal(refused.body.error?.code, 'BadRequest');
    });
  });
}

async function made(
  api: Awaited<ReturnType<typeof startDomainServer>>,
  title: string,
  more: object = {},
): Promise<string> {
  const { incident_id } = await api.data('/incident/create', { title, incident_severity: 'Info', ...more });
  return String(incident_id);
}
