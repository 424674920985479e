import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { openKey, worse, type Alert } from '../src/alerts/alert.ts';
import { alertOf } from '../src/alerts/alert-store.ts';
import { alertPayload } from '../src/alerts/alert-payload.ts';
import { defaultSettings } from '../src/channels/channel.ts';
import type { Directory } from '../src/events/directory.ts';
import type { Event } from '../src/events/event.ts';
import { incidentOf } from '../src/incidents/incident-store.ts';
import type { Incident } from '../src/incidents/incident.ts';
import { incidentPayload } from '../src/incidents/incident-payload.ts';
import { DeadlineWorker } from '../src/incidents/deadline-worker.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { systemTimers } from '../src/runtime/timers.ts';
import { databases } from './support/databases.ts';
import { ada, openTestService, report, type SourcedService } from './support/test-service.ts';

/** What holds after every operation, whatever came before it (contract 1.2, 4.2, 4.3 and 4.6). */

const runs = 40;
const operationsMax = 70;
/** On a slow machine fewer sequences are run, and a failing one is shortened less. */
const limitMs = 11_000;

const settings = {
  group: { ...defaultSettings.group, method: 'p', equals: [['labels.resource']], stormThresholds: [2, 3] } as const,
  autoResolveTimeoutSeconds: 7200,
  autoResolveMode: 'update' as const,
};

interface State {
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly incidents: ReadonlyMap<string, Incident>;
}

/** `which` picks one of the incidents or alerts that there are. */
type Operation =
  | { readonly does: 'report'; readonly key: number; readonly status: Alert['status']; readonly text: number }
  | { readonly does: 'pass'; readonly minutes: number }
  | { readonly does: 'create' }
  | { readonly does: 'incident'; readonly deed: IncidentDeed; readonly which: number; readonly other: number }
  | { readonly does: 'alert merge' | 'alert close'; readonly which: number; readonly other: number };

/** What it does, and the events that contract 1.3, 1.4 and 4.7 say it makes, in order, about the state before it. */
interface Deed {
  readonly expected: (incident: Incident, other: Incident, state: State) => RegExp | string;
  readonly act: (service: SourcedService, incident: Incident, other: Incident) => Promise<unknown>;
}

const unlessClosed = (incident: Incident, events: string) => (incident.progress === 'Closed' ? '' : events);
const hasAcknowledged = ({ responders }: Incident) =>
  responders.some((one) => one.personId === ada.person_id && one.acknowledgedAt > 0);
const openIn = (state: State, ...incidents: readonly Incident[]) =>
  [...state.alerts.values()].filter(
    (alert) => alert.progress === 'Triggered' && incidents.some((one) => one.incidentId === alert.incidentId),
  );
const times = (count: number, type: string) => Array<string>(count).fill(type);
const listed = (...types: readonly string[]) => types.join();

const deeds = {
  ack: {
    expected: (one) => (hasAcknowledged(one) ? '' : unlessClosed(one, 'i_ack')),
    act: ({ incidents }, one) => incidents.acknowledge([one.incidentId], ada),
  },
  unack: {
    expected: (one) => (hasAcknowledged(one) ? unlessClosed(one, 'i_unack') : ''),
    act: ({ incidents }, one) => incidents.unacknowledge([one.incidentId], ada),
  },
  assign: {
    expected: (one) => unlessClosed(one, 'i_assign'),
    act: ({ incidents }, one) => incidents.assign([one.incidentId], { personIds: [7001, 7002] }, ada),
  },
  'add responder': {
    expected: (one) => (one.responders.some((each) => each.personId === 7003) ? '' : unlessClosed(one, 'i_a_rspd')),
    act: ({ incidents }, one) => incidents.addResponders(one.incidentId, [7003], ada),
  },
  snooze: {
    expected: (one) => unlessClosed(one, 'i_snooze'),
    act: ({ incidents }, one) => incidents.snooze([one.incidentId], 30, ada),
  },
  wake: {
    expected: (one) => (one.snoozedBefore === 0 ? '' : unlessClosed(one, 'i_wake')),
    act: ({ incidents }, one) => incidents.wake([one.incidentId], ada),
  },
  resolve: {
    expected: (one, _other, state) =>
      unlessClosed(one, listed('i_rslv', ...times(openIn(state, one).length, 'a_close'))),
    act: ({ incidents }, one) => incidents.resolve([one.incidentId], { rootCause: 'why', resolution: 'how' }, ada),
  },
  reopen: {
    expected: (one) =>
      one.progress === 'Closed' ? listed('i_reopen', ...times(one.responders.length > 0 ? 1 : 0, 'i_assign')) : '',
    act: ({ incidents }, one) => incidents.reopen([one.incidentId], 'again', ada),
  },
  comment: {
    expected: () => 'i_comm',
    act: ({ incidents }, one) =>
      incidents.comment([one.incidentId], { comment: 'said', muteReply: false, typeId: undefined }, ada),
  },
  reset: {
    expected: (one) =>
      listed(
        ...times(one.impact === 'much' ? 0 : 1, 'i_r_impact'),
        ...times(one.severity === 'Info' ? 0 : 1, 'i_r_severity'),
      ),
    act: ({ incidents }, one) => incidents.reset(one.incidentId, { impact: 'much', severity: 'Info' }, ada),
  },
  'disable merge': { expected: () => '', act: ({ incidents }, one) => incidents.disableMerge([one.incidentId]) },
  remove: { expected: () => '', act: ({ incidents }, one) => incidents.remove([one.incidentId]) },
  merge: {
    expected: mergeEvents,
    act: (service, one, other) => mergeInto(service, one, other, false),
  },
  'merge and remove': {
    expected: mergeEvents,
    act: (service, one, other) => mergeInto(service, one, other, true),
  },
} satisfies Readonly<Record<string, Deed>>;

