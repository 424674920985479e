import assert from 'node:assert/strict';
import type { Json } from '../../support/service.ts';
import type { ClientFields } from './fields.ts';

/** Channels, their rules, custom fields, and routes. */
export async function channels(client: ClientFields): Promise<void> {
  const adaId = Number((await client.ask('/member/info', {}))['member_id']);
  const { team_id } = await client.ask('/team/upsert', { team_name: 'Lookers', person_ids: [adaId] });
  const { team_id: managing } = await client.ask('/team/upsert', { team_name: 'Managers', person_ids: [adaId] });
  const people = { adaId, teamId: Number(team_id), managingId: Number(managing) };
  await channelSettings(client, people);
  await channelLists(client, people);
  await escalation(client, people);
  await noise(client);
  await customFields(client, adaId);
  await routes(client);
}

interface People {
  readonly adaId: number;
  readonly teamId: number;
  readonly managingId: number;
}

const info = (client: ClientFields) => (data: Json) => client.ask('/channel/info', { channel_id: data['channel_id'] });

async function channelSettings(client: ClientFields, { adaId, teamId, managingId }: People): Promise<void> {
  const settings = {
    channel_name: 'Checkout',
    description: 'orders',
    team_id: teamId,
    managing_team_ids: [managingId],
    auto_resolve_timeout: 3600,
    auto_resolve_mode: 'update',
    disable_outlier_detection: true,
    disable_auto_close: true,
    is_private: false,
    is_external_report_enabled: false,
    group: {
      method: 'p',
      equals: [['labels.service'], ['title']],
      cases: [{ if: [{ key: 'labels.env', oper: 'IN', vals: ['prod'] }], equals: ['labels.host'] }],
      all_equals_required: true,
      time_window: 60,
      window_type: 'sliding',
      storm_thresholds: [10, 20],
    },
    flapping: { is_disabled: true, max_changes: 5, in_mins: 30, mute_mins: 90 },
  };
  const { channel_id } = await client.stores('/channel/create', settings, info(client));
  const others = {
    channel_id,
    channel_name: 'Checkout 2',
    description: 'more orders',
    team_id: managingId,
    managing_team_ids: [teamId],
    auto_resolve_timeout: 60,
    auto_resolve_mode: 'trigger',
    disable_outlier_detection: false,
    disable_auto_close: false,
    group: {
      method: 'i',
      equals: [],
      cases: [],
      all_equals_required: false,
      time_window: 30,
      window_type: 'tumbling',
      i_keys: ['title'],
      i_score_threshold: 0.8,
      storm_thresholds: [],
    },
    flapping: { is_disabled: false, max_changes: 4, in_mins: 60, mute_mins: 120 },
  };
  await client.stores('/channel/update', others, () => info(client)({ channel_id }));
  const likeness = { channel_name: 'Alike', group: { method: 'i', i_keys: ['labels.app'], i_score_threshold: 0.7 } };
  await client.stores('/channel/create', likeness, info(client));
  for (const path of ['/channel/create', '/channel/update']) {
    const body = {
      channel_id,
      channel_name: `Stormy ${path}`,
      group: { method: 'p', equals: [['title']], storm_threshold: 7 },
    };
    const { channel_id: _id, ...creation } = body;
    await client.does(path, path === '/channel/create' ? creation : body, async (made) => {
      const shown = await info(client)({ channel_id: made['channel_id'] ?? channel_id });
      assert.deepEqual((shown['group'] as Json)['storm_thresholds'], [7]);
    });
    for (const field of ['is_private', 'is_external_report_enabled']) {
      await client.refuses(path, { channel_id, channel_name: 'No', [field]: true }, field);
    }
  }
  await client.ask('/channel/update', { channel_id, is_private: false, is_external_report_enabled: false });
  await client.refuses('/channel/create', { channel_name: 'No', plugin_ids: [1] }, 'plugin_ids');
  const escalate_rule = {
    template_id: '6321aad26c12104586a88916',
    aggr_window: 60,
    target: {
      person_ids: [adaId],
      team_ids: [teamId],
      emails: ['ada@example.org'],
      by: { follow_preference: false, critical: ['email'], warning: ['sms'], info: ['voice'] },
    },
  };
  await client.does('/channel/create', { channel_name: 'With rule', escalate_rule }, async (made) => {
    const [rule] = await client.items('/channel/escalate/rule/list', { channel_id: made['channel_id'] });
    const [layer] = (rule?.['layers'] ?? []) as { target: Json }[];
    const { webhooks: _webhooks, ...target } = layer?.target ?? {};
    assert.deepEqual(target, escalate_rule.target);
    assert.deepEqual([rule?.['template_id'], rule?.['aggr_window']], [escalate_rule.template_id, 60]);
  });
  const absent = ['schedule_to_role_ids', 'webhooks', 'webhooks.type', 'webhooks.settings'].map(
    (one) => `escalate_rule.target.${one}`,
  );
  await client.refuses(
    '/channel/create',
    {
      channel_name: 'No',
      escalate_rule: { target: { schedule_to_role_ids: { 1: [1] }, webhooks: [{ type: 'x', settings: {} }] } },
    },
    ...absent.slice(0, 2),
  );
  client.note('/channel/create', ...absent);
  for (const [path, status] of [
    ['disable', 'disabled'],
    ['enable', 'enabled'],
  ] as const) {
    await client.does(`/channel/${path}`, { channel_id }, async () =>
      assert.equal((await info(client)({ channel_id }))['status'], status),
    );
  }
  client.note('/channel/info', 'channel_id');
  await client.does('/channel/infos', { channel_ids: [channel_id, 1] }, (data) =>
    assert.deepEqual(
      (data['items'] as Json[]).map((one) => one['channel_id']),
      [channel_id],
    ),
  );
  await client.does('/channel/delete', { channel_id }, async () =>
    assert.deepEqual(await client.items('/channel/list', { channel_ids: [channel_id] }), []),
  );
}

