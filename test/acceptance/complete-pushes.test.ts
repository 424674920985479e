import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { alertEventTypes, incidentEventTypes } from '../../src/events/event-types.ts';
import { pushOf, startTestApp, type Hook, type Place, type Push, type TestApp } from '../support/test-app.ts';

/** Every key of contract 1.5 to 1.7 in every push, with its type and its unit. */

type Check = (value: unknown) => boolean;

const integer: Check = (value) => Number.isSafeInteger(value);
const text: Check = (value) => typeof value === 'string';
const someText: Check = (value) => typeof value === 'string' && value !== '';
const objectId: Check = (value) => /^[0-9a-f]{24}$/.test(String(value));
/** A day around now, so that milliseconds in a field of seconds cannot pass. */
const seconds: Check = (value) => integer(value) && Math.abs(Number(value) * 1000 - Date.now()) < 86_400_000;
const secondsOrNone: Check = (value) => value === 0 || seconds(value);
const milliseconds: Check = (value) => integer(value) && Math.abs(Number(value) - Date.now()) < 86_400_000;
const boolean: Check = (value) => typeof value === 'boolean';
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf =
  (...words: string[]): Check =>
  (value) =>
    words.includes(String(value));
const texts: Check = (value) => object(value) && Object.values(value as object).every(text);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shapeOf =
  (required: Record<string, Check>, optional: Record<string, Check> = {}): Check =>
  (value) =>
    object(value) && faultsOf(value as object, required, optional).length === 0;

const severity = oneOf('Critical', 'Warning', 'Info');
const status = oneOf('Critical', 'Warning', 'Info', 'Ok');
const personKeys = { person_id: integer, person_name: text, email: text };
const person = shapeOf(personKeys);
const responder = shapeOf({ ...personKeys, assigned_at: secondsOrNone, acknowledged_at: secondsOrNone });
const image = shapeOf({ src: someText }, { alt: text, href: text });

const incidentKeys: Record<string, Check> = {
  incident_id: objectId,
  num: (value) => /^[0-9A-F]{6}$/.test(String(value)),
  account_id: integer,
  account_name: text,
  title: someText,
  description: text,
  impact: text,
  root_cause: text,
  resolution: text,
  incident_severity: severity,
  incident_status: status,
  progress: oneOf('Triggered', 'Processing', 'Closed'),
  created_at: seconds,
  updated_at: seconds,
  start_time: seconds,
  last_time: secondsOrNone,
  end_time: secondsOrNone,
  ack_time: secondsOrNone,
  close_time: secondsOrNone,
  snoozed_before: secondsOrNone,
  labels: texts,
  fields: object,
  creator_id: integer,
  closer_id: integer,
  responders: listOf(responder),
  responder_ids: listOf(integer),
  assigned_to: object,
  alert_cnt: integer,
  channel_id: integer,
  channel_name: text,
  data_source_id: integer,
  integration_id: integer,
  integration_type: text,
  dedup_key: text,
  equals_md5: text,
  group_method: oneOf('n', 'p', 'i'),
  detail_url: (value) => URL.canParse(String(value)),
  // As in the API.
  integration_ids: listOf(integer),
  integration_types: listOf(someText),
  data_source_ids: listOf(integer),
  data_source_type: text,
  data_source_types: listOf(someText),
  owner_id: integer,
  ever_muted: boolean,
  active_alert_cnt: integer,
  alert_event_cnt: integer,
  channel_status: text,
  links: listOf(object),
  manual_overrides: listOf(someText),
  deleted_at: secondsOrNone,
};
const incidentExtras: Record<string, Check> = { creator: person, closer: person, owner: person, images: listOf(image) };

