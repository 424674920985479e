import assert from 'node:assert/strict';
import type { Json } from '../../support/service.ts';
import type { Place } from '../../support/test-app.ts';
import { seconds, window, type ClientFields } from './fields.ts';

/** Incidents: opened, worked on, and found. */
export async function incidents(client: ClientFields): Promise<void> {
  const adaId = Number((await client.ask('/member/info', {}))['member_id']);
  const [bob] = await client.items('/member/invite', { members: [{ member_name: 'Bob', email: 'bob@example.org' }] });
  const people = { adaId, bobId: Number(bob?.['member_id']) };
  await client.ask('/field/create', { field_name: 'cause', field_type: 'text', value_type: 'string' });
  await opening(client, people);
  await working(client, people);
  await merging(client, people);
  await lists(client, people);
  await alertsOf(client);
  await sources(client);
}

interface People {
  readonly adaId: number;
  readonly bobId: number;
}

const info = (client: ClientFields) => (data: Json) =>
  client.ask('/incident/info', { incident_id: data['incident_id'] });

/** The newest timeline entry of a type. */
async function entry(client: ClientFields, incident_id: unknown, type: string): Promise<Json> {
  const [newest] = await client.items('/incident/feed', { incident_id, types: [type] });
  return (newest?.['detail'] ?? {}) as Json;
}

async function opening(client: ClientFields, { adaId, bobId }: People): Promise<void> {
  const { channelId: channel_id } = await client.scene.place();
  const layers = [{ target: { person_ids: [adaId] } }, { target: { person_ids: [bobId] } }];
  const { rule_id } = await client.ask('/channel/escalate/rule/create', { channel_id, rule_name: 'two', layers });
  const notify = { follow_preference: false, personal_channels: ['email'], template_id: '6321aad26c12104586a88916' };
  const body = {
    title: 'checkout is slow',
    description: 'since the release',
    incident_severity: 'Warning',
    channel_id,
    fields: { cause: 'release' },
    assigned_to: { type: 'assign', person_ids: [bobId] },
  };
  await client.stores('/incident/create', body, info(client));
  const { assigned_to: _to, ...plain } = body;
  await client.does(
    '/incident/create',
    { ...plain, assigned_to: { escalate_rule_id: rule_id, layer_idx: 1 } },
    async (made) => {
      const { escalate_rule_id, layer_idx } = (await info(client)(made))['assigned_to'] as Json;
      assert.deepEqual([escalate_rule_id, layer_idx], [rule_id, 1]);
    },
  );
  await client.does(
    '/incident/create',
    { ...plain, assigned_to: { emails: ['bob@example.org'], notify } },
    async (made) => {
      assert.deepEqual((await info(client)(made))['responder_ids'], [bobId]);
      assert.deepEqual((await entry(client, made['incident_id'], 'i_assign'))['notify'], notify);
    },
  );
  const { incident_id } = await client.ask('/incident/create', { ...plain, channel_id: 0 });
  const assigned = async () => (await info(client)({ incident_id }))['assigned_to'] as Json;
  for (const type of ['assign', 'reassign', 'reopen']) {
    await client.does(
      '/incident/assign',
      { incident_ids: [incident_id], assigned_to: { type, person_ids: [adaId] } },
      async () => {
        const shown = await assigned();
        assert.deepEqual([shown['type'], shown['person_ids']], [type, [adaId]]);
      },
    );
  }
  await client.does(
    '/incident/assign',
    { incident_id, assigned_to: { escalate_rule_id: rule_id, layer_idx: 0 } },
    async () =>
      assert.deepEqual([(await assigned())['escalate_rule_id'], (await assigned())['layer_idx']], [rule_id, 0]),
  );
  await client.does('/incident/assign', { incident_id, assigned_to: { type: 'escalate' } }, async () =>
    assert.equal((await assigned())['layer_idx'], 1),
  );
  await client.does('/incident/assign', { incident_id, assigned_to: { emails: ['bob@example.org'] } }, async () =>
    assert.deepEqual((await assigned())['person_ids'], [bobId]),
  );
  // What the service itself writes into an assignment, a client that sends it back may not set.
  const written = { person_ids: [bobId], id: 'x', assigned_at: 1, escalate_rule_name: 'x' };
  const names = ['id', 'assigned_at', 'escalate_rule_name'].map((one) => `assigned_to.${one}`);
  await client.passesOver('/incident/assign', { incident_id, assigned_to: written }, ...names);
  await client.does('/incident/responder/add', { incident_id, person_ids: [adaId], notify }, async () => {
    assert.deepEqual(
      ((await info(client)({ incident_id }))['responder_ids'] as number[]).toSorted((one, other) => one - other),
      [adaId, bobId].toSorted((one, other) => one - other),
    );
    assert.deepEqual((await entry(client, incident_id, 'i_a_rspd'))['notify'], notify);
  });
}