type IncidentDeed = keyof typeof deeds;

function mergeEvents(target: Incident, source: Incident, state: State): string {
  if (target === source) return '';
  const closed = target.progress === 'Closed' ? openIn(state, source).length : 0;
  const moved = [...state.alerts.values()].filter((alert) => alert.incidentId === source.incidentId);
  const rises = times(moved.some(({ severity }) => worsens(target, severity)) ? 1 : 0, 'i_r_severity');
  return listed('i_merge', 'i_merge', ...rises, ...times(closed, 'a_close'));
}

async function mergeInto({ incidents }: SourcedService, target: Incident, source: Incident, removeSources: boolean) {
  if (target === source) return;
  const merge = { title: '', ownerId: 0, comment: '', removeSources };
  await incidents.merge({ ...merge, targetId: target.incidentId, sourceIds: [source.incidentId] }, ada);
}

const small = fc.nat(40);
const reports = fc.record({
  does: fc.constant('report' as const),
  key: fc.nat(4),
  status: fc.constantFrom<Alert['status'][]>('Info', 'Warning', 'Critical', 'Ok', 'Ok'),
  text: fc.nat(1),
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 9, arbitrary: reports },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('create' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('pass' as const), minutes: fc.constantFrom(0, 1, 10, 31, 125, 1500) }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      does: fc.constant('incident' as const),
      deed: fc.constantFrom(...(Object.keys(deeds) as IncidentDeed[])),
      which: small,
      other: small,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constantFrom('alert merge' as const, 'alert close' as const),
      which: small,
      other: small,
    }),
  },
);

for (const { name, open } of databases) {
  suite(`the laws of alerts and incidents on ${name}`, () => {
    test('hold after every one of thousands of operations', async () => {
      await using service = await openTestService(open);
      const sequences = fc.array(operation, { minLength: 1, maxLength: operationsMax, size: 'max' });
      await fc.assert(
        fc.asyncProperty(sequences, async (operations) => {
          const life = await Life.begin(service);
          for (const one of operations) await life.live(one);
          await life.everyEventIsStored();
        }),
        { numRuns: runs, interruptAfterTimeLimit: limitMs, markInterruptAsFailure: false },
      );
    });
  });
}

/** One channel from its first alert on, and what was seen of it. */
class Life {
  readonly #service: SourcedService;
  readonly #channelId: number;
  readonly #directory: Directory;
  readonly #seen = new Map<string, Event>();
  #count = 0;
  #before: State = { alerts: new Map(), incidents: new Map() };

  private constructor(service: SourcedService, channelId: number, directory: Directory) {
    this.#service = service;
    this.#channelId = channelId;
    this.#directory = directory;
  }

  /** Its rule has two layers, ten minutes apart. */
  static async begin(service: SourcedService): Promise<Life> {
    lives += 1;
    const { channels, escalationRules } = service.services;
    const { channelId } = await channels.create({ name: `life ${lives}`, ...settings }, 0);
    const { members } = await service.services.members.people();
    const target = { teamIds: [], emails: [], forceEscalate: false, maxTimes: 1, notifyStepMinutes: 1, by: undefined };
    const layer = { ...target, personIds: [members[0]?.memberId ?? 0], escalateWindowMinutes: 10 };
    await escalationRules.create(channelId, { name: 'rule', layers: [layer, layer] }, 0);
    return new Life(service, channelId, await service.parts.directories.current());
  }