const alertKeys: Record<string, Check> = {
  alert_id: objectId,
  account_id: integer,
  data_source_id: integer,
  data_source_name: someText,
  data_source_type: oneOf('standard.alert'),
  data_source_ref_id: text,
  integration_id: integer,
  integration_name: someText,
  integration_type: oneOf('standard.alert'),
  channel_id: integer,
  channel_name: someText,
  title: someText,
  title_rule: text,
  description: text,
  alert_key: someText,
  alert_severity: severity,
  alert_status: status,
  progress: oneOf('Triggered', 'Closed'),
  created_at: seconds,
  updated_at: seconds,
  start_time: seconds,
  last_time: seconds,
  end_time: secondsOrNone,
  close_time: secondsOrNone,
  labels: texts,
  event_cnt: integer,
  responder_id: integer,
  responder_name: text,
  responder_email: text,
};
const alertExtras: Record<string, Check> = {
  incident: shapeOf({ incident_id: objectId, title: someText }),
  images: listOf(image),
};

function faultsOf(value: object, required: Record<string, Check>, optional: Record<string, Check>): string[] {
  const given = value as Record<string, unknown>;
  const missing = Object.keys(required).filter((name) => !(name in given));
  const wrong = Object.entries(given).flatMap(([name, one]) => {
    const check = required[name] ?? optional[name];
    if (check === undefined) return [`${name} is not in the contract`];
    return check(one) ? [] : [`${name} is ${JSON.stringify(one)}`];
  });
  return [...missing.map((name) => `${name} is missing`), ...wrong];
}

function faultsOfPush(push: Push): string[] {
  const envelope = { event_time: milliseconds, event_type: someText, event_id: someText };
  const extras = { person, incident: object, alert: object };
  const about =
    push.alert === undefined
      ? faultsOf(push.incident ?? {}, incidentKeys, incidentExtras)
      : faultsOf(push.alert, alertKeys, alertExtras);
  return [...faultsOf(push, envelope, extras), ...about].map((fault) => `${push.event_type}: ${fault}`);
}

/** The types that some test below has seen, complete. */
const seen = new Set<string>();

function assertComplete(pushes: readonly Push[]): void {
  assert.deepEqual(pushes.flatMap(faultsOfPush), []);
  for (const push of pushes) seen.add(push.event_type);
}

let scene: TestApp;
let place: Place;
let alerts: Hook;
let incidents: Hook;
let grace: number;

before(async () => {
  scene = await startTestApp();
  const invited = await scene.service.api('/member/invite', {
    members: [{ email: 'grace@example.org', member_name: 'Grace' }],
  });
  grace = Number((invited['items'] as { member_id: number }[])[0]?.member_id);
});
after(() => scene.stop());

async function furnish(): Promise<void> {
  place = await scene.place();
  alerts = await place.hook('alert');
  incidents = await place.hook('incident');
}

async function openIncident(): Promise<string> {
  const [opened] = (await incidents.pushes(1)).map(pushOf);
  return String(opened?.incident?.['incident_id']);
}

test('automatic changes are pushed with every key and without a person', async () => {
  await furnish();
  const image = { src: 'https://example.org/graph.png', alt: 'load' };
  const event = { title: 'load', alert_key: 'load', labels: { host: 'a' }, images: [image] };
  await place.report({ ...event, event_status: 'Warning' });
  await place.report({ ...event, description: 'worse' });
  await place.report({ ...event, event_status: 'Ok' });
  const pushes = [...(await alerts.pushes(3)), ...(await incidents.pushes(3))].map(pushOf);
  assert.deepEqual(
    pushes.map((push) => push.event_type),
    ['a_new', 'a_update', 'a_update', 'i_new', 'i_r_severity', 'i_rslv'],
  );
  assertComplete(pushes);
  assert.deepEqual(
    pushes.filter((push) => 'person' in push),
    [],
  );
  const [opened, , recovered, begun, , resolved] = pushes;
  assert.deepEqual([opened?.alert?.['alert_severity'], opened?.alert?.['end_time']], ['Warning', 0]);
  assert.deepEqual(
    ['alert_severity', 'alert_status', 'progress', 'event_cnt'].map((name) => recovered?.alert?.[name]),
    ['Critical', 'Ok', 'Closed', 3],
  );
  assert.ok(seconds(recovered?.alert?.['end_time']) && seconds(recovered?.alert?.['close_time']));
  assert.deepEqual([begun?.incident?.['close_time'], begun?.incident?.['creator_id']], [0, 0]);
  assert.deepEqual(
    ['incident_status', 'progress', 'closer_id', 'alert_cnt'].map((name) => resolved?.incident?.[name]),
    ['Ok', 'Closed', 0, 1],
  );
  assert.ok(seconds(resolved?.incident?.['end_time']) && !('closer' in (resolved?.incident ?? {})));
});