async function working(client: ClientFields, { adaId }: People): Promise<void> {
  const { incident_id, title } = await client.ask('/incident/create', {
    title: 'mail is late',
    incident_severity: 'Warning',
  });
  const incident_ids = [incident_id];
  const shown = async () => info(client)({ incident_id });
  const progress = async () => (await shown())['progress'];
  await client.does('/incident/info', { incident_id }, (one) => assert.equal(one['title'], title));
  const num = (await shown())['num'];
  await client.does('/incident/info', { num }, (one) => assert.equal(one['incident_id'], incident_id));
  await client.does('/incident/list-by-ids', { incident_ids }, (data) => assert.equal(data['total'], 1));
  await client.does('/incident/ack', { incident_ids, summary: 'looking' }, async () => {
    assert.equal(await progress(), 'Processing');
    assert.equal((await entry(client, incident_id, 'i_ack'))['summary'], 'looking');
  });
  await client.does('/incident/unack', { incident_ids }, async () => assert.equal(await progress(), 'Triggered'));
  await client.does('/incident/snooze', { incident_ids, minutes: 60 }, async () => {
    const until = Number((await shown())['snoozed_before']) - seconds();
    assert.ok(until > 3500 && until <= 3600, String(until));
  });
  await client.does('/incident/wake', { incident_ids }, async () => assert.equal((await shown())['snoozed_before'], 0));
  const comment = { incident_ids, comment: 'the queue is full', mute_reply: true, comment_type_id: 'note' };
  await client.does('/incident/comment', comment, async () => {
    const { incident_ids: _ids, ...said } = comment;
    assert.deepEqual(await entry(client, incident_id, 'i_comm'), said);
  });
  const edits = {
    incident_id,
    title: 'mail is very late',
    description: 'all regions',
    impact: 'nobody can reset a password',
    root_cause: 'a full disk',
    resolution: 'a larger disk',
    incident_severity: 'Critical',
  };
  await client.stores('/incident/reset', edits, shown);
  for (const [name, value] of Object.entries(edits).slice(1)) {
    const path = name === 'incident_severity' ? 'severity' : name.replace('_', '-');
    const other = name === 'incident_severity' ? 'Info' : `${String(value)}!`;
    await client.stores(`/incident/${path}/reset`, { incident_id, [name]: other }, shown);
  }
  await client.does('/incident/field/reset', { incident_id, field_name: 'cause', field_value: 'disk' }, async () =>
    assert.deepEqual((await shown())['fields'], { cause: 'disk' }),
  );
  await client.does(
    '/incident/field/reset',
    { incident_id, field_name: 'cause', field_value: { value: 'disk 2' } },
    async () => assert.deepEqual((await shown())['fields'], { cause: 'disk 2' }),
  );
  client.seen.delete('/incident/field/reset field_value.value');
  const resolution = { root_cause: 'a log', resolution: 'deleted it', description: 'one region' };
  await client.does('/incident/resolve', { incident_ids, ...resolution, summary: 'done' }, async () => {
    const one = await shown();
    assert.deepEqual([one['progress'], one['closer_id']], ['Closed', adaId]);
    for (const [name, value] of Object.entries(resolution)) assert.equal(one[name], value, name);
    assert.equal((await entry(client, incident_id, 'i_rslv'))['summary'], 'done');
  });
  await client.does('/incident/reopen', { incident_ids, reason: 'it is back' }, async () => {
    assert.equal(await progress(), 'Triggered');
    assert.equal((await entry(client, incident_id, 'i_reopen'))['reason'], 'it is back');
  });
  const image = { src: 'https://img.example.org/1.png', alt: 'graph', href: 'https://graphs.example.org' };
  for (const path of ['/incident/ack', '/incident/resolve']) {
    await client.does(path, { incident_ids, custom_fields: { cause: path }, images: [image] }, async () => {
      const one = await shown();
      assert.equal((one['fields'] as Json)['cause'], path);
      assert.deepEqual((one['images'] as Json[]).at(-1), image);
    });
  }
  await feed(client, incident_id);
  await client.does('/incident/remove', { incident_ids }, async () =>
    assert.equal((await client.send('/incident/info', { incident_id })).status, 400),
  );
}

