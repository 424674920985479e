import { isMuted, type Alert } from '../alerts/alert.ts';
import type { AlertPlace, AlertStore, AlertTitle, StoredReport } from '../alerts/alert-store.ts';
import { alertPayload } from '../alerts/alert-payload.ts';
import type { Transaction } from '../database/database.ts';
import { inPieces, readInPieces, readRowsOfPushMax } from '../database/pieces.ts';
import { renderPush, type Event, type FanOut, type Person, type PushObject } from '../events/event.ts';
import { appendEvents } from '../events/event-store.ts';
import { appendNotes, type Note as TimelineNote } from '../events/note-store.ts';
import type { Directory } from '../events/directory.ts';
import type { AlertEventType, IncidentEventType } from '../events/event-types.ts';
import type { Ids } from '../runtime/ids.ts';
import { AlertsAtHand } from './alerts-at-hand.ts';
import { added, changed, held, sizeOf, sizeOfReport, type LoadedEntity } from './loaded-entity.ts';
import type { Incident } from './incident.ts';
import { KeysAtHand } from './grouping/keys-at-hand.ts';
import type { IncidentConfig, Surroundings } from './incident-config.ts';
import type { GroupingKey, IncidentStore } from './incident-store.ts';
import { incidentPayload } from './incident-payload.ts';

/** The parts that every unit of work needs. */
export interface UnitOfWorkParts {
  readonly alerts: AlertStore;
  readonly incidents: IncidentStore;
  readonly fanOut: FanOut;
  readonly ids: Ids;
}

/** The person, and the detail of the timeline. */
export interface EventNote {
  /** The id of an event that was sent before it was recorded; else a new one. */
  readonly eventId?: string;
  readonly person?: Person | undefined;
  readonly detail?: Readonly<Record<string, unknown>>;
  /**
   * The source's text at recovery: in this push only, because alert and incident keep the description of the problem.
   */
  readonly recoveryText?: string;
}

const sizeOfEvent = ({ payload }: Event) => payload.length;

/**
 * The alerts and incidents that one transaction changes. They are loaded under lock, changed in memory by pure
 * functions, and written with their events and deliveries by {@link save}. Many reports can share one.
 *
 * Locks are taken in one order, alerts before incidents and each by id, so that transactions seldom deadlock; the
 * database runs one that does again.
 */
export class UnitOfWork {
  readonly tx: Transaction;
  readonly config: IncidentConfig;
  readonly directory: Directory;
  /** The time of the whole transaction, Unix milliseconds. */
  readonly now: number;
  readonly #parts: UnitOfWorkParts;
  readonly #alerts = new Map<string, LoadedEntity<Alert>>();
  readonly #incidents = new Map<string, LoadedEntity<Incident>>();
  readonly #namesakes = new Map<string, Alert>();
  readonly #atHand = new AlertsAtHand();
  readonly #lockedChannels = new Set<number>();
  readonly #listed = new Map<string, Promise<Incident[]>>();
  readonly #active = new Map<number, Promise<Alert[]>>();
  readonly #groupingKeys = new KeysAtHand();
  readonly #closedIncidents: string[] = [];
  readonly #droppedIncidents: string[] = [];
  readonly #reports: StoredReport[] = [];
  readonly #events: Event[] = [];
  readonly #notes: TimelineNote[] = [];
  #webhooks: ReadonlyMap<string, readonly number[]> = new Map();
  #lastEventTime = 0;
  #firstEvent = 0;

  constructor(parts: UnitOfWorkParts, tx: Transaction, { config, directory }: Surroundings, now: number) {
    this.#parts = parts;
    this.tx = tx;
    this.config = config;
    this.directory = directory;
    this.now = now;
  }

  /** Begins a separate change: its events follow each other in time, those of other changes need not. */
  async beginChange(): Promise<void> {
    await this.tx.giveTurn();
    this.#lastEventTime = 0;
    this.#firstEvent = this.#events.length;
  }