  async live(operation: Operation): Promise<void> {
    const from = this.#service.events.length;
    const expected = this.#expected(operation);
    await this.#do(operation);
    const events = this.#service.events.slice(from).filter((event) => event.channelId === this.#channelId);
    const types = events.map((event) => event.type).join();
    const what = `${JSON.stringify(operation)} made ${types}`;
    if (typeof expected === 'string') assert.equal(types, expected, what);
    else assert.match(types, expected, what);
    this.#sequencesRise(events, what);
    const state = await this.#read();
    this.#snapshotsAreStored(events, state, what);
    const isReset = operation.does === 'incident' && operation.deed === 'reset';
    for (const alert of state.alerts.values()) alertLaws(alert, this.#before.alerts.get(alert.alertId), what);
    for (const incident of state.incidents.values()) {
      incidentLaws(incident, state, what);
      if (!isReset) severityStays(this.#before.incidents.get(incident.incidentId), incident, what);
    }
    const byHand = operation.does !== 'report' && operation.does !== 'pass';
    for (const event of events) {
      const automatic = !byHand || (operation.does === 'create' && event.type === 'i_assign');
      const rises = event.type === 'i_r_severity' && !isReset;
      assert.deepEqual(event.person, automatic || rises ? undefined : ada, what);
    }
    this.#before = state;
  }

  async everyEventIsStored(): Promise<void> {
    const rows = await this.#service.database.read
      .selectFrom('event')
      .select(['entity_id', 'sequence'])
      .where('channel_id', '=', this.#channelId)
      .execute();
    const { incidents, alerts } = this.#before;
    const alive = rows.filter((row) => incidents.has(row.entity_id) || alerts.has(row.entity_id));
    const stored = alive.map((row) => `${row.entity_id} ${row.sequence}`).toSorted();
    const lengths = [...incidents.values(), ...alerts.values()].flatMap((one) =>
      Array.from({ length: one.lastSequence }, (_, index) => `${idOf(one)} ${index + 1}`),
    );
    assert.deepEqual(stored, lengths.toSorted());
  }

  #key(key: number): string {
    return `${this.#channelId} ${key}`;
  }

  #openAlert(key: number): Alert | undefined {
    const { integrationId } = this.#service.integration;
    const wanted = openKey({ integrationId, channelId: this.#channelId, alertKey: this.#key(key) });
    return [...this.#before.alerts.values()].find(
      (alert) => alert.progress === 'Triggered' && openKey(alert) === wanted,
    );
  }

  #incident(which: number): Incident | undefined {
    const all = [...this.#before.incidents.values()];
    return all[which % all.length];
  }

  #alert(which: number): Alert | undefined {
    const all = [...this.#before.alerts.values()];
    return all[which % all.length];
  }

  #expected(operation: Operation): RegExp | string {
    switch (operation.does) {
      case 'report':
        return this.#expectedOfReport(operation);
      case 'pass':
        return /^(?:(?:i_assign|i_rslv(?:,a_close)*)(?:,(?!$)|$))*$/;
      case 'create':
        return 'i_new,i_assign';
      case 'alert close':
        return this.#alert(operation.which)?.progress === 'Triggered' ? 'a_close' : '';
      case 'alert merge':
        return this.#expectedOfAlertMerge(operation);
      case 'incident': {
        const [one, other] = [this.#incident(operation.which), this.#incident(operation.other)];
        return one === undefined || other === undefined ? '' : deeds[operation.deed].expected(one, other, this.#before);
      }
    }
  }

  #expectedOfReport({ key, status, text }: Operation & { does: 'report' }): RegExp | string {
    const alert = this.#openAlert(key);
    if (status === 'Ok') {
      if (alert === undefined) return '';
      const incident = this.#before.incidents.get(alert.incidentId);
      const closes =
        incident !== undefined && incident.progress !== 'Closed' && openIn(this.#before, incident).length === 1;
      return listed('a_update', ...times(closes ? 1 : 0, 'i_rslv'));
    }
    const opens = '(?:a_new,i_new,i_assign|a_new,a_merge(?:,i_r_severity)?(?:,i_storm)*)';
    if (alert === undefined) return new RegExp(`^${opens}$`);
    if (this.#service.clock.now() - alert.createdAt > dayMs) return new RegExp(`^a_close,(?:i_rslv,)?${opens}$`);
    if (alert.status === status && alert.description === textOf(text)) return '';
    const incident = this.#before.incidents.get(alert.incidentId);
    return listed('a_update', ...times(incident !== undefined && worsens(incident, status) ? 1 : 0, 'i_r_severity'));
  }

  #expectedOfAlertMerge({ which, other }: { which: number; other: number }): string {
    const [alert, target] = [this.#alert(which), this.#incident(other)];
    if (alert === undefined || target === undefined || alert.incidentId === target.incidentId) return '';
    const source = this.#before.incidents.get(alert.incidentId);
    const closes = target.progress === 'Closed' && alert.progress === 'Triggered';
    const leaves = source !== undefined && source.alertCnt === 1 && source.progress !== 'Closed';
    const rises = times(worsens(target, alert.severity) ? 1 : 0, 'i_r_severity');
    return listed('a_merge', ...rises, ...times(closes ? 1 : 0, 'a_close'), ...times(leaves ? 1 : 0, 'i_rslv'));
  }

  async #do(operation: Operation): Promise<void> {
    const service = this.#service;
    service.clock.move(7);
    switch (operation.does) {
      case 'report': {
        const alertKey = this.#key(operation.key);
        const { status, text } = operation;
        // Two resources, so that some alerts are alike and others are not.
        const labels = { resource: `${this.#channelId} ${operation.key % 2}` };
        const eventTime = service.clock.now();
        const one = report({ alertKey, title: alertKey, status, description: textOf(text), labels, eventTime });
        await service.ingest([service.push([one], this.#channelId)]);
        return;
      }
      case 'pass':
        service.clock.move(operation.minutes * 60_000);
        await new DeadlineWorker({ ...service.parts, timers: systemTimers, logger: silentLogger }).keep();
        return;
      case 'create': {
        this.#count += 1;
        const made = { title: `made ${this.#count}`, description: '', severity: 'Warning' as const, fields: {} };
        await service.incidents.create({ ...made, channelId: this.#channelId }, undefined, ada);
        return;
      }
      case 'alert close':
        await service.alerts.close(idsOf(this.#alert(operation.which)), ada);
        return;
      case 'alert merge': {
        const target = this.#incident(operation.other);
        if (target === undefined) return;
        const merge = { incidentId: target.incidentId, comment: '', title: '', ownerId: 0 };
        await service.alerts.merge({ ...merge, alertIds: idsOf(this.#alert(operation.which)) }, ada);
        return;
      }
      case 'incident': {
        const [one, other] = [this.#incident(operation.which), this.#incident(operation.other)];
        if (one !== undefined && other !== undefined) await deeds[operation.deed].act(service, one, other);
      }
    }
  }

  async #read(): Promise<State> {
    const { read } = this.#service.database;
    const of = this.#channelId;
    const alerts = await read
      .selectFrom('alert')
      .selectAll()
      .where('channel_id', '=', of)
      .orderBy('alert_id')
      .execute();
    const incidents = await read
      .selectFrom('incident')
      .selectAll()
      .where('channel_id', '=', of)
      .orderBy('incident_id')
      .execute();
    return {
      alerts: new Map(alerts.map((row) => [row.alert_id, alertOf(row)])),
      incidents: new Map(incidents.map((row) => [row.incident_id, incidentOf(row)])),
    };
  }

  #sequencesRise(events: readonly Event[], what: string): void {
    for (const event of events) {
      const last = this.#seen.get(event.entityId);
      assert.equal(event.sequence, (last?.sequence ?? 0) + 1, what);
      assert.ok(event.eventTime > (last?.eventTime ?? 0), what);
      const pushed = JSON.parse(event.payload) as Record<string, unknown>;
      const named = [pushed['event_id'], pushed['event_type'], pushed['event_time']];
      assert.deepEqual(named, [event.eventId, event.type, event.eventTime], what);
      this.#seen.set(event.entityId, event);
    }
  }

  /** The last push of an entity equals its stored state. */
  #snapshotsAreStored(events: readonly Event[], { alerts, incidents }: State, what: string): void {
    for (const id of new Set(events.map((event) => event.entityId))) {
      const pushed = JSON.parse(this.#seen.get(id)?.payload ?? '{}') as Record<string, unknown>;
      const [alert, incident] = [alerts.get(id), incidents.get(id)];
      const title = incidents.get(alert?.incidentId ?? '')?.title ?? '';
      if (alert !== undefined)
        assert.deepEqual(stated(pushed['alert']), plain(alertPayload(alert, title, this.#directory)), what);
      if (incident !== undefined)
        assert.deepEqual(stated(pushed['incident']), plain(incidentPayload(incident, this.#directory)), what);
      const { lastSequence } = alert ?? incident ?? { lastSequence: this.#seen.get(id)?.sequence };
      assert.equal(lastSequence, this.#seen.get(id)?.sequence, what);
    }
  }
}

/** Without what only the push of a recovery says. */
function stated(object: unknown): unknown {
  const { recovery_description: _said, ...state } = object as Record<string, unknown>;
  return state;
}

let lives = 0;
const dayMs = 24 * 3_600_000;

function alertLaws(alert: Alert, before: Alert | undefined, what: string): void {
  assert.equal(alert.closeTime > 0, alert.progress === 'Closed', `${what}: only a closed alert has its close_time`);
  assert.equal(alert.endTime > 0, alert.status === 'Ok', `${what}: only a recovered alert has its end_time`);
  if (alert.status === 'Ok') assert.equal(alert.progress, 'Closed', `${what}: recovery closes an alert`);
  if (alert.status !== 'Ok') assert.equal(worse(alert.severity, alert.status), alert.severity, what);
  if (before === undefined) return;
  assert.equal(worse(alert.severity, before.severity), alert.severity, `${what}: severity never lowers`);
  if (before.progress === 'Closed') {
    const { incidentId, updatedAt, lastSequence, lastEventTime } = alert;
    const hasJoined = incidentId !== before.incidentId || before.hasJoined;
    const rest = { ...before, incidentId, hasJoined, updatedAt, lastSequence, lastEventTime };
    assert.deepEqual(alert, rest, `${what}: a closed alert only moves`);
  }
}

function incidentLaws(incident: Incident, state: State, what: string): void {
  const alerts = [...state.alerts.values()].filter((one) => one.incidentId === incident.incidentId);
  const open = alerts.filter((one) => one.progress === 'Triggered');
  const withStatus = (status: Alert['status']) => alerts.filter((one) => one.status === status).length;
  assert.equal(incident.alertCnt, alerts.length, `${what}: alert_cnt`);
  assert.equal(
    incident.alertEventCnt,
    alerts.reduce((sum, one) => sum + one.eventCnt, 0),
    `${what}: reports`,
  );
  const counts = {
    Critical: withStatus('Critical'),
    Warning: withStatus('Warning'),
    Info: withStatus('Info'),
    Ok: withStatus('Ok'),
  };
  assert.deepEqual(incident.statusCounts, { ...counts, open: open.length }, `${what}: alerts by status`);
  if (alerts.length > 0) {
    const worst = alerts.map((one) => one.status).reduce((a, b) => worse(a, b));
    assert.equal(incident.status, worst, `${what}: the worst status`);
    assert.equal(incident.endTime > 0, worst === 'Ok', `${what}: only what has recovered has its end_time`);
    if (!incident.manualOverrides.includes('severity'))
      for (const one of alerts) assert.equal(worse(incident.severity, one.severity), incident.severity, what);
  }
  const isClosed = incident.progress === 'Closed';
  assert.equal(incident.closeTime > 0, isClosed, `${what}: only a closed incident has its close_time`);
  if (isClosed) assert.deepEqual([open.length, incident.snoozedBefore], [0, 0], `${what}: closed`);
  if (!isClosed) assert.equal(incident.closerId, 0, `${what}: nobody closed it`);
  const acknowledged = incident.responders.filter((one) => one.acknowledgedAt > 0);
  if (!isClosed) assert.equal(incident.progress === 'Processing', acknowledged.length > 0, `${what}: progress`);
  assert.equal(incident.ackTime > 0, acknowledged.length > 0, `${what}: ack_time`);
}

function severityStays(before: Incident | undefined, after: Incident, what: string): void {
  if (before !== undefined) assert.equal(worse(after.severity, before.severity), after.severity, `${what}: it lowers`);
}

/** A person's word on the severity stands. */
function worsens({ severity, manualOverrides }: Incident, by: Alert['severity']): boolean {
  return !manualOverrides.includes('severity') && worse(severity, by) !== severity;
}

function textOf(text: number): string {
  return `text ${text}`;
}

function idOf(one: Alert | Incident): string {
  return 'alertId' in one ? one.alertId : one.incidentId;
}

function idsOf(alert: Alert | undefined): string[] {
  return alert === undefined ? [] : [alert.alertId];
}

function plain(object: object): unknown {
  return JSON.parse(JSON.stringify(object));
}
