import type { Alert } from '../alerts/alert.ts';
import { openKey } from '../alerts/alert.ts';
import type { AlertStore, StoredReport } from '../alerts/alert-store.ts';
import { alertPayload } from '../alerts/payload.ts';
import type { Transaction } from '../database/database.ts';
import { renderPush, type Event, type FanOut, type Person } from '../events/event.ts';
import { appendEvents } from '../events/event-store.ts';
import { appendNotes, type Note as TimelineNote } from '../events/note-store.ts';
import type { Directory } from '../events/directory.ts';
import type { AlertEventType, IncidentEventType } from '../events/event-types.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Incident } from './incident.ts';
import type { GroupingKey, IncidentStore } from './incident-store.ts';
import { incidentPayload } from './payload.ts';

/** What a change set works with; the same for all of them. */
export interface ChangeSetParts {
  readonly alerts: AlertStore;
  readonly incidents: IncidentStore;
  readonly fanOut: FanOut;
  readonly ids: Ids;
}

/** Who did something, and the timeline's detail of it. */
export interface Note {
  /** Where the event was given out before it was recorded; else it gets a new one. */
  readonly eventId?: string;
  readonly person?: Person | undefined;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * The alerts and incidents that one transaction changes. They are loaded under lock, changed in memory by pure
 * functions, and written together with their events and deliveries by {@link save}. Many reports can share one.
 *
 * Locks are taken in one order, alerts before incidents and each by id, so that transactions seldom deadlock; one that
 * does is run again from the start by the database.
 */
export class ChangeSet {
  readonly tx: Transaction;
  readonly directory: Directory;
  /** The one moment of the whole transaction, Unix milliseconds. */
  readonly now: number;
  readonly #parts: ChangeSetParts;
  readonly #alerts = new Map<string, Held<Alert>>();
  readonly #incidents = new Map<string, Held<Incident>>();
  readonly #openAlerts = new Map<string, string>();
  readonly #lockedChannels = new Set<number>();
  readonly #listed = new Map<string, Promise<Incident[]>>();
  readonly #active = new Map<number, Promise<Alert[]>>();
  readonly #knownGroupingKeys = new Map<string, GroupingKey>();
  readonly #newGroupingKeys: GroupingKey[] = [];
  readonly #closedIncidents: string[] = [];
  readonly #droppedIncidents: string[] = [];
  readonly #reports: StoredReport[] = [];
  readonly #events: Event[] = [];
  readonly #notes: TimelineNote[] = [];
  #lastEventTime = 0;

  constructor(parts: ChangeSetParts, tx: Transaction, directory: Directory, now: number) {
    this.#parts = parts;
    this.tx = tx;
    this.directory = directory;
    this.now = now;
  }

  /** Starts the next change of the set: its events follow each other in time, those of other changes need not. */
  begin(): void {
    this.#lastEventTime = 0;
  }

  /** Loads the open alerts with these keys, and their incidents. */
  async loadOpenAlerts(openKeys: readonly string[]): Promise<void> {
    const alerts = await this.#parts.alerts.lockOpen(this.tx, [...new Set(openKeys)].sort());
    await this.#hold(alerts);
  }

  /** Loads these alerts and their incidents, where they exist. */
  async loadAlerts(alertIds: readonly string[], incidentIds: readonly string[] = []): Promise<void> {
    const alerts = await this.#parts.alerts.lockByIds(this.tx, [...new Set(alertIds)].sort());
    await this.#hold(alerts, incidentIds);
  }

  /** Loads these incidents and, when their alerts are going to change, the alerts that are still open. */
  async loadIncidents(incidentIds: readonly string[], withOpenAlerts: boolean): Promise<void> {
    const ids = [...new Set(incidentIds)].sort();
    const open = () => this.#parts.alerts.lockOpenOfIncidents(this.tx, ids);
    if (withOpenAlerts) await this.#hold(await open(), ids);
    else await this.#hold([], ids);
    // An alert may have joined between the two locks; it is locked now, after the incidents.
    if (withOpenAlerts) this.#keep(await open());
  }

  /** Loads the channel's incidents that an alert with these digests could join. */
  async loadGrouped(channelId: number, digests: readonly string[]): Promise<Incident[]> {
    if (digests.length === 0) return [];
    await this.#lockChannel(channelId);
    for (const key of await this.#parts.incidents.findGrouped(this.tx, channelId, digests)) {
      this.#knownGroupingKeys.set(groupingId(key), key);
    }
    const alike = [...this.#knownGroupingKeys.values()].filter(
      (key) => key.channelId === channelId && digests.includes(key.digest),
    );
    const ids = [...new Set(alike.map((key) => key.incidentId))].sort();
    await this.#hold([], ids);
    return ids.flatMap((id) => this.incident(id) ?? []);
  }

