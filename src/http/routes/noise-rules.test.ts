import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer, type StaffedServer } from '../../../test/support/test-server.ts';
import { noiseRulesMax } from '../../channels/noise-rule.ts';

const severity = (...vals: string[]) => [[{ key: 'severity', oper: 'IN', vals }]];
const everything = severity('*');
const text = (length: number) => 'x'.repeat(length);
const bases = ['/channel/unsubscribe/rule', '/channel/silence/rule', '/channel/inhibit/rule'] as const;
const specs = {
  '/channel/unsubscribe/rule': { filters: everything },
  '/channel/silence/rule': { filters: everything },
  '/channel/inhibit/rule': { source_filters: severity('Critical'), target_filters: severity('Info'), equals: ['host'] },
} as const;

async function withChannel(): Promise<StaffedServer & { channel_id: number }> {
  const api = await startTestServer();
  const { channel_id } = await api.data('/channel/create', { channel_name: 'Web' });
  return Object.assign(api, { channel_id });
}

for (const base of bases) {
  test(`a rule of ${base} is made, listed, changed, switched and deleted`, async () => {
    await using api = await withChannel();
    const { channel_id } = api;
    const { rule_id, rule_name } = await api.data(`${base}/create`, { channel_id, rule_name: 'night', ...specs[base] });
    assert.match(rule_id, /^[0-9a-f]{24}$/);
    assert.equal(rule_name, 'night');
    const listed = async () => (await api.data(`${base}/list`, { channel_id })).items;
    const [made] = await listed();
    assert.deepEqual(
      [made?.status, made?.priority, made?.description, made?.channel_id],
      ['enabled', 0, '', channel_id],
    );
    assert.equal(made?.creator_id, api.memberIds.admin);
    const ref = { channel_id, rule_id };
    await api.data(`${base}/update`, { ...ref, rule_name: 'day', priority: 3, description: 'why' });
    await api.data(`${base}/disable`, ref);
    const [changed] = await listed();
    assert.deepEqual(
      { ...changed, updated_at: 0 },
      {
        ...made,
        rule_name: 'day',
        priority: 3,
        description: 'why',
        status: 'disabled',
        updated_at: 0,
        ...(base === '/channel/silence/rule' ? { is_effective: false } : {}),
      },
    );
    await api.data(`${base}/enable`, ref);
    assert.equal((await listed())[0]?.status, 'enabled');
    await api.data(`${base}/delete`, ref);
    assert.deepEqual(await listed(), []);
    assert.equal((await api.call(`${base}/delete`, ref)).body.error?.code, 'ResourceNotFound');
  });

  test(`${base} lists by priority, then by age, and only what is in the channel`, async () => {
    await using api = await withChannel();
    const { channel_id } = api;
    const other = await api.data('/channel/create', { channel_name: 'Other' });
    for (const [rule_name, priority] of [
      ['c', 5],
      ['a', 1],
      ['d', 5],
      ['b', 1],
    ] as const) {
      await api.data(`${base}/create`, { channel_id, rule_name, priority, ...specs[base] });
    }
    await api.data(`${base}/create`, { channel_id: other.channel_id, rule_name: 'x', ...specs[base] });
    const { items } = await api.data(`${base}/list`, { channel_id });
    assert.deepEqual(
      items.map((rule) => rule.rule_name),
      ['a', 'b', 'c', 'd'],
    );
    assert.equal((await api.call(`${base}/list`, { channel_id: 1 })).body.error?.code, 'ResourceNotFound');
    assert.equal(
      (await api.call(`${base}/create`, { channel_id: 1, rule_name: 'x', ...specs[base] })).body.error?.code,
      'ResourceNotFound',
    );
  });

  test(`a rule of ${base} is not found through another channel or another kind`, async () => {
    await using api = await withChannel();
    const { channel_id } = api;
    const { rule_id } = await api.data(`${base}/create`, { channel_id, rule_name: 'r', ...specs[base] });
    const other = await api.data('/channel/create', { channel_name: 'Other' });
    const refusals = bases.map((one) => ({ path: `${one}/disable`, ref: { channel_id, rule_id } }));
    refusals.push({ path: `${base}/disable`, ref: { channel_id: other.channel_id, rule_id } });
    for (const { path, ref } of refusals.filter(
      (one) => one.path !== `${base}/disable` || one.ref.channel_id !== channel_id,
    )) {
      assert.equal((await api.call(path, ref)).body.error?.code, 'ResourceNotFound', path);
    }
  });
}

test('a silence shows its time, and a time of one kind takes the place of the other', async () => {
  await using api = await withChannel();
  const { channel_id } = api;
  const rule = { channel_id, rule_name: 'r', filters: everything };
  const time_filter = { start_time: 1_000, end_time: 4_000_000_000 };
  const { rule_id } = await api.data('/channel/silence/rule/create', { ...rule, time_filter, is_auto_delete: true });
  const listed = async () => (await api.data('/channel/silence/rule/list', { channel_id })).items[0];
  const first = await listed();
  assert.deepEqual([first?.time_filter, first?.time_filters, first?.is_effective], [time_filter, undefined, true]);
  assert.equal(first?.is_auto_delete, true);
  const time_filters = [{ start: '22:00', end: '06:00', repeat: [0, 6] }];
  const change = { channel_id, rule_id, time_filters, time_zone: 'Asia/Shanghai' };
  await api.data('/channel/silence/rule/update', change);
  const second = await listed();
  assert.deepEqual([second?.time_filter, second?.time_filters], [undefined, time_filters]);
  assert.equal(second?.time_zone, 'Asia/Shanghai');
  await api.data('/channel/silence/rule/update', { channel_id, rule_id, time_filter: { start_time: 1, end_time: 2 } });
  assert.equal((await api.data('/channel/silence/rule/list', { channel_id })).items.length, 0);
});