async function channelLists(client: ClientFields, { teamId, managingId }: People): Promise<void> {
  // A channel whose teams the caller is no member of.
  const { team_id: foreign } = await client.ask('/team/upsert', { team_name: 'Foreign' });
  const ids: unknown[] = [];
  for (const more of [
    { team_id: teamId },
    { team_id: foreign, managing_team_ids: [managingId] },
    { team_id: foreign },
  ]) {
    const channel_name = `listed ${ids.length}`;
    ids.push(
      (await client.ask('/channel/create', { channel_name, description: `text ${ids.length}`, ...more }))['channel_id'],
    );
  }
  const name = (one: Json) => one['channel_name'];
  const base = { query: 'listed', orderby: 'channel_name', asc: true };
  await client.finds('/channel/list', base, name, [
    ['asc', false, ['listed 2', 'listed 1', 'listed 0']],
    ['channel_ids', [ids[1]], ['listed 1']],
    ['channel_name', 'listed 2', ['listed 2']],
    ['is_my_managed', true, ['listed 1']],
    ['is_my_starred', true, []],
    ['is_my_team', true, ['listed 0']],
    ['limit', 1, ['listed 0']],
    ['query', 'text 1', ['listed 1']],
    ['team_ids', [foreign], ['listed 1', 'listed 2']],
  ]);
  const created = { ...base, orderby: 'created_at' };
  assert.deepEqual((await client.items('/channel/list', created)).map(name), ['listed 0', 'listed 1', 'listed 2']);
  const renamed = { channel_id: ids[0], channel_name: 'listed 9' };
  await client.ask('/channel/update', renamed);
  assert.deepEqual((await client.items('/channel/list', base)).map(name).at(-1), 'listed 9');
  assert.deepEqual((await client.items('/channel/list', created)).map(name)[0], 'listed 9');
  await client.ask('/channel/update', { ...renamed, channel_name: 'listed 0' });
  client.note('/channel/list', 'orderby');
  const brief = await client.items('/channel/list', { ...base, is_brief: true });
  assert.deepEqual(Object.keys(brief[0] ?? {}).toSorted(), ['channel_id', 'channel_name', 'description', 'status']);
  const page = { ...base, limit: 1 };
  const { search_after_ctx } = await client.ask('/channel/list', page);
  for (const further of [{ p: 2 }, { search_after_ctx }]) {
    assert.deepEqual((await client.items('/channel/list', { ...page, ...further })).map(name), ['listed 1']);
    client.note('/channel/list', 'is_brief', ...Object.keys(further));
  }
}