async function feed(client: ClientFields, incident_id: unknown): Promise<void> {
  const type = (one: Json) => one['type'];
  const base = { incident_id, limit: 3 };
  const all = (await client.items('/incident/feed', { incident_id, limit: 100 })).map(type);
  await client.finds('/incident/feed', base, type, [
    ['asc', true, all.toReversed().slice(0, 3)],
    ['limit', 1, all.slice(0, 1)],
    ['p', 2, all.slice(3, 6)],
    ['types', ['i_wake', 'i_snooze'], ['i_wake', 'i_snooze']],
  ]);
  const { search_after_ctx } = await client.ask('/incident/feed', base);
  const next = await client.items('/incident/feed', { ...base, search_after_ctx });
  assert.deepEqual(next.map(type), all.slice(3, 6));
  client.note('/incident/feed', 'incident_id', 'search_after_ctx');
}

async function merging(client: ClientFields, { bobId }: People): Promise<void> {
  const make = async (title: string) =>
    (await client.ask('/incident/create', { title, incident_severity: 'Info' }))['incident_id'];
  const [target, source] = [await make('target'), await make('source')];
  const body = {
    source_incident_ids: [source],
    target_incident_id: target,
    title: 'both of them',
    comment: 'the same cause',
    owner_id: bobId,
    remove_source_incidents: true,
  };
  await client.does('/incident/merge', body, async () => {
    const one = await info(client)({ incident_id: target });
    assert.deepEqual([one['title'], one['owner_id']], ['both of them', bobId]);
    assert.equal((await entry(client, target, 'i_merge'))['comment'], 'the same cause');
    assert.equal((await client.send('/incident/info', { incident_id: source })).status, 400, 'the source is gone');
  });
  const place = await client.scene.place();
  await client.ask('/channel/update', {
    channel_id: place.channelId,
    group: { method: 'p', equals: [['labels.app']] },
  });
  await place.report({ title: 'first', alert_key: '1', labels: { app: 'x' } });
  const [grouped] = await client.items('/incident/list', { ...window(), channel_ids: [place.channelId] });
  await client.does('/incident/disable-merge', { incident_ids: [grouped?.['incident_id']] }, async () => {
    await place.report({ title: 'second', alert_key: '2', labels: { app: 'x' } });
    assert.equal((await client.items('/incident/list', { ...window(), channel_ids: [place.channelId] })).length, 2);
  });
  const old = await client.scene.place();
  for (const key of ['a', 'b']) await old.report({ title: 'the same thing', alert_key: key, labels: { app: 'y' } });
  const [newest] = await client.items('/incident/list', { ...window(), channel_ids: [old.channelId] });
  const incident_id = newest?.['incident_id'];
  assert.ok((await client.items('/incident/past/list', { incident_id })).length <= 1);
  await old.report({ title: 'the same thing', alert_key: 'c', labels: { app: 'y' } });
  client.note('/incident/past/list', 'incident_id', 'limit');
  const hook = await client.scene.service.api('/webhook/create', {
    type: 'custom_action',
    name: 'Restart',
    endpoint: `${client.scene.receiver.url}/restart`,
    channel_ids: [old.channelId],
  });
  const action = { incident_id, integration_id: hook['integration_id'] };
  await client.does('/incident/custom-action/do', action, async (data) => {
    assert.equal(data['message'] ?? '', '');
    const [call] = await client.scene.receiver.waitFor(1, (one) => one.path === '/restart');
    assert.match(call?.body ?? '', new RegExp(`"incident_id":"${String(incident_id)}"`));
  });
}