test('what a person does is pushed with every key and with the person', async () => {
  await furnish();
  await place.report({ title: 'disk', alert_key: 'disk' });
  const id = await openIncident();
  const ids = { incident_ids: [id] };
  const steps: readonly (readonly [type: string, path: string, body: object])[] = [
    ['i_ack', '/incident/ack', ids],
    ['i_unack', '/incident/unack', ids],
    ['i_snooze', '/incident/snooze', { ...ids, minutes: 5 }],
    ['i_wake', '/incident/wake', ids],
    ['i_comm', '/incident/comment', { ...ids, comment: 'looking' }],
    ['i_assign', '/incident/assign', { ...ids, assigned_to: { person_ids: [grace] } }],
    ['i_rslv', '/incident/resolve', { ...ids, root_cause: 'logs', resolution: 'rotated' }],
    ['i_reopen', '/incident/reopen', { ...ids, reason: 'again' }],
  ];
  for (const [, path, body] of steps) await scene.service.api(path, body);
  const me = await scene.service.api('/member/info');
  const pushes = (await incidents.pushes(1 + steps.length)).map(pushOf).slice(1);
  const [closed] = (await alerts.pushes(2)).map(pushOf).slice(1);

  assert.deepEqual(
    pushes.map((push) => push.event_type).slice(0, steps.length),
    steps.map(([type]) => type),
  );
  assert.equal(closed?.event_type, 'a_close');
  const all = [...pushes, ...(closed === undefined ? [] : [closed])];
  assertComplete(all);
  for (const push of all.filter((push) => push.event_type !== 'i_assign' || push !== pushes.at(-1))) {
    assert.equal(push.person?.['person_id'], me['member_id'], push.event_type);
    assert.equal(push.person?.['email'], 'admin@example.org', push.event_type);
  }
  const [acknowledged, , snoozed, woken, , assigned, resolved] = pushes.map((push) => push.incident ?? {});
  assert.deepEqual([acknowledged?.['progress'], acknowledged?.['responder_ids']], ['Processing', [me['member_id']]]);
  assert.ok(seconds(acknowledged?.['ack_time']));
  assert.ok(Number(snoozed?.['snoozed_before']) > Date.now() / 1000 + 200);
  assert.equal(woken?.['snoozed_before'], 0);
  const assignment = assigned?.['assigned_to'] as { person_ids?: number[] } | undefined;
  assert.deepEqual(assignment?.person_ids, [grace]);
  assert.deepEqual([resolved?.['root_cause'], resolved?.['closer_id']], ['logs', me['member_id']]);
  assert.deepEqual(resolved?.['closer'], {
    person_id: me['member_id'],
    person_name: 'Administrator',
    email: 'admin@example.org',
  });
});

test('an incident by hand has its creator, and belongs to a channel or to none', async () => {
  await furnish();
  const outside = await place.hook('incident', { channel_ids: [] });
  const made = { title: 'checkout is slow', incident_severity: 'Warning' };
  await scene.service.api('/incident/create', { ...made, channel_id: place.channelId });
  await scene.service.api('/incident/create', made);
  const [inChannel] = (await incidents.pushes(1)).map(pushOf);
  const [, alone] = (await outside.pushes(2)).map(pushOf);
  assert.deepEqual(
    [inChannel, alone].flatMap((push) => (push === undefined ? ['missing'] : faultsOfPush(push))),
    [],
  );
  assert.equal(inChannel?.incident?.['channel_id'], place.channelId);
  assert.deepEqual([alone?.incident?.['channel_id'], alone?.incident?.['channel_name']], [0, '']);
  for (const push of [inChannel, alone]) {
    assert.equal(push?.person?.['person_id'], push?.incident?.['creator_id']);
    assert.deepEqual(push?.incident?.['creator'], push?.person);
  }
});