async function escalation(client: ClientFields, { adaId, teamId }: People): Promise<void> {
  const { channel_id } = await client.ask('/channel/create', { channel_name: 'Escalating' });
  const path = '/channel/escalate/rule';
  const layer = {
    target: {
      person_ids: [adaId],
      team_ids: [teamId],
      emails: ['ada@example.org'],
      by: { follow_preference: true, critical: ['email'], warning: ['sms'], info: ['voice'] },
    },
    escalate_window: 15,
    force_escalate: true,
    max_times: 3,
    notify_step: 7.5,
  };
  const settings = {
    channel_id,
    rule_name: 'By day',
    description: 'working hours',
    template_id: '6321aad26c12104586a88916',
    priority: 3,
    aggr_window: 120,
    layers: [layer],
    time_filters: [{ start: '09:00', end: '18:00', repeat: [1, 2, 3, 4, 5] }],
    filters: [[{ key: 'severity', oper: 'IN', vals: ['Critical'] }]],
  };
  const rule = (data: Json) => client.ask(`${path}/info`, { channel_id, rule_id: data['rule_id'] });
  const { rule_id } = await client.stores(`${path}/create`, settings, rule);
  const change = {
    ...settings,
    rule_id,
    rule_name: 'By night',
    description: 'the other hours',
    template_id: '6321aad26c12104586a88917',
    priority: 4,
    aggr_window: 0,
    layers: [{ ...layer, escalate_window: 5, force_escalate: false, max_times: 1, notify_step: 2 }],
    time_filters: [{ start: '18:00', end: '09:00', repeat: [0, 6] }],
    filters: [[{ key: 'labels.env', oper: 'NOTIN', vals: ['test'] }]],
  };
  await client.stores(`${path}/update`, change, rule.bind(undefined, { rule_id }));
  for (const operation of ['create', 'update']) {
    const body = { channel_id, rule_id, rule_name: 'No', layers: [{ target: { emails: ['a@b.c'] } }] };
    const { rule_id: _id, ...creation } = body;
    const wanted = operation === 'create' ? creation : body;
    const robots = [{ target: { schedule_to_role_ids: { 1: [1] }, webhooks: [{ type: 'feishu', settings: {} }] } }];
    const fields = ['layers.target.schedule_to_role_ids', 'layers.target.webhooks'];
    await client.refuses(`${path}/${operation}`, { ...wanted, layers: robots }, ...fields);
    client.note(`${path}/${operation}`, 'layers.target.webhooks.type', 'layers.target.webhooks.settings');
    for (const [field, value] of [
      ['cal_id', 'cal.1'],
      ['is_off', true],
    ] as const) {
      const time_filters = [{ start: '09:00', end: '18:00', [field]: value }];
      await client.refuses(`${path}/${operation}`, { ...wanted, time_filters }, `time_filters.${field}`);
    }
  }
  const named = { channel_id, rule_id };
  await client.does(`${path}/info`, named, (shown) => assert.equal(shown['rule_name'], 'By night'));
  await client.does(`${path}/list`, { channel_id }, (data) =>
    assert.deepEqual(
      (data['items'] as Json[]).map((one) => one['rule_id']),
      [rule_id],
    ),
  );
  for (const [operation, status] of [
    ['disable', 'disabled'],
    ['enable', 'enabled'],
  ] as const) {
    await client.does(`${path}/${operation}`, named, async () => assert.equal((await rule(named))['status'], status));
  }
  await client.does(`${path}/delete`, named, async () =>
    assert.deepEqual(await client.items(`${path}/list`, { channel_id }), []),
  );
}