async function lists(client: ClientFields, { adaId, bobId }: People): Promise<void> {
  const [one, two] = [await client.scene.place(), await client.scene.place()];
  const { team_id } = await client.ask('/team/upsert', { team_name: 'Of two', person_ids: [adaId] });
  await client.ask('/channel/update', { channel_id: two.channelId, team_id });
  const open = async (place: Place, title: string, more: Json = {}) => {
    await place.report({ title, alert_key: title, ...more });
    const [found] = await client.items('/incident/list', { ...window(), channel_ids: [place.channelId], title });
    return String(found?.['incident_id']);
  };
  const alpha = await open(one, 'alpha', { labels: { host: 'db-1' }, description: 'ticket 4711' });
  const beta = await open(two, 'beta', { event_status: 'Warning', labels: { host: 'web-1' } });
  const byHand = { title: 'gamma', incident_severity: 'Info', channel_id: one.channelId, fields: { cause: 'unknown' } };
  const gamma = String(
    (await client.ask('/incident/create', { ...byHand, assigned_to: { person_ids: [bobId] } }))['incident_id'],
  );
  await client.ask('/incident/snooze', { incident_ids: [gamma], minutes: 10 });
  await client.ask('/incident/ack', { incident_ids: [beta] });
  await client.ask('/incident/resolve', { incident_ids: [alpha] });
  // The same key again: not rare any more.
  await one.report({ title: 'alpha', alert_key: 'alpha', labels: { host: 'db-1' } });
  const title = (item: Json) => String(item['title']);
  const sorted = (titles: readonly string[]) => titles.toSorted((a, b) => a.localeCompare(b));
  const base = { ...window(), channel_ids: [one.channelId, two.channelId] };
  const found = async (more: Json) => sorted((await client.items('/incident/list', { ...base, ...more })).map(title));
  const everything = await found({});
  assert.deepEqual(everything, ['alpha', 'alpha', 'beta', 'gamma']);
  const { num } = await info(client)({ incident_id: beta });
  const rows: readonly (readonly [field: string, value: unknown, found: readonly string[]])[] = [
    ['acker_ids', [adaId], ['beta']],
    ['channel_ids', [two.channelId], ['beta']],
    ['closer_ids', [adaId], ['alpha']],
    ['creator_ids', [adaId], ['gamma']],
    ['ever_muted', true, []],
    ['fields', { cause: 'unknown' }, ['gamma']],
    ['incident_ids', [beta], ['beta']],
    ['incident_severity', 'warning,Info', ['beta', 'gamma']],
    ['is_my_channel', true, ['beta']],
    ['is_my_team', true, ['beta']],
    ['is_rare', false, ['alpha']],
    ['is_snoozed', true, ['gamma']],
    ['labels', { host: 'web-1' }, ['beta']],
    ['nums', [num], ['beta']],
    ['progress', 'Closed', ['alpha']],
    ['query', '4711', ['alpha']],
    ['responder_ids', [bobId], ['gamma']],
    ['start_time', seconds() + 200, []],
    ['team_ids', [team_id], ['beta']],
    ['title', 'gam*', ['gamma']],
  ];
  for (const [field, value, names] of rows) {
    assert.deepEqual(await found({ [field]: value }), names, field);
    client.note('/incident/list', field);
  }
  assert.deepEqual(await found({ start_time: seconds() - 7200, end_time: seconds() - 3600 }), []);
  const up = (await client.items('/incident/list', { ...base, asc: true })).map((item) => item['incident_id']);
  const down = (await client.items('/incident/list', base)).map((item) => item['incident_id']);
  assert.deepEqual(up, down.toReversed());
  const first = await client.ask('/incident/list', { ...base, limit: 1 });
  assert.equal((first['items'] as Json[]).length, 1);
  for (const further of [{ p: 2 }, { search_after_ctx: first['search_after_ctx'] }]) {
    const [second] = await client.items('/incident/list', { ...base, limit: 1, ...further });
    assert.equal(second?.['incident_id'], down[1]);
    client.note('/incident/list', ...Object.keys(further));
  }
  client.note('/incident/list', 'end_time', 'asc', 'limit');
}

