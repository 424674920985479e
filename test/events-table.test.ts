import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { defaultSettings } from '../src/channels/channel.ts';
import type { NoiseSpecs, SilenceSpec } from '../src/channels/noise-rule.ts';
import type { AlertReport } from '../src/alerts/alert.ts';
import { alertEventTypes, incidentEventTypes } from '../src/events/event-types.ts';
import { DeadlineWorker } from '../src/incidents/deadline-worker.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { systemTimers } from '../src/runtime/timers.ts';
import { databases } from './support/databases.ts';
import { startSourcedServer, type TestServer } from './support/test-server.ts';
import { ada, report, type SourcedService } from './support/test-service.ts';
import { answer } from './support/scripted-receiver.ts';

/** One row of the tables in `docs/reference/events.md`. */
interface Row {
  readonly what: string;
  readonly events: readonly string[];
  readonly person: string;
}

const rows = tableRows(await readFile(join(import.meta.dirname, '..', 'docs', 'reference', 'events.md'), 'utf8'));
const group = { ...defaultSettings.group, method: 'p', equals: [['labels.resource']], stormThresholds: [3] } as const;
const dayMs = 24 * 3_600_000;

/** Each row's preparation, which returns its action; only the events of the action belong to the row. */
const deeds: Readonly<Record<string, (world: World) => Promise<() => Promise<unknown>>>> = {
  'a report opens an alert that is like no other': async (world) => () => world.report('a'),
  'a report opens an alert that joins an incident': async (world) => {
    await world.opened('a');
    return () => world.report('b');
  },
  'an alert joins and brings the incident to a storm threshold': async (world) => {
    await world.opened('a', 'b');
    return () => world.report('c');
  },
  'a report changes severity, status, title or description': async (world) => {
    await world.opened('a');
    return () => world.report('a', { description: 'changed' });
  },
  'a report makes its alert worse, and the incident with it': async (world) => {
    await world.opened('a');
    return () => world.report('a', { status: 'Critical' });
  },
  'an alert joins that is worse than its incident': async (world) => {
    await world.opened('a');
    return () => world.report('b', { status: 'Critical' });
  },
  'a report that is older than the last one of its alert': async (world) => {
    await world.report('a', { isSenderTime: true, eventTime: 2_000 });
    return () => world.report('a', { isSenderTime: true, eventTime: 1_000, status: 'Ok' });
  },
  'a report that repeats what has recovered since': async (world) => {
    await world.report('a', { isSenderTime: true, eventTime: 1_000 });
    await world.report('a', { isSenderTime: true, eventTime: 2_000, status: 'Ok' });
    return () => world.report('a', { isSenderTime: true, eventTime: 1_000 });
  },
  'a report of a new occurrence, when the recovery before it got lost': async (world) => {
    await world.report('a', { startedAt: 1_000 });
    return () => world.report('a', { startedAt: 1_000_000 });
  },
  'a report of a peer that saw it begin later, before the end that was named': async (world) => {
    const until = world.server.service.clock.now() + 240_000;
    await world.report('a', { startedAt: 1_000, expiresAt: until });
    return () => world.report('a', { startedAt: 1_000_000, expiresAt: until });
  },
  'a report of a key whose incident was opened again': async (world) => {
    const incident_id = await world.opened('a');
    await world.call('resolve', { incident_ids: [incident_id] });
    await world.call('reopen', { incident_ids: [incident_id] });
    return () => world.report('a');
  },
  'a recovery, while other alerts of the incident are open': async (world) => {
    await world.opened('a', 'b');
    return () => world.report('a', { status: 'Ok' });
  },
  'a recovery of the last open alert': async (world) => {
    await world.opened('a');
    return () => world.report('a', { status: 'Ok' });
  },
  'a recovery in a channel with `disable_auto_close`': async (world) => {
    const { channelId } = await world.channel({ disableAutoClose: true });
    await world.report('a', {}, channelId);
    return () => world.report('a', { status: 'Ok' }, channelId);
  },
  'a report after the alert has been open for longer than it takes reports': async (world) => {
    await world.opened('a');
    world.server.service.clock.move(dayMs + 1);
    return () => world.report('a', { description: 'changed' });
  },
  'the same, while its incident has other open alerts': async (world) => {
    const { channelId } = await world.channel({ group: { ...group, stormThresholds: [] } });
    await world.report('a', {}, channelId);
    await world.report('b', {}, channelId);
    world.server.service.clock.move(dayMs + 1);
    return () => world.report('a', { description: 'changed' }, channelId);
  },
  'a report that a drop rule matches': async (world) => {
    const { channelId } = await world.channel({});
    await world.rule('drop', channelId, { filters: everyReport });
    return () => world.report('a', {}, channelId);
  },
  'a report opens an alert that is silenced or inhibited': async (world) => {
    const { channelId } = await world.silenced();
    return () => world.report('a', {}, channelId);
  },
  'a report opens an alert that a rule discards': async (world) => {
    const { channelId } = await world.silenced({ discards: true });
    return () => world.report('a', {}, channelId);
  },
  'a report changes an alert that is silenced': async (world) => {
    const { channelId } = await world.silenced();
    await world.report('a', {}, channelId);
    return () => world.report('a', { description: 'changed' }, channelId);
  },
  'a recovery of an alert that is silenced': async (world) => {
    const { channelId } = await world.silenced();
    await world.report('a', {}, channelId);
    return () => world.report('a', { status: 'Ok' }, channelId);
  },
  'the same report again, when nothing silences its alert any more': async (world) => {
    const { channelId, end } = await world.silenced();
    await world.report('a', {}, channelId);
    await end();
    return () => world.report('a', {}, channelId);
  },
  'the silence over an open alert ends': async (world) => {
    await world.passes(600);
    const { channelId } = await world.channel({});
    const now = world.server.service.clock.now();
    await world.rule('silence', channelId, { ...silence, span: { start: now, end: now + 60_000 } });
    await world.report('a', {}, channelId);
    return () => world.passes(1);
  },
  'the source that inhibits an open alert recovers': async (world) => {
    await world.passes(600);
    const { channelId } = await world.channel({});
    const filters = (vals: string[]) => [[{ key: 'severity', oper: 'IN' as const, vals }]];
    const [sourceFilters, targetFilters] = [filters(['Critical']), filters(['Warning'])];
    await world.rule('inhibit', channelId, { sourceFilters, targetFilters, equals: ['resource'], discards: false });
    await world.report('source', { status: 'Critical' }, channelId);
    await world.report('a', {}, channelId);
    return async () => {
      await world.report('source', { status: 'Ok' }, channelId);
      await world.passes(1);
    };
  },
  'an alert is not reported again until the time that its source named': async (world) => {
    await world.passes(600);
    await world.report('a', { expiresAt: world.server.service.clock.now() + 240_000 });
    return () => world.passes(4);
  },
  'a report changes an alert that nothing silences any more': async (world) => {
    const { channelId, end } = await world.silenced();
    await world.report('a', {}, channelId);
    await end();
    return () => world.report('a', { description: 'changed' }, channelId);
  },
  'a report that changes labels only': async (world) => {
    await world.opened('a');
    return () => world.report('a', { labels: { other: 'x' } });
  },
  'the same report again': async (world) => {
    await world.opened('a');
    return () => world.report('a');
  },
  'a recovery of an alert that is not open': async (world) => () => world.report('a', { status: 'Ok' }),
  'a report for a channel that is disabled': async (world) => {
    const { channelId } = await world.channel({});
    await world.server.service.services.channels.setStatus(channelId, 'disabled');
    return () => world.report('a', {}, channelId);
  },
  'a comment by alert key': async (world) => {
    await world.opened('a');
    const { integrationId, channelId } = world.place;
    const source = { integrationId, alertKey: world.key('a') };
    return () => world.server.service.incidents.commentByAlert(source, [channelId], 'fine');
  },
  'a report opens an alert in a channel with an escalation rule': async (world) => {
    const { channelId } = await world.escalating();
    return () => world.report('a', {}, channelId);
  },
  'nobody acknowledges, and the rule has another layer': async (world) => {
    const { channelId } = await world.escalating();
    await world.report('a', {}, channelId);
    return () => world.passes(10);
  },
  'nobody acknowledges, and the rule has no other layer': async (world) => {
    const { channelId } = await world.escalating();
    await world.report('a', {}, channelId);
    await world.passes(10);
    return () => world.passes(600);
  },
  'somebody acknowledges before the next layer': async (world) => {
    const { channelId } = await world.escalating();
    await world.report('a', {}, channelId);
    await world.call('ack', { incident_ids: [world.server.service.events.at(-1)?.entityId] });
    return () => world.passes(600);
  },
  'a snooze comes to its end': async (world) => {
    await world.passes(600);
    await world.call('snooze', { incident_ids: [await world.opened('a')], minutes: 10 });
    return () => world.passes(10);
  },
  'an incident is open for as long as its channel allows': async (world) => {
    await world.passes(600);
    const { channelId } = await world.channel({ autoResolveTimeoutSeconds: 60 });
    await world.report('a', {}, channelId);
    return () => world.passes(1);
  },
  'a snoozed incident is open for as long as its channel allows': async (world) => {
    await world.passes(600);
    const { channelId } = await world.channel({ autoResolveTimeoutSeconds: 60 });
    await world.report('a', {}, channelId);
    await world.call('snooze', { incident_ids: [world.server.service.events.at(-1)?.entityId], minutes: 10 });
    return () => world.passes(10);
  },
  'an incident without alerts is open for as long as its channel allows': async (world) => {
    await world.passes(600);
    const { channelId } = await world.channel({ autoResolveTimeoutSeconds: 60 });
    await world.call('create', { title: 't', incident_severity: 'Info', channel_id: channelId });
    return () => world.passes(1);
  },
  '`/incident/create`': async (world) => world.does('create', { title: 't', incident_severity: 'Info' }),
  '`/incident/create` with people': async (world) =>
    world.does('create', { title: 't', incident_severity: 'Info', assigned_to: { person_ids: [world.memberId] } }),
  '`/incident/ack`': (world) => world.doesTo('ack'),
  '`/incident/ack` again, or of a closed incident': async (world) => {
    const [one, closed] = [await world.opened('a'), await world.closed()];
    await world.call('ack', { incident_ids: [one] });
    return () => world.call('ack', { incident_ids: [one, closed] });
  },
  '`/incident/unack`': async (world) => {
    const one = await world.opened('a');
    await world.call('ack', { incident_ids: [one] });
    return () => world.call('unack', { incident_ids: [one] });
  },
  '`/incident/unack` by who has not acknowledged, or of a closed incident': (world) => world.doesToQuiet('unack'),
  '`/incident/assign`': (world) => world.doesTo('assign', { assigned_to: { person_ids: [world.memberId] } }),
  '`/incident/assign` to the next layer': async (world) => {
    const { channelId } = await world.escalating();
    await world.report('a', {}, channelId);
    const incident_id = world.server.service.events.at(-1)?.entityId;
    return () => world.call('assign', { incident_id, assigned_to: { type: 'escalate' } });
  },
  '`/incident/assign` of a closed incident': (world) =>
    world.doesToClosed('assign', { assigned_to: { person_ids: [world.memberId] } }),
  '`/incident/responder/add`': async (world) => {
    const incident_id = await world.opened('a');
    return () => world.call('responder/add', { incident_id, person_ids: [world.memberId] });
  },
  '`/incident/responder/add` of who is there, or to a closed incident': async (world) => {
    const [one, closed] = [await world.opened('a'), await world.closed()];
    await world.call('responder/add', { incident_id: one, person_ids: [world.memberId] });
    return async () => {
      await world.call('responder/add', { incident_id: one, person_ids: [world.memberId] });
      await world.call('responder/add', { incident_id: closed, person_ids: [world.memberId] });
    };
  },
  '`/incident/snooze`': (world) => world.doesTo('snooze', { minutes: 10 }),
  '`/incident/snooze` of a closed incident': (world) => world.doesToClosed('snooze', { minutes: 10 }),
  '`/incident/wake`': async (world) => {
    const one = await world.opened('a');
    await world.call('snooze', { incident_ids: [one], minutes: 10 });
    return () => world.call('wake', { incident_ids: [one] });
  },
  '`/incident/wake` of an incident that is not snoozed, or is closed': (world) => world.doesToQuiet('wake'),
  '`/incident/resolve` with two open alerts': async (world) => {
    const one = await world.opened('a', 'b');
    return () => world.call('resolve', { incident_ids: [one] });
  },
  '`/incident/resolve` of a closed incident': (world) => world.doesToClosed('resolve', { root_cause: 'c' }),
  '`/incident/reopen` of an incident that nobody had': async (world) => {
    const one = await world.opened('a');
    await world.report('a', { status: 'Ok' });
    return () => world.call('reopen', { incident_ids: [one] });
  },
  '`/incident/reopen` of an incident that somebody had': (world) => world.doesToClosed('reopen'),
  '`/incident/reopen` of an open incident': (world) => world.doesTo('reopen'),
  '`/incident/comment`, also of a closed incident': (world) => world.doesToClosed('comment', { comment: 'c' }),
  '`/incident/reset` of everything': (world) => world.resets('reset', everything),
  '`/incident/reset` to the present values': async (world) => {
    const incident_id = await world.opened('a');
    await world.call('reset', { incident_id, ...everything });
    return () => world.call('reset', { incident_id, ...everything });
  },
  '`/incident/title/reset`': (world) => world.resets('title/reset', { title: 'new' }),
  '`/incident/description/reset`': (world) => world.resets('description/reset', { description: 'new' }),
  '`/incident/impact/reset`': (world) => world.resets('impact/reset', { impact: 'new' }),
  '`/incident/root-cause/reset`': (world) => world.resets('root-cause/reset', { root_cause: 'new' }),
  '`/incident/resolution/reset`': (world) => world.resets('resolution/reset', { resolution: 'new' }),
  '`/incident/severity/reset`': (world) => world.resets('severity/reset', { incident_severity: 'Info' }),
  '`/incident/field/reset`': async (world) => {
    const field_name = await world.field();
    return world.resets('field/reset', { field_name, field_value: 'x' });
  },
  '`/incident/field/reset` that takes the value away': async (world) => {
    const [incident_id, field_name] = [await world.opened('a'), await world.field()];
    await world.call('field/reset', { incident_id, field_name, field_value: 'x' });
    return () => world.call('field/reset', { incident_id, field_name });
  },
  '`/incident/field/reset` to the present value': async (world) => {
    const [incident_id, field_name] = [await world.opened('a'), await world.field()];
    await world.call('field/reset', { incident_id, field_name, field_value: 'x' });
    return () => world.call('field/reset', { incident_id, field_name, field_value: 'x' });
  },
  '`/incident/merge` of two sources: for the target, then for each source': async (world) =>
    world.merges(await world.opened('a'), [await world.manual(), await world.closed()]),
  '`/incident/merge` of a source whose alerts are worse than the target': async (world) => {
    const [target, source] = [await world.manual('Info'), await world.opened('a')];
    return world.merges(target, [source]);
  },
  '`/incident/merge` into a closed incident, of a source with an open alert': async (world) =>
    world.merges(await world.closed(), [await world.opened('a')]),
  '`/incident/merge` that removes its source': async (world) =>
    world.merges(await world.manual(), [await world.opened('a')], { remove_source_incidents: true }),
  '`/incident/custom-action/do` that the receiver took': (world) => world.acts('?answer=200'),
  '`/incident/custom-action/do` that failed': (world) => world.acts('?answer=500'),
  '`/incident/disable-merge`': (world) => world.doesTo('disable-merge'),
  '`/incident/remove`': (world) => world.doesTo('remove'),
  '`/alert/merge`': async (world) => {
    await world.opened('a', 'b');
    const incident_id = await world.manual();
    return () => world.call('/alert/merge', { alert_ids: [world.alert('a')], incident_id });
  },
  '`/alert/merge` of an alert that is worse than the incident': async (world) => {
    await world.opened('a', 'b');
    const incident_id = await world.manual('Info');
    return () => world.call('/alert/merge', { alert_ids: [world.alert('a')], incident_id });
  },
  '`/alert/merge` of the only alert of an incident': async (world) => {
    await world.opened('a');
    const incident_id = await world.manual();
    return () => world.call('/alert/merge', { alert_ids: [world.alert('a')], incident_id });
  },
  '`/alert/merge` of an open alert into a closed incident': async (world) => {
    await world.opened('a', 'b');
    const incident_id = await world.closed();
    return () => world.call('/alert/merge', { alert_ids: [world.alert('a')], incident_id });
  },
  '`/alert/merge` into the incident that it is in': async (world) => {
    const incident_id = await world.opened('a');
    return () => world.call('/alert/merge', { alert_ids: [world.alert('a')], incident_id });
  },
  '`/alert/close`': async (world) => {
    await world.opened('a');
    return () => world.call('/alert/close', { alert_ids: [world.alert('a')] });
  },
  '`/alert/close` of a closed alert': async (world) => {
    await world.opened('a');
    await world.report('a', { status: 'Ok' });
    return () => world.call('/alert/close', { alert_ids: [world.alert('a')] });
  },
};