async function noise(client: ClientFields): Promise<void> {
  const place = await client.scene.place();
  const channel_id = place.channelId;
  await place.report({ title: 'for the rule' });
  const [incident] = await client.items('/incident/list', { progress: 'Triggered', channel_ids: [channel_id] });
  const filters = (value: string) => [[{ key: 'labels.env', oper: 'IN', vals: [value] }]];
  const head = (kind: string) => ({ channel_id, rule_name: `${kind} rule`, description: `of ${kind}`, priority: 2 });
  const bodies: Readonly<Record<string, Json>> = {
    unsubscribe: { ...head('unsubscribe'), filters: filters('a') },
    silence: {
      ...head('silence'),
      filters: filters('b'),
      time_filter: { start_time: 1_900_000_000, end_time: 1_900_003_600 },
      is_directly_discard: true,
      is_auto_delete: true,
      from_incident_id: incident?.['incident_id'],
    },
    inhibit: {
      ...head('inhibit'),
      source_filters: filters('c'),
      target_filters: filters('d'),
      equals: ['labels.host'],
      is_directly_discard: true,
    },
  };
  for (const [kind, body] of Object.entries(bodies)) {
    const path = `/channel/${kind}/rule`;
    const ofId = (id: unknown) => async () =>
      (await client.items(`${path}/list`, { channel_id })).find((one) => one['rule_id'] === id);
    const { rule_id } = await client.stores(`${path}/create`, body, async (made) => ofId(made['rule_id'])());
    const { from_incident_id: _from, ...settable } = body;
    const other = JSON.parse(JSON.stringify(settable).replaceAll(/"vals":\["\w"\]/g, '"vals":["z"]')) as Json;
    const change = { ...other, rule_id, rule_name: 'changed', description: 'changed', priority: 5 };
    const flags = Object.fromEntries(
      ['is_directly_discard', 'is_auto_delete'].flatMap((flag) => (flag in body ? [[flag, false]] : [])),
    );
    const equals = kind === 'inhibit' ? { equals: ['title'] } : {};
    await client.stores(`${path}/update`, { ...change, ...flags, ...equals }, ofId(rule_id));
    const named = { channel_id, rule_id };
    client.note(`${path}/list`, 'channel_id');
    for (const [operation, status] of [
      ['disable', 'disabled'],
      ['enable', 'enabled'],
    ] as const) {
      await client.does(`${path}/${operation}`, named, async () =>
        assert.equal((await ofId(rule_id)())?.['status'], status),
      );
    }
    if (kind === 'silence') await weekly(client, path, channel_id, rule_id, ofId);
    await client.does(`${path}/delete`, named, async () => assert.equal(await ofId(rule_id)(), undefined));
  }
}

/** Silences that come back every week. */
async function weekly(
  client: ClientFields,
  path: string,
  channel_id: number,
  rule_id: unknown,
  ofId: (id: unknown) => () => Promise<Json | undefined>,
): Promise<void> {
  const filters = [[{ key: 'title', oper: 'IN', vals: ['*'] }]];
  const time_filters = [{ start: '01:00', end: '02:00', repeat: [0, 3] }];
  const body = { channel_id, rule_name: 'weekly', filters, time_filters };
  await client.stores(`${path}/create`, body, async (made) => ofId(made['rule_id'])());
  const change = {
    channel_id,
    rule_id,
    time_filter: null,
    time_filters: [{ start: '03:00', end: '04:00', repeat: [2] }],
  };
  await client.does(`${path}/update`, change, async () =>
    assert.deepEqual((await ofId(rule_id)())?.['time_filters'], change.time_filters),
  );
  for (const [field, value] of [
    ['cal_id', 'cal.1'],
    ['is_off', true],
  ] as const) {
    for (const operation of ['create', 'update']) {
      const wrong = { ...body, rule_id, time_filters: [{ start: '01:00', end: '02:00', [field]: value }] };
      const { rule_id: _id, ...creation } = wrong;
      await client.refuses(`${path}/${operation}`, operation === 'create' ? creation : wrong, `time_filters.${field}`);
    }
  }
}