  /** The channel's newest incidents that are filed under a digest, open ones only; they are not loaded for a change. */
  async listGrouped(channelId: number, digest: string, limit: number): Promise<Incident[]> {
    await this.#lockChannel(channelId);
    const place = `${channelId} ${digest}`;
    const stored = this.#listed.get(place) ?? this.#parts.incidents.listGrouped(this.tx, channelId, digest, limit);
    this.#listed.set(place, stored);
    const found = new Map<string, Incident>();
    for (const incident of await stored) {
      const key = { channelId, digest, incidentId: incident.incidentId };
      this.#knownGroupingKeys.set(groupingId(key), key);
      found.set(incident.incidentId, incident);
    }
    for (const key of this.#newGroupingKeys) {
      const incident = this.incident(key.incidentId);
      if (incident !== undefined && key.channelId === channelId && key.digest === digest)
        found.set(key.incidentId, incident);
    }
    const newest = [...found.keys()].toSorted().toReversed();
    const incidents = newest.flatMap((id) => this.incident(id) ?? found.get(id) ?? []);
    return incidents.filter((incident) => incident.progress !== 'Closed').slice(0, limit);
  }

  /**
   * The channel's alerts that are open, changed since then, and are in no incident that somebody has acknowledged; those
   * that changed last come first. They are not loaded for a change.
   */
  async listActiveAlerts(channelId: number, since: number, limit: number): Promise<Alert[]> {
    const stored =
      this.#active.get(channelId) ?? this.#parts.incidents.listActiveAlerts(this.tx, channelId, since, limit);
    this.#active.set(channelId, stored);
    const others = (await stored).filter((alert) => !this.#alerts.has(alert.alertId));
    const own = [...this.#alerts.values()]
      .map((one) => one.now)
      .filter((alert) => {
        const acknowledged = this.incident(alert.incidentId)?.progress === 'Processing';
        const active = alert.progress === 'Triggered' && alert.updatedAt >= since;
        return alert.channelId === channelId && active && !acknowledged;
      });
    return [...own, ...others].sort((a, b) => b.updatedAt - a.updatedAt).slice(0, limit);
  }

  openAlert(key: string): Alert | undefined {
    const alertId = this.#openAlerts.get(key);
    return alertId === undefined ? undefined : this.alert(alertId);
  }

  alert(alertId: string): Alert | undefined {
    return this.#alerts.get(alertId)?.now;
  }

  incident(incidentId: string): Incident | undefined {
    return this.#incidents.get(incidentId)?.now;
  }

  openAlertsOf(incidentId: string): Alert[] {
    const held = [...this.#alerts.values()].map((one) => one.now);
    return held.filter((alert) => alert.incidentId === incidentId && alert.progress === 'Triggered');
  }

  putAlert(alert: Alert): void {
    this.#keepOne(this.#alerts, alert.alertId, alert);
    const key = openKey(alert);
    if (alert.progress === 'Triggered') this.#openAlerts.set(key, alert.alertId);
    else if (this.#openAlerts.get(key) === alert.alertId) this.#openAlerts.delete(key);
  }

  putIncident(incident: Incident): void {
    this.#keepOne(this.#incidents, incident.incidentId, incident);
    if (incident.progress === 'Closed') this.#closedIncidents.push(incident.incidentId);
  }

  /** Lets later alerts with one of these digests find the incident. */
  addGroupingKeys(channelId: number, digests: readonly string[], incidentId: string): void {
    for (const digest of digests) {
      const key = { channelId, digest, incidentId };
      if (this.#knownGroupingKeys.has(groupingId(key))) continue;
      this.#knownGroupingKeys.set(groupingId(key), key);
      this.#newGroupingKeys.push(key);
    }
  }

  /** Alerts like those of some incidents find this one from now on, as far as they come into its channel. */
  async inheritGroupingKeys(fromIds: readonly string[], heir: Incident): Promise<void> {
    await this.#lockChannel(heir.channelId);
    const keys = await this.#parts.incidents.groupingKeysOf(this.tx, [...fromIds, heir.incidentId]);
    for (const key of keys) this.#knownGroupingKeys.set(groupingId(key), key);
    const digests = keys.filter((key) => key.channelId === heir.channelId).map((key) => key.digest);
    this.addGroupingKeys(heir.channelId, digests, heir.incidentId);
  }

  /** Takes the incident away at the end of the change, after its events; nothing may be left in it. */
  dropIncident(incidentId: string): void {
    this.#droppedIncidents.push(incidentId);
  }

  /** Keeps a report as it came, whatever became of it. */
  addReport(report: Omit<StoredReport, 'eventId' | 'receivedAt'>): void {
    this.#reports.push({ ...report, eventId: this.#parts.ids.object(), receivedAt: this.now });
  }

  /** Adds an event about an alert, with the snapshot as it is now. */
  alertEvent(type: AlertEventType, alertId: string, note: Note = {}): void {
    const alert = held(this.#alerts, alertId);
    const eventTime = this.#nextTime(alert.lastEventTime);
    const changed = { ...alert, lastSequence: alert.lastSequence + 1, lastEventTime: eventTime };
    this.putAlert(changed);
    const title = this.incident(alert.incidentId)?.title ?? '';
    this.#record('alert', alertId, type, changed, note, { alert: alertPayload(changed, title, this.directory) });
  }

  /** Adds to the alert's timeline what is no event: nobody is told of it. */
  alertNote(type: TimelineNote['type'], alertId: string, detail: TimelineNote['detail']): void {
    const { lastSequence: sequence } = held(this.#alerts, alertId);
    const noteId = this.#parts.ids.event();
    this.#notes.push({ noteId, entityId: alertId, sequence, type, person: undefined, detail, createdAt: this.now });
  }

  /** Adds an event about an incident, with the snapshot as it is now. */
  incidentEvent(type: IncidentEventType, incidentId: string, note: Note = {}): void {
    const incident = held(this.#incidents, incidentId);
    const eventTime = this.#nextTime(incident.lastEventTime);
    const changed = { ...incident, lastSequence: incident.lastSequence + 1, lastEventTime: eventTime };
    this.putIncident(changed);
    this.#record('incident', incidentId, type, changed, note, { incident: incidentPayload(changed, this.directory) });
  }

  /** Writes everything, once. Old rows go first: a closed alert frees its key for the one that follows it. */
  async save(): Promise<void> {
    const { alerts, incidents, fanOut } = this.#parts;
    await Promise.all([
      alerts.update(this.tx, changed(this.#alerts)),
      incidents.update(this.tx, changed(this.#incidents)),
      incidents.insert(this.tx, added(this.#incidents)),
      alerts.insert(this.tx, added(this.#alerts)),
      alerts.insertReports(this.tx, this.#reports),
      incidents.insertGroupingKeys(this.tx, this.#newGroupingKeys),
      incidents.deleteGroupingKeys(this.tx, [...new Set(this.#closedIncidents)]),
      appendEvents(this.tx, this.#events),
      appendNotes(this.tx, this.#notes),
      fanOut.owe(this.tx, this.#events),
    ]);
    await incidents.delete(this.tx, this.#droppedIncidents);
  }

  async #lockChannel(channelId: number): Promise<void> {
    if (this.#lockedChannels.has(channelId)) return;
    await this.#parts.incidents.lockChannel(this.tx, channelId);
    this.#lockedChannels.add(channelId);
  }

  async #hold(alerts: readonly Alert[], incidentIds: readonly string[] = []): Promise<void> {
    this.#keep(alerts);
    const wanted = [...incidentIds, ...alerts.map((alert) => alert.incidentId)];
    const missing = [...new Set(wanted)].filter((id) => id !== '' && !this.#incidents.has(id)).sort();
    const incidents = await this.#parts.incidents.lockByIds(this.tx, missing);
    for (const incident of incidents) this.#incidents.set(incident.incidentId, { stored: incident, now: incident });
  }

  #keep(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (this.#alerts.has(alert.alertId)) continue;
      this.#alerts.set(alert.alertId, { stored: alert, now: alert });
      if (alert.progress === 'Triggered') this.#openAlerts.set(openKey(alert), alert.alertId);
    }
  }

  #keepOne<T>(map: Map<string, Held<T>>, id: string, value: T): void {
    const one = map.get(id);
    if (one === undefined) map.set(id, { stored: undefined, now: value });
    else one.now = value;
  }

  #nextTime(lastOfEntity: number): number {
    this.#lastEventTime = Math.max(this.now, this.#lastEventTime + 1, lastOfEntity + 1);
    return this.#lastEventTime;
  }

  #record(
    kind: Event['kind'],
    entityId: string,
    type: Event['type'],
    entity: Pick<Alert | Incident, 'lastSequence' | 'lastEventTime' | 'channelId' | 'severity'>,
    note: Note,
    object: Parameters<typeof renderPush>[1],
  ): void {
    const eventId = note.eventId ?? this.#parts.ids.event();
    const head = { eventTime: entity.lastEventTime, type, eventId, person: note.person };
    this.#events.push({
      eventId,
      kind,
      entityId,
      sequence: entity.lastSequence,
      type,
      eventTime: entity.lastEventTime,
      channelId: entity.channelId,
      severity: entity.severity,
      person: note.person,
      detail: note.detail ?? {},
      payload: renderPush(head, object),
    });
  }
}

/** A row as it was loaded, `undefined` when it is new, and as it is now. */
interface Held<T> {
  readonly stored: T | undefined;
  now: T;
}

function groupingId(key: GroupingKey): string {
  return `${key.channelId} ${key.digest} ${key.incidentId}`;
}

function held<T>(map: ReadonlyMap<string, Held<T>>, id: string): T {
  const one = map.get(id);
  if (one === undefined) throw new Error(`${id} is changed without having been loaded`);
  return one.now;
}

function changed<T>(map: ReadonlyMap<string, Held<T>>): T[] {
  return [...map.values()].filter((one) => one.stored !== undefined && one.stored !== one.now).map((one) => one.now);
}

function added<T>(map: ReadonlyMap<string, Held<T>>): T[] {
  return [...map.values()].filter((one) => one.stored === undefined).map((one) => one.now);
}