test('alerts that are moved or closed by hand are pushed with the person who did it', async () => {
  await furnish();
  await place.report({ title: 'one', alert_key: 'one' });
  await place.report({ title: 'two', alert_key: 'two' });
  const opened = (await incidents.pushes(2)).map(pushOf);
  const [first, second] = (await alerts.pushes(2)).map(pushOf);
  const target = opened.find((push) => push.incident?.['title'] === 'one')?.incident?.['incident_id'];
  const two = second?.alert?.['alert_id'];
  await scene.service.api('/alert/merge', { alert_ids: [two], incident_id: target });
  await scene.service.api('/alert/close', { alert_ids: [first?.alert?.['alert_id']] });
  const changes = (await alerts.pushes(4)).map(pushOf).slice(2);
  assert.deepEqual(changes.map((push) => `${push.event_type} ${String(push.alert?.['title'])}`).toSorted(), [
    'a_close one',
    'a_merge two',
  ]);
  assertComplete(changes);
  for (const push of changes) assert.equal(push.person?.['email'], 'admin@example.org');
  const merged = changes.find((push) => push.event_type === 'a_merge');
  assert.deepEqual(merged?.alert?.['incident'], { incident_id: target, title: 'one' });
});

test('a group is pushed to a storm, and a rule assigns it to its layer, all without a person', async () => {
  await furnish();
  const group = { method: 'p', equals: [['labels.host']], storm_thresholds: [2, 3], time_window: 5 };
  await scene.service.api('/channel/update', { channel_id: place.channelId, group });
  const rule = await scene.service.api('/channel/escalate/rule/create', {
    channel_id: place.channelId,
    rule_name: 'on call',
    layers: [{ target: { person_ids: [grace] }, escalate_window: 30 }, { target: { person_ids: [grace] } }],
  });
  for (const key of ['one', 'two', 'three']) await place.report({ title: key, alert_key: key, labels: { host: 'a' } });
  const pushes = (await incidents.pushes(4)).map(pushOf);
  const ofAlerts = (await alerts.pushes(5)).map(pushOf);
  assert.deepEqual(
    pushes.map((push) => push.event_type),
    ['i_new', 'i_assign', 'i_storm', 'i_storm'],
  );
  assert.deepEqual(ofAlerts.map((push) => push.event_type).toSorted(), [
    'a_merge',
    'a_merge',
    'a_new',
    'a_new',
    'a_new',
  ]);
  assertComplete([...pushes, ...ofAlerts]);
  assert.deepEqual(
    [...pushes, ...ofAlerts].filter((push) => 'person' in push),
    [],
  );
  const [opened, assigned, stormed, again] = pushes.map((push) => push.incident ?? {});
  assert.deepEqual([opened?.['responders'], opened?.['assigned_to'], opened?.['group_method']], [[], {}, 'p']);
  assert.deepEqual([opened?.['alert_cnt'], stormed?.['alert_cnt'], again?.['alert_cnt']], [1, 2, 3]);
  assert.match(String(opened?.['equals_md5']), /^[0-9a-f]{32}$/);
  assert.deepEqual([opened?.['dedup_key'], opened?.['labels']], ['one', { host: 'a' }]);
  const { id, assigned_at, ...assignment } = (assigned?.['assigned_to'] ?? {}) as Record<string, unknown>;
  assert.match(String(id), /^\w{22}$/);
  assert.ok(seconds(assigned_at));
  assert.deepEqual(assignment, {
    type: 'assign',
    escalate_rule_id: rule['rule_id'],
    escalate_rule_name: 'on call',
    layer_idx: 0,
  });
  const [one] = (assigned?.['responders'] ?? []) as Record<string, unknown>[];
  assert.deepEqual([one?.['person_id'], one?.['assigned_at'], one?.['acknowledged_at']], [grace, assigned_at, 0]);

  const escalates = { incident_id: opened?.['incident_id'], assigned_to: { type: 'escalate' } };
  await scene.service.api('/incident/assign', escalates);
  const [escalated] = (await incidents.pushes(5)).map(pushOf).slice(4);
  assert.ok(escalated?.person);
  assertComplete([escalated]);
  const layer = escalated.incident?.['assigned_to'] as Record<string, unknown>;
  assert.deepEqual([layer['type'], layer['layer_idx']], ['escalate', 1]);
});