const everyReport = [[{ key: 'title', oper: 'IN' as const, vals: ['*'] }]];

const silence: SilenceSpec = {
  filters: everyReport,
  span: undefined,
  recurrences: [],
  timeZone: 'UTC',
  discards: false,
  deletesItself: false,
  fromIncidentId: '',
};

const everything = {
  title: 'new title',
  description: 'new description',
  impact: 'new impact',
  root_cause: 'new root cause',
  resolution: 'new resolution',
  incident_severity: 'Critical',
};

/** The server, and a place in it that is one row's own: alert keys and labels of no other row. */
class World {
  readonly server: TestServer<SourcedService>;
  /** Somebody to give incidents to. */
  readonly memberId: number;
  readonly #name: string;
  #made = 0;

  constructor(server: TestServer<SourcedService>, memberId: number, name: string) {
    this.server = server;
    this.memberId = memberId;
    this.#name = name;
  }

  get place() {
    const { integration, channel } = this.server.service;
    return { integrationId: integration.integrationId, channelId: channel.channelId };
  }

  key(name: string): string {
    return `${this.#name} ${name}`;
  }

  async report(name: string, changes: Partial<AlertReport> = {}, channelId = this.place.channelId): Promise<void> {
    const alertKey = this.key(name);
    const labels = { resource: this.#name, ...changes.labels };
    await this.server.service.ingest([
      this.server.service.push([report({ alertKey, title: alertKey, ...changes, labels })], channelId),
    ]);
  }

  /** @returns the incident that these alerts are in. */
  async opened(...names: string[]): Promise<string> {
    const before = this.server.service.events.length;
    for (const name of names) await this.report(name);
    return this.server.service.events.slice(before).find((event) => event.type === 'i_new')?.entityId ?? '';
  }

  alert(name: string): string {
    const { events } = this.server.service;
    const isIt = (payload: string) => payload.includes(JSON.stringify(this.key(name)));
    return events.findLast((event) => event.type === 'a_new' && isIt(event.payload))?.entityId ?? '';
  }

  async manual(incident_severity = 'Critical'): Promise<string> {
    const made = await this.call('create', { title: `manual ${(this.#made += 1)}`, incident_severity });
    return String(made['incident_id']);
  }

  async closed(): Promise<string> {
    const incidentId = await this.manual();
    await this.call('resolve', { incident_ids: [incidentId] });
    return incidentId;
  }

  channel(settings: object) {
    return this.server.service.services.channels.create({ name: this.#name.slice(0, 50), ...settings }, 0);
  }

  /** A channel with a rule of two layers, ten minutes apart; what others have left undone is done before. */
  async escalating() {
    await this.passes(600);
    const channel = await this.channel({});
    const layer = { teamIds: [], emails: [], forceEscalate: false, maxTimes: 1, notifyStepMinutes: 1, by: undefined };
    const one = { ...layer, personIds: [this.memberId], escalateWindowMinutes: 10 };
    const { escalationRules } = this.server.service.services;
    await escalationRules.create(channel.channelId, { name: 'rule', layers: [one, one] }, 0);
    return channel;
  }

  async rule<Kind extends keyof NoiseSpecs>(kind: Kind, channelId: number, spec: NoiseSpecs[Kind]) {
    const { noiseRules } = this.server.service.services;
    return noiseRules.create(kind, { channelId, name: 'rule', spec }, 0);
  }

  /** A channel in which everything is silenced until `end`. */
  async silenced({ discards = false } = {}) {
    const { channelId } = await this.channel({});
    const { ruleId } = await this.rule('silence', channelId, { ...silence, discards });
    const { noiseRules } = this.server.service.services;
    return { channelId, end: () => noiseRules.remove({ kind: 'silence', channelId, ruleId }) };
  }

  async passes(minutes: number): Promise<void> {
    const { clock, parts } = this.server.service;
    const worker = new DeadlineWorker({ ...parts, timers: systemTimers, logger: silentLogger });
    clock.move(minutes * 60_000);
    await worker.keep();
  }

  async field(): Promise<string> {
    const name = 'event_table_field';
    const { fields } = this.server.service.services;
    if ((await fields.directory()).byName(name) === undefined) await fields.create({ name, type: 'text' }, 0);
    return name;
  }

  call(path: string, body: object): Promise<Record<string, unknown>> {
    return this.server.data(path.startsWith('/') ? path : `/incident/${path}`, body);
  }

  does(path: string, body: object): () => Promise<unknown> {
    return () => this.call(path, body);
  }

  async doesTo(path: string, more: object = {}): Promise<() => Promise<unknown>> {
    const incident_ids = [await this.opened('a')];
    return () => this.call(path, { incident_ids, ...more });
  }

  async doesToClosed(path: string, more: object = {}): Promise<() => Promise<unknown>> {
    const incident_ids = [await this.closed()];
    return () => this.call(path, { incident_ids, ...more });
  }

  async doesToQuiet(path: string): Promise<() => Promise<unknown>> {
    const incident_ids = [await this.opened('a'), await this.closed()];
    return () => this.call(path, { incident_ids });
  }

  async resets(path: string, body: object): Promise<() => Promise<unknown>> {
    const incident_id = await this.opened('a');
    return () => this.call(path, { incident_id, ...body });
  }

  merges(target_incident_id: string, source_incident_ids: readonly string[], more = {}): () => Promise<unknown> {
    return () => this.call('merge', { target_incident_id, source_incident_ids, ...more });
  }

  async acts(query: string): Promise<() => Promise<unknown>> {
    const incident_id = await this.opened('a');
    const { webhooks } = this.server.service.services;
    const endpoint = this.server.endpoint + query;
    const action = await webhooks.create('custom_action', { name: this.#name, endpoint }, 0);
    return () => this.call('custom-action/do', { incident_id, integration_id: action.webhookId });
  }
}

for (const { name, open } of databases) {
  suite(`the table of events on ${name}`, () => {
    test('every row makes exactly its events, in order, with a person or without', async () => {
      await using server = await startSourcedServer(open, {
        settings: { group },
        script: (socket, { head }) => socket.write(answer(Number(/answer=(\d+)/.exec(head)?.[1]))),
      });
      const { members } = await server.service.services.members.people();
      const memberId = members[0]?.memberId ?? 0;
      for (const [index, row] of rows.entries()) {
        const deed = deeds[row.what];
        assert.ok(deed, `nothing is known of the row ${row.what}`);
        const act = await deed(new World(server, memberId, `row ${index}`));
        const before = server.service.events.length;
        await act();
        const events = server.service.events.slice(before);
        assert.deepEqual(
          events.map((event) => event.type),
          row.events,
          row.what,
        );
        for (const { type, person } of events) {
          const names = row.person === 'yes' || (row.person === `not in \`i_r_severity\`` && type !== 'i_r_severity');
          assert.deepEqual(person, names ? ada : undefined, row.what);
        }
        const times = events.map((event) => event.eventTime);
        assert.ok(
          times.every((time, at) => at === 0 || time > (times[at - 1] ?? 0)),
          `${row.what}: times rise`,
        );
      }
    });

    test('every operation that writes is in the table', async () => {
      await using server = await startSourcedServer(open);
      const paths = server.routes
        .filter((one) => one.writes && /^\/(?:incident|alert)\//.test(one.path))
        .map((one) => one.path);
      const missing = paths.filter((path) => !rows.some((row) => row.what.startsWith(`\`${path}\``)));
      assert.deepEqual(missing, []);
    });
  });
}

test('every type of event is made by some row, and every row is one of those that are done here', () => {
  const made = new Set(rows.flatMap((row) => row.events));
  assert.deepEqual([...made].sort(), [...incidentEventTypes, ...alertEventTypes].sort());
  assert.deepEqual(rows.map((row) => row.what).sort(), Object.keys(deeds).sort());
});

function tableRows(markdown: string): Row[] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:-|What happens)/.test(line));
  return lines.map((line) => {
    const [what = '', events = '', person = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return {
      what,
      events: events === 'none' ? [] : events.split(', ').map((type) => type.replaceAll('`', '')),
      person,
    };
  });
}
