import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { startTestServer, type StaffedServer } from '../../../test/support/test-server.ts';
import type * as shape from '../schemas/escalation.ts';

type Rule = z.output<typeof shape.rule>;

/** As the vendor's clients send it, with everything that they send. */
function asClientsSend(channelId: number, personId: number) {
  const by = { follow_preference: true, critical: ['voice'], warning: ['sms'] };
  return {
    channel_id: channelId,
    rule_name: 'On call',
    template_id: '6321aad26c12104586a88916',
    description: 'first Ann, then everybody',
    aggr_window: 60,
    priority: 3,
    layers: [
      {
        target: { person_ids: [personId], by, webhooks: null },
        max_times: 3,
        notify_step: 10,
        escalate_window: 15,
        force_escalate: true,
      },
      { target: { emails: ['Team@example.org'], by: null, schedule_to_role_ids: {} } },
    ],
    time_filters: [{ start: '09:00', end: '18:00', repeat: [1, 2, 3, 4, 5], cal_id: '', is_off: false }],
    filters: [[{ key: 'severity', oper: 'IN', vals: ['Critical'] }]],
  };
}

test('a rule that a client sends comes back as it was sent', async () => {
  await using api = await startTestServer();
  const { channelId, rule } = await withRule(api);
  const { created_at, updated_at, account_id, updated_by, rule_id, ...rest } = rule;
  assert.ok(created_at > 0 && updated_at === created_at && account_id > 0 && updated_by === api.memberIds.admin);
  assert.match(rule_id, /^[0-9a-f]{24}$/);
  const sent = asClientsSend(channelId, api.memberIds.responder);
  assert.deepEqual(rest, {
    ...sent,
    status: 'enabled',
    channel_name: 'Web',
    layers: [
      {
        ...sent.layers[0],
        target: {
          person_ids: [api.memberIds.responder],
          team_ids: [],
          emails: [],
          by: { follow_preference: true, critical: ['voice'], warning: ['sms'], info: [] },
          webhooks: null,
        },
      },
      {
        target: { person_ids: [], team_ids: [], emails: ['Team@example.org'], webhooks: null },
        max_times: 2,
        notify_step: 10,
        escalate_window: 30,
        force_escalate: false,
      },
    ],
    time_filters: [{ start: '09:00', end: '18:00', repeat: [1, 2, 3, 4, 5] }],
    time_zone: 'UTC',
  });
});

test('only what is sent changes, null empties a list, and a rule goes off, on and away', async () => {
  await using api = await startTestServer();
  const { channelId, rule } = await withRule(api);
  const ref = { channel_id: channelId, rule_id: rule.rule_id };
  const info = async () => api.data('/channel/escalate/rule/info', ref);
  await api.data('/channel/escalate/rule/update', { ...ref, rule_name: 'Nights', filters: null, time_filters: null });
  const changed = await info();
  assert.deepEqual([changed.rule_name, changed.filters, changed.time_filters], ['Nights', [], []]);
  assert.deepEqual(changed.layers, rule.layers);
  await api.data('/channel/escalate/rule/disable', ref);
  assert.equal((await info()).status, 'disabled');
  await api.data('/channel/escalate/rule/enable', ref);
  assert.equal((await info()).status, 'enabled');
  await api.data('/channel/escalate/rule/delete', ref);
  const gone = await api.call('/channel/escalate/rule/info', ref);
  assert.equal(gone.body.error?.code, 'ResourceNotFound');
});

test('rules are listed as they are tried, and those of another channel are as unknown as none', async () => {
  await using api = await startTestServer();
  const { channelId, rule } = await withRule(api);
  const sent = asClientsSend(channelId, api.memberIds.responder);
  await api.data('/channel/escalate/rule/create', { ...sent, rule_name: 'First', priority: 1 });
  const list = (await api.data('/channel/escalate/rule/list', { channel_id: channelId }, 'viewer')) as {
    items: Rule[];
  };
  assert.deepEqual(
    list.items.map((one) => one.rule_name),
    ['First', 'On call'],
  );
  const other = await api.data('/channel/create', { channel_name: 'Other' });
  const foreign = { channel_id: other.channel_id, rule_id: rule.rule_id };
  for (const path of ['info', 'delete', 'disable']) {
    const answer = await api.call(`/channel/escalate/rule/${path}`, foreign);
    assert.equal(answer.body.error?.code, 'ResourceNotFound', path);
  }
});

test('everything that is wrong with a rule is named at once, and only administrators make one', async () => {
  await using api = await startTestServer();
  const { channelId } = await withRule(api);
  const sent = asClientsSend(channelId, 99);
  const answer = await api.call('/channel/escalate/rule/create', {
    ...sent,
    layers: [{ target: { person_ids: [99], team_ids: [98] } }, { target: {} }],
    time_filters: [{ start: '9', end: '18:00' }],
    time_zone: 'Nowhere',
    filters: [[{ key: 'colour', oper: 'IN', vals: ['red'] }]],
  });
  const faults = answer.body.error?.message ?? '';
  for (const part of [
    'rule_name',
    'person_ids',
    'team_ids',
    'layers[1]',
    'time_filters[0].start',
    'time_zone',
    'colour',
  ]) {
    assert.ok(faults.includes(part), `${part} is not named in: ${faults}`);
  }
  const unsupported: [object, RegExp][] = [
    [{ schedule_to_role_ids: { 5: [0] } }, /schedules are not supported/],
    [{ webhooks: [{ type: 'slack', settings: {} }] }, /robots are not supported/],
  ];
  for (const [target, message] of unsupported) {
    const layers = [{ target: { person_ids: [api.memberIds.responder], ...target } }];
    const refused = await api.call('/channel/escalate/rule/create', { ...sent, rule_name: 'x', layers });
    assert.match(refused.body.error?.message ?? '', message);
  }
  const denied = await api.call('/channel/escalate/rule/create', { ...sent, rule_name: 'x' }, 'responder');
  assert.equal(denied.body.error?.code, 'AccessDenied');
});

async function withRule(api: StaffedServer): Promise<{ channelId: number; rule: Rule }> {
  const { channel_id: channelId } = await api.data('/channel/create', { channel_name: 'Web' });
  const sent = asClientsSend(channelId, api.memberIds.responder);
  const made = (await api.data('/channel/escalate/rule/create', sent)) as { rule_id: string };
  const rule = (await api.data('/channel/escalate/rule/info', { channel_id: channelId, ...made })) as Rule;
  return { channelId, rule };
}