/** The sources and links of an incident that several sources report on. */
async function sources(client: ClientFields): Promise<void> {
  const place = await client.scene.place();
  const group = { method: 'p', equals: [['labels.app']] };
  await client.ask('/channel/update', { channel_id: place.channelId, group });
  const made = { name: 'another source', type: 'grafana', channel_id: place.channelId };
  const other = await client.scene.service.api('/integration/create', made);
  const runbook_url = 'https://wiki.example.org/x';
  await place.report({ title: 'x', alert_key: '1', labels: { app: 'x', runbook_url, url: 'no address' } });
  const alerts = [{ status: 'firing', labels: { alertname: 'x', app: 'x' }, fingerprint: 'f' }];
  await client.scene.service.push('grafana', String(other['integration_key']), {
    version: '1',
    status: 'firing',
    alerts,
  });
  const [incident] = await client.items('/incident/list', { ...window(), channel_ids: [place.channelId] });
  assert.deepEqual(
    [incident?.['alert_cnt'], incident?.['integration_ids'], incident?.['integration_types'], incident?.['links']],
    [
      2,
      [place.sourceId, other['integration_id']],
      ['standard.alert', 'grafana'],
      [{ name: 'runbook_url', endpoint: runbook_url, open_type: 'tab' }],
    ],
  );
}

async function alertsOf(client: ClientFields): Promise<void> {
  const place = await client.scene.place();
  await client.ask('/channel/update', {
    channel_id: place.channelId,
    group: { method: 'p', equals: [['labels.app']] },
  });
  for (const key of ['k1', 'k2', 'k3']) await place.report({ title: key, alert_key: key, labels: { app: 'x' } });
  await place.report({ title: 'k3', alert_key: 'k3', event_status: 'Ok' });
  const [incident] = await client.items('/incident/list', { ...window(), channel_ids: [place.channelId] });
  const base = { incident_id: incident?.['incident_id'] };
  const key = (one: Json) => one['alert_key'];
  await client.finds('/incident/alert/list', base, key, [
    ['is_active', true, ['k2', 'k1']],
    ['limit', 1, ['k3']],
  ]);
  const { search_after_ctx } = await client.ask('/incident/alert/list', { ...base, limit: 1 });
  for (const further of [{ p: 2 }, { search_after_ctx }]) {
    assert.deepEqual((await client.items('/incident/alert/list', { ...base, limit: 1, ...further })).map(key), ['k2']);
    client.note('/incident/alert/list', ...Object.keys(further));
  }
  const [withEvents] = await client.items('/incident/alert/list', { ...base, include_events: true });
  assert.equal((withEvents?.['events'] as Json[] | undefined)?.length, 2);
  client.note('/incident/alert/list', 'incident_id', 'include_events');
}