async function customFields(client: ClientFields, adaId: number): Promise<void> {
  const info = (data: Json) => client.ask('/field/info', { field_id: data['field_id'] });
  const one = {
    field_name: 'cf_env',
    display_name: 'Environment',
    description: 'where',
    field_type: 'single_select',
    value_type: 'string',
    options: ['prod', 'test'],
    default_value: 'test',
  };
  const { field_id } = await client.stores('/field/create', one, info);
  const cost = { field_name: 'cf_cost', field_type: 'text', value_type: 'float', default_value: 1.5 };
  const made = await client.stores('/field/create', cost, info);
  const { incident_id } = await client.ask('/incident/create', {
    title: 'costly',
    incident_severity: 'Info',
    fields: { cf_cost: 2.25 },
  });
  const shown = (await client.ask('/incident/info', { incident_id }))['fields'] as Json;
  assert.deepEqual([shown['cf_cost'], shown['cf_env']], [2.25, 'test']);
  const change = {
    field_id,
    display_name: 'Env',
    description: 'which',
    options: ['prod', 'stage'],
    default_value: 'stage',
  };
  await client.stores('/field/update', change, info.bind(undefined, { field_id }));
  client.note('/field/info', 'field_id');
  const name = (item: Json) => item['field_name'];
  await client.finds('/field/list', { orderby: 'field_name', asc: true }, name, [
    ['asc', false, ['cf_env', 'cf_cost']],
    ['creator_id', adaId + 1, []],
    ['orderby', 'created_at', ['cf_env', 'cf_cost']],
    ['query', 'environ', []],
  ]);
  assert.deepEqual((await client.items('/field/list', { query: 'which' })).map(name), ['cf_env']);
  await client.does('/field/delete', { field_id }, async () =>
    assert.deepEqual((await client.items('/field/list', {})).map(name), ['cf_cost']),
  );
  await client.ask('/field/delete', { field_id: made['field_id'] });
}

async function routes(client: ClientFields): Promise<void> {
  const [one, two] = [await client.scene.place(), await client.scene.place()];
  const shared = await client.scene.service.api('/integration/create', {
    name: 'routed',
    type: 'standard',
    channel_id: 0,
  });
  const integration_id = shared['integration_id'];
  const body = {
    integration_id,
    version: 0,
    cases: [
      {
        if: [{ key: 'labels.env', oper: 'IN', vals: ['prod'] }],
        channel_ids: [one.channelId],
        fallthrough: true,
        routing_mode: 'standard',
        name_mapping_label: '',
      },
      { if: [], channel_ids: [], fallthrough: false, routing_mode: 'name_mapping', name_mapping_label: 'place' },
    ],
    default: { channel_ids: [two.channelId] },
    sections: [{ name: 'first', position: 1 }],
  };
  await client.does('/route/upsert', body, async () => {
    const { version: _version, ...rest } = body;
    const { version, ...shown } = await client.ask('/route/info', { integration_id });
    for (const [name, value] of Object.entries(rest)) assert.deepEqual(shown[name], value, name);
    assert.equal(version, 1);
  });
  const stale = await client.send('/route/upsert', body);
  assert.equal(stale.status, 400, 'the version is one that somebody has changed since');
  client.note('/route/info', 'integration_id');
  await client.does('/route/list', { integration_ids: [integration_id] }, (data) =>
    assert.deepEqual(
      (data['items'] as Json[]).map((item) => item['integration_id']),
      [integration_id],
    ),
  );
}