test('every edit, merge and custom action is pushed with every key, with the person and with what it changed', async () => {
  await furnish();
  const field_name = 'complete_pushes_field';
  await scene.service.api('/field/create', { field_name, display_name: 'Place', field_type: 'text' });
  const action = await scene.service.api('/webhook/create', {
    type: 'custom_action',
    name: 'Restart',
    endpoint: `${scene.receiver.url}/complete-pushes-action`,
    channel_ids: [place.channelId],
  });
  await place.report({ title: 'target', alert_key: 'target' });
  const incident_id = await openIncident();
  await place.report({ title: 'source', alert_key: 'source' });
  const source = (await incidents.pushes(2)).map(pushOf).at(-1)?.incident?.['incident_id'];
  const texts = {
    title: 'new title',
    description: 'the disk',
    impact: 'no orders',
    root_cause: 'logs',
    resolution: 'space',
  };
  const steps: readonly (readonly [path: string, body: object])[] = [
    ['/incident/responder/add', { incident_id, person_ids: [grace] }],
    ['/incident/reset', { incident_id, ...texts, incident_severity: 'Warning' }],
    ['/incident/field/reset', { incident_id, field_name, field_value: 'rack 7' }],
    ['/incident/custom-action/do', { incident_id, integration_id: action['integration_id'] }],
    ['/incident/merge', { target_incident_id: incident_id, source_incident_ids: [source], comment: 'the same' }],
  ];
  for (const [path, body] of steps) await scene.service.api(path, body);
  const pushes = (await incidents.pushes(13)).map(pushOf).slice(2);
  const own = pushes.filter((push) => push.incident?.['incident_id'] === incident_id);
  const edits = ['i_r_title', 'i_r_desc', 'i_r_impact', 'i_r_rc', 'i_r_rsltn', 'i_r_severity', 'i_r_field'];
  assert.deepEqual(
    own.map((push) => push.event_type),
    ['i_a_rspd', ...edits, 'i_custom', 'i_merge'],
  );
  assertComplete(pushes);
  for (const push of pushes) assert.equal(push.person?.['email'], 'admin@example.org', push.event_type);
  const eventTimes = own.map((push) => push.event_time);
  assert.ok(
    eventTimes.every((time, at) => at === 0 || time > (eventTimes[at - 1] ?? 0)),
    'the times rise',
  );
  const merged = own.at(-1)?.incident ?? {};
  for (const [name, value] of Object.entries(texts)) assert.equal(merged[name], value);
  assert.deepEqual(
    [merged['incident_severity'], merged['fields'], merged['alert_cnt']],
    ['Warning', { [field_name]: 'rack 7' }, 2],
  );
  assert.deepEqual(own[0]?.incident?.['responder_ids'], [grace]);
  const emptied = pushes.find((push) => push.incident?.['incident_id'] === source);
  assert.deepEqual(
    [emptied?.event_type, emptied?.incident?.['progress'], emptied?.incident?.['alert_cnt']],
    ['i_merge', 'Closed', 0],
  );

  const call = scene.receiver.received.find((one) => one.path === '/complete-pushes-action');
  assert.ok(call);
  const { alerts: carried, ...incident } = pushOf(call).incident ?? {};
  assert.deepEqual(faultsOfPush({ ...pushOf(call), incident }), []);
  const [first, ...others] = carried as Record<string, unknown>[];
  assert.deepEqual([faultsOf(first ?? {}, alertKeys, alertExtras), others], [[], []]);
});

test('no type of event is left out here', () => {
  assert.deepEqual([...seen].toSorted(), [...incidentEventTypes, ...alertEventTypes].toSorted());
});