  /** Iterates over the items, each a separate change. */
  async *each<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
    for (const item of items) {
      await this.beginChange();
      yield item;
    }
  }

  /** Iterates over the items of one change; between them the event loop may have its turn. */
  async *inTurns<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
    for (const item of items) {
      await this.tx.giveTurn();
      yield item;
    }
  }

  /** The events of the current change. */
  eventsOfChange(): readonly Event[] {
    return this.#events.slice(this.#firstEvent);
  }

  /** The number of webhooks that get these events; known after saving. */
  webhooksOf(events: readonly Event[]): number {
    const ids = new Set<number>();
    for (const { eventId } of events) for (const id of this.#webhooks.get(eventId) ?? []) ids.add(id);
    return ids.size;
  }

  /** Loads the open alerts of these source keys, in all channels, and their incidents. */
  async loadOpenAlerts(sourceKeys: readonly string[]): Promise<void> {
    await this.loadLocked(await this.#parts.alerts.lockOpen(this.tx, sourceKeys));
  }

  /** Loads alerts that this transaction has locked, and their incidents, of which it may have locked some already. */
  async loadLocked(alerts: readonly Alert[], incidents: readonly Incident[] = []): Promise<void> {
    for (const incident of incidents) this.#incidents.set(incident.incidentId, { stored: incident, now: incident });
    await this.#hold(alerts, [], readRowsOfPushMax);
  }

  /** Loads the last closed alerts of these places, and their reopened incidents. */
  async loadLastClosed(places: readonly AlertPlace[]): Promise<void> {
    const alerts = await this.#parts.alerts.lastClosed(this.tx, places);
    for (const alert of alerts) this.#atHand.noteLastClosed(alert);
    const incidentIds = alerts.map((alert) => alert.incidentId).filter((id) => id !== '' && !this.#incidents.has(id));
    const incidents = await this.#parts.incidents.lockReopened(this.tx, [...new Set(incidentIds)].sort());
    for (const incident of incidents) this.#incidents.set(incident.incidentId, { stored: incident, now: incident });
  }

  /** Reads open alerts with one of these titles, without loading them for a change. */
  async loadNamesakes(titles: readonly AlertTitle[]): Promise<void> {
    for (const alert of await this.#parts.alerts.openNamesakes(this.tx, titles)) {
      this.#namesakes.set(alert.alertId, alert);
      this.#atHand.noteNamesake(alert);
    }
  }

  /** Loads these alerts and their incidents, where they exist. */
  async loadAlerts(alertIds: readonly string[], incidentIds: readonly string[] = []): Promise<void> {
    const alerts = await this.#lockAlerts([...new Set(alertIds)].sort());
    await this.#hold(alerts, incidentIds);
  }

  /** Loads these incidents. Where alerts of theirs will change, these are loaded before. */
  async loadIncidents(incidentIds: readonly string[]): Promise<void> {
    await this.#hold([], incidentIds);
  }

  /** Loads the incidents of the channel that an alert with these digests could join. */
  async loadGrouped(channelId: number, digests: readonly string[]): Promise<Incident[]> {
    if (digests.length === 0) return [];
    await this.#lockChannel(channelId);
    this.#groupingKeys.note(await this.#parts.incidents.findGrouped(this.tx, channelId, digests));
    const ids = this.#groupingKeys.incidentsUnder(channelId, digests);
    await this.#hold([], ids);
    return ids.flatMap((id) => this.incident(id) ?? []);
  }

  /** Reads the newest open incidents of the channel under a digest, without loading them for a change. */
  async listGrouped(channelId: number, digest: string, limit: number): Promise<Incident[]> {
    await this.#lockChannel(channelId);
    const place = `${channelId} ${digest}`;
    const stored = this.#listed.get(place) ?? this.#parts.incidents.listGrouped(this.tx, channelId, digest, limit);
    this.#listed.set(place, stored);
    const found = new Map<string, Incident>();
    for (const incident of await stored) {
      this.#groupingKeys.note([{ channelId, digest, incidentId: incident.incidentId }]);
      found.set(incident.incidentId, incident);
    }
    for (const key of this.#groupingKeys.added) {
      const incident = this.incident(key.incidentId);
      if (incident !== undefined && key.channelId === channelId && key.digest === digest)
        found.set(key.incidentId, incident);
    }
    const newest = [...found.keys()].toSorted().toReversed();
    const incidents = newest.flatMap((id) => this.incident(id) ?? found.get(id) ?? []);
    return incidents.filter((incident) => incident.progress !== 'Closed').slice(0, limit);
  }

  /** Reads the channel's open alerts that are in no acknowledged incident, newest first; not loaded for a change. */
  async listActiveAlerts(channelId: number, limit: number): Promise<Alert[]> {
    const stored = this.#active.get(channelId) ?? this.#parts.incidents.listActiveAlerts(this.tx, channelId, limit);
    this.#active.set(channelId, stored);
    const others = (await stored).filter((alert) => !this.#alerts.has(alert.alertId));
    const own = [...this.#alerts.values()]
      .map((one) => one.now)
      .filter((alert) => {
        const acknowledged = this.incident(alert.incidentId)?.progress === 'Processing';
        const active = alert.progress === 'Triggered' && alert.mutedBy === '';
        return alert.channelId === channelId && active && !acknowledged;
      });
    return [...own, ...others].sort((a, b) => (a.alertId < b.alertId ? 1 : -1)).slice(0, limit);
  }

  openAlert(key: string): Alert | undefined {
    return this.alert(this.#atHand.open(key) ?? '');
  }

  /** The open alerts of a source key, in all channels. */
  openAlertsOfSource(key: string): Alert[] {
    return this.#atHand.openOfSource(key).flatMap((id) => this.alert(id) ?? []);
  }

  lastClosed(key: string): Alert | undefined {
    return this.#atHand.lastClosed(key);
  }

  /** An open alert of the same integration and channel with this title. */
  namesake(of: Pick<Alert, 'integrationId' | 'channelId' | 'title'>): Alert | undefined {
    const alertId = this.#atHand.namesake(of) ?? '';
    return this.alert(alertId) ?? this.#namesakes.get(alertId);
  }

  alert(alertId: string): Alert | undefined {
    return this.#alerts.get(alertId)?.now;
  }

  incident(incidentId: string): Incident | undefined {
    return this.#incidents.get(incidentId)?.now;
  }

  /** Those that are loaded. */
  openAlerts(): Alert[] {
    return [...this.#alerts.values()].map((one) => one.now).filter((alert) => alert.progress === 'Triggered');
  }

  openAlertsOf(incidentId: string): Alert[] {
    return this.openAlerts().filter((alert) => alert.incidentId === incidentId);
  }

  putAlert(alert: Alert): void {
    this.#keepOne(this.#alerts, alert.alertId, alert);
    this.#atHand.note(alert);
  }

  putIncident(incident: Incident): void {
    this.#keepOne(this.#incidents, incident.incidentId, incident);
    if (incident.progress === 'Closed') this.#closedIncidents.push(incident.incidentId);
  }

  /** Lets later alerts with one of these digests find the incident. */
  addGroupingKeys(channelId: number, digests: readonly string[], incidentId: string): void {
    for (const digest of digests) this.#groupingKeys.add({ channelId, digest, incidentId });
  }

  /** Lets alerts like those of some incidents find this one, if they are in its channel. */
  async inheritGroupingKeys(fromIds: readonly string[], heir: Incident): Promise<void> {
    await this.#lockChannel(heir.channelId);
    const keys = await this.loadGroupingKeys([...fromIds, heir.incidentId]);
    const digests = keys.filter((key) => key.channelId === heir.channelId).map((key) => key.digest);
    this.addGroupingKeys(heir.channelId, digests, heir.incidentId);
  }

  /** Loads the keys of incidents, so that none is added twice. */
  async loadGroupingKeys(incidentIds: readonly string[]): Promise<GroupingKey[]> {
    const keys = await this.#parts.incidents.groupingKeysOf(this.tx, incidentIds);
    this.#groupingKeys.note(keys);
    return keys;
  }

  /** Deletes the incident on save. It must have no alerts. */
  dropIncident(incidentId: string): void {
    this.#droppedIncidents.push(incidentId);
  }

  /** Stores a report, whatever its outcome. */
  addReport(report: Omit<StoredReport, 'eventId' | 'receivedAt'>): void {
    this.#reports.push({ ...report, eventId: this.#parts.ids.object(), receivedAt: this.now });
  }

  /** Adds an event about an alert, with its present state. */
  alertEvent(type: AlertEventType, alertId: string, note: EventNote = {}): void {
    const alert = held(this.#alerts, alertId);
    const eventTime = this.#nextTime(alert.lastEventTime);
    const changed = { ...alert, lastSequence: alert.lastSequence + 1, lastEventTime: eventTime };
    this.putAlert(changed);
    const title = this.incident(alert.incidentId)?.title ?? '';
    this.#record('alert', alertId, type, changed, note, { alert: alertPayload(changed, title, this.directory) });
  }

  /** Adds an entry to the timeline of an alert or incident that is not an event and is not pushed. */
  note(
    type: TimelineNote['type'],
    entityId: string,
    detail: TimelineNote['detail'],
    person?: EventNote['person'],
  ): void {
    const { lastSequence: sequence } = this.alert(entityId) ?? held(this.#incidents, entityId);
    const noteId = this.#parts.ids.event();
    this.#notes.push({ noteId, entityId, sequence, type, person, detail, createdAt: this.now });
  }

  /** Adds an event about an incident, with its present state. */
  incidentEvent(type: IncidentEventType, incidentId: string, note: EventNote = {}): void {
    const incident = held(this.#incidents, incidentId);
    const eventTime = this.#nextTime(incident.lastEventTime);
    const changed = { ...incident, lastSequence: incident.lastSequence + 1, lastEventTime: eventTime };
    this.putIncident(changed);
    this.#record('incident', incidentId, type, changed, note, { incident: incidentPayload(changed, this.directory) });
  }

  /** Writes everything, once. Changed alerts go first, in all their pieces: a closed one frees its key for the next one. */
  async save(): Promise<void> {
    const [{ alerts, incidents, fanOut }, tx] = [this.#parts, this.tx];
    await inPieces(tx, changed(this.#alerts), sizeOf, (some) => alerts.update(tx, some));
    await Promise.all([
      inPieces(tx, changed(this.#incidents), sizeOf, (some) => incidents.update(tx, some)),
      inPieces(tx, added(this.#incidents), sizeOf, (some) => incidents.insert(tx, some)),
      inPieces(tx, added(this.#alerts), sizeOf, (some) => alerts.insert(tx, some)),
      inPieces(tx, this.#reports, sizeOfReport, (some) => alerts.insertReports(tx, some, this.#events)),
      incidents.insertGroupingKeys(this.tx, this.#groupingKeys.added),
      incidents.deleteGroupingKeys(this.tx, [...new Set(this.#closedIncidents)]),
      inPieces(tx, this.#events, sizeOfEvent, (some) => appendEvents(tx, some)),
      appendNotes(this.tx, this.#notes),
      fanOut.enqueueFor(this.tx, this.#events).then((webhooks) => (this.#webhooks = webhooks)),
      alerts.judgeInhibitedBy(this.tx, this.#quietSources(), this.now),
      incidents.delete(this.tx, this.#droppedIncidents),
    ]);
  }

  /** Alerts that no longer inhibit others: closed, or less severe than before. */
  #quietSources(): string[] {
    const ended = [...this.#alerts.values()].filter(({ stored, now }) => {
      const isOver = now.progress === 'Closed' && stored?.progress !== 'Closed';
      return !isMuted(now) && (isOver || (stored !== undefined && stored.status !== now.status));
    });
    return ended.map(({ now }) => now.alertId);
  }

  async #lockChannel(channelId: number): Promise<void> {
    if (this.#lockedChannels.has(channelId)) return;
    await this.#parts.incidents.lockChannel(this.tx, channelId);
    this.#lockedChannels.add(channelId);
  }

  async #hold(alerts: readonly Alert[], incidentIds: readonly string[] = [], atOnce?: number): Promise<void> {
    this.#keep(alerts);
    const wanted = [...incidentIds, ...alerts.map((alert) => alert.incidentId)];
    const missing = [...new Set(wanted)].filter((id) => id !== '' && !this.#incidents.has(id)).sort();
    const found = await readInPieces(this.tx, missing, (ids) => this.#parts.incidents.lockByIds(this.tx, ids), atOnce);
    for (const incident of found) this.#incidents.set(incident.incidentId, { stored: incident, now: incident });
  }

  #lockAlerts(ids: readonly string[]): Promise<readonly Alert[]> {
    return readInPieces(this.tx, ids, (some) => this.#parts.alerts.lockByIds(this.tx, some));
  }

  #keep(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (this.#alerts.has(alert.alertId)) continue;
      this.#alerts.set(alert.alertId, { stored: alert, now: alert });
      this.#atHand.note(alert);
    }
  }

  #keepOne<T>(map: Map<string, LoadedEntity<T>>, id: string, value: T): void {
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
    note: EventNote,
    object: PushObject,
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
      payload: renderPush(head, object, note.recoveryText),
    });
  }
}