test('rules accept their limits and name every field beyond one', async () => {
  await using api = await withChannel();
  const { channel_id } = api;
  const drop = { channel_id, rule_name: 'r', filters: everything };
  const inhibit = { channel_id, rule_name: 'r', ...specs['/channel/inhibit/rule'] };
  const window = { start: '09:00', end: '10:00', repeat: [1] };
  const good: [string, object][] = [
    ['unsubscribe', { ...drop, rule_name: text(39), description: text(500), priority: 10_000 }],
    ['unsubscribe', { ...drop, filters: Array.from({ length: 20 }, () => everything[0]) }],
    ['silence', { ...drop, time_filters: Array.from({ length: 20 }, () => window) }],
    ['silence', { ...drop, time_filters: [{}], from_incident_id: 'a'.repeat(24) }],
    ['inhibit', { ...inhibit, equals: Array.from({ length: 10 }, (_, index) => `l${index}`) }],
  ];
  const bad: [string, string, object][] = [
    ['unsubscribe', 'rule_name', { ...drop, rule_name: text(40) }],
    ['unsubscribe', 'rule_name', { ...drop, rule_name: '' }],
    ['unsubscribe', 'description', { ...drop, description: text(501) }],
    ['unsubscribe', 'priority', { ...drop, priority: 10_001 }],
    ['unsubscribe', 'filters', { ...drop, filters: [] }],
    ['unsubscribe', 'filters', { ...drop, filters: Array.from({ length: 21 }, () => everything[0]) }],
    ['unsubscribe', 'filters[0]', { ...drop, filters: [[]] }],
    ['unsubscribe', 'filters[0][0].key', { ...drop, filters: [[{ key: 'colour', oper: 'IN', vals: ['red'] }]] }],
    ['unsubscribe', 'filters[0][0].oper', { ...drop, filters: [[{ key: 'title', oper: 'EQ', vals: ['a'] }]] }],
    ['unsubscribe', 'filters[0][0].vals', { ...drop, filters: [[{ key: 'title', oper: 'IN', vals: [] }]] }],
    [
      'unsubscribe',
      'filters[0][0].vals[1]',
      { ...drop, filters: [[{ key: 'title', oper: 'IN', vals: ['a', '/(/'] }]] },
    ],
    ['silence', 'time_filters', { ...drop, time_filters: [window], time_filter: { start_time: 1, end_time: 2 } }],
    ['silence', 'time_filter', { ...drop, time_filter: { start_time: 2, end_time: 2 } }],
    ['silence', 'time_filters', { ...drop, time_filters: Array.from({ length: 21 }, () => window) }],
    ['silence', 'time_filters[0].start', { ...drop, time_filters: [{ ...window, start: '9:00' }] }],
    ['silence', 'time_filters[0].repeat', { ...drop, time_filters: [{ ...window, repeat: [7] }] }],
    ['silence', 'time_filters[0].cal_id', { ...drop, time_filters: [{ ...window, cal_id: 'work' }] }],
    ['silence', 'time_zone', { ...drop, time_zone: 'Mars/Olympus' }],
    ['inhibit', 'equals', { ...inhibit, equals: [] }],
    ['inhibit', 'equals', { ...inhibit, equals: Array.from({ length: 11 }, () => 'l') }],
    [
      'inhibit',
      'source_filters[0][0].vals[0]',
      { ...inhibit, source_filters: [[{ key: 'labels.ip', oper: 'IN', vals: ['cidr:10.0.0.0/8'] }]] },
    ],
  ];
  for (const [kind, body] of good) {
    const answer = await api.call(`/channel/${kind}/rule/create`, body);
    assert.equal(answer.body.error, undefined, `${JSON.stringify(body)}: ${answer.body.error?.message}`);
  }
  for (const [kind, field, body] of bad) {
    const answer = await api.call(`/channel/${kind}/rule/create`, body);
    assert.equal(answer.body.error?.code, 'InvalidParameter', JSON.stringify(body));
    assert.ok(answer.body.error?.message.startsWith(`${field}: `), `${field} in ${answer.body.error?.message}`);
  }
  const two = await api.call('/channel/unsubscribe/rule/create', { ...drop, rule_name: '', filters: [[]] });
  assert.match(two.body.error?.message ?? '', /rule_name: .*; filters\[0\]: /);
});

test('a channel has only so many rules of a kind', async () => {
  await using api = await withChannel();
  const { channelId } = { channelId: api.channel_id };
  const rule = { channelId, name: 'r', spec: { filters: [] } };
  for (let count = 0; count < noiseRulesMax; count += 1) await api.service.services.noiseRules.create('drop', rule, 0);
  const one = { channel_id: channelId, rule_name: 'r', filters: everything };
  assert.match((await api.call('/channel/unsubscribe/rule/create', one)).body.error?.message ?? '', /at most 100/);
  await api.data('/channel/silence/rule/create', one);
});
