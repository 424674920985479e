import { worse, type Severity } from '../alerts/alert.ts';
import type { IncidentEventType } from '../events/event-types.ts';
import { pausedUntil, reopenedDeadlines, restarted, waitingForNextLayer, withoutNextLayer } from './deadlines.ts';
import type { FieldValue } from './fields/field.ts';
import {
  withIntegrations,
  closeIncident,
  withAlerts,
  withResponder,
  type Assignment,
  type Incident,
  type Responder,
  type StatusCounts,
} from './incident.ts';

/*
 * The changes that people make to an incident (contract 4.7), all pure: responders, texts, merges. Each returns the
 * same object when nothing changes, so that repeating one makes no event.
 */

/**
 * Makes the caller a responder who has acknowledged. Does nothing on a closed incident, or after their acknowledgement.
 */
export function acknowledge(incident: Incident, personId: number, now: number): Incident {
  if (incident.progress === 'Closed') return incident;
  if (incident.responders.some((one) => one.personId === personId && one.acknowledgedAt !== 0)) return incident;
  const responders = withResponder(incident.responders, personId, now).map((one) =>
    one.personId === personId ? { ...one, acknowledgedAt: now } : one,
  );
  const timers = pausedUntil(incident, 0, now);
  return {
    ...incident,
    timers: incident.assignedTo?.escalation?.force === true ? timers : withoutNextLayer(timers),
    responders,
    progress: 'Processing',
    ackTime: incident.ackTime === 0 ? now : incident.ackTime,
    snoozedBefore: 0,
    updatedAt: now,
  };
}

/** Triggered again when no acknowledgement is left. */
export function unacknowledge(incident: Incident, personId: number, now: number): Incident {
  if (incident.progress !== 'Processing') return incident;
  if (!incident.responders.some((one) => one.personId === personId && one.acknowledgedAt !== 0)) return incident;
  const responders = incident.responders.map((one) =>
    one.personId === personId ? { ...one, acknowledgedAt: 0 } : one,
  );
  const after = { ...incident, ...acknowledgement(responders), responders, updatedAt: now };
  const begins = after.progress === 'Triggered' && incident.timers.escalateAt === 0;
  return begins ? { ...after, timers: waitingForNextLayer(after, now) } : after;
}

/** A new assignment. */
export interface NewAssignment extends Omit<Assignment, 'assignedAt'> {
  /** All assignees: named ones and those of the rule. */
  readonly to: readonly number[];
}

/**
 * Replaces the responders by the assignees; acknowledgements of those who stay are kept. When none of them has
 * acknowledged, a Processing incident is Triggered again. Does nothing on a closed incident.
 */
export function assign(incident: Incident, assignment: NewAssignment, now: number): Incident {
  if (incident.progress === 'Closed') return incident;
  const before = new Map(incident.responders.map((one) => [one.personId, one]));
  const { to, ...assignedTo } = assignment;
  const responders = [...new Set(to)].map((personId): Responder => {
    const acknowledgedAt = before.get(personId)?.acknowledgedAt ?? 0;
    return { personId, assignedAt: now, acknowledgedAt };
  });
  const assigned: Incident = {
    ...incident,
    ...acknowledgement(responders),
    responders,
    assignedTo: { ...assignedTo, assignedAt: now },
    updatedAt: now,
  };
  return { ...assigned, timers: waitingForNextLayer(assigned, now) };
}

/** Escalating adds people: those who have acknowledged stay. */
export function escalate(incident: Incident, assignment: NewAssignment, now: number): Incident {
  const acknowledged = incident.responders.filter((one) => one.acknowledgedAt !== 0);
  const after = assign(incident, assignment, now);
  if (after === incident || acknowledged.length === 0) return after;
  const stay = new Set(acknowledged.map((one) => one.personId));
  const responders = [...acknowledged, ...after.responders.filter((one) => !stay.has(one.personId))];
  const joint = { ...after, ...acknowledgement(responders), responders };
  return { ...joint, timers: waitingForNextLayer(joint, now) };
}

/** Adds responders; present ones stay as they are. */
export function addResponders(incident: Incident, personIds: readonly number[], now: number): Incident {
  if (incident.progress === 'Closed') return incident;
  const responders = personIds.reduce((list, personId) => withResponder(list, personId, now), incident.responders);
  return responders === incident.responders ? incident : { ...incident, responders, updatedAt: now };
}

export function snooze(incident: Incident, minutes: number, now: number): Incident {
  if (incident.progress === 'Closed') return incident;
  const end = now + minutes * 60_000;
  return { ...incident, snoozedBefore: end, timers: pausedUntil(incident, end, now), updatedAt: now };
}

export function wake(incident: Incident, now: number): Incident {
  if (incident.progress === 'Closed' || incident.snoozedBefore === 0) return incident;
  return { ...incident, snoozedBefore: 0, timers: pausedUntil(incident, 0, now), updatedAt: now };
}

/** The snooze is over: Triggered, without acknowledgements. */
export function snoozeExpired(incident: Incident, now: number): Incident {
  if (incident.progress === 'Closed' || incident.snoozedBefore === 0 || incident.snoozedBefore > now) return incident;
  return { ...unanswered(incident), snoozedBefore: 0, timers: withoutNextLayer(incident.timers), updatedAt: now };
}

/** Its alerts stay closed; the next report of one of their keys joins it with a new alert. */
export function reopen(incident: Incident, now: number): Incident {
  if (incident.progress !== 'Closed') return incident;
  const timers = reopenedDeadlines(incident.timers, now);
  return { ...unanswered(incident), closeTime: 0, closerId: 0, timers, reopenedAt: now, updatedAt: now };
}

function unanswered(incident: Incident): Incident {
  const responders = incident.responders.map((one) => ({ ...one, acknowledgedAt: 0 }));
  return { ...incident, progress: 'Triggered', ackTime: 0, responders };
}

function acknowledgement(responders: readonly Responder[]): Pick<Incident, 'progress' | 'ackTime'> {
  const times = responders.map((one) => one.acknowledgedAt).filter((time) => time !== 0);
  return times.length === 0
    ? { progress: 'Triggered', ackTime: 0 }
    : { progress: 'Processing', ackTime: Math.min(...times) };
}

/** New values of `/incident/reset`, for open and closed incidents; `undefined` = unchanged. */
export interface Edit {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly impact?: string | undefined;
  readonly rootCause?: string | undefined;
  readonly resolution?: string | undefined;
  readonly severity?: Severity | undefined;
}

/** One changed field with its event: a call that changes several makes one for each (contract 1.3). */
export interface FieldEdit {
  readonly type: IncidentEventType;
  readonly detail: Readonly<Record<string, unknown>>;
  apply(incident: Incident, now: number): Incident;
}

export function editsOf(incident: Incident, edit: Edit): FieldEdit[] {
  return kinds.flatMap(({ key, type, follows }) => {
    const [from, to] = [incident[key], edit[key]];
    if (to === undefined || to === from) return [];
    return [
      {
        type,
        // The push has the long texts; the timeline says only that they changed.
        detail: key === 'title' || key === 'severity' ? { from, to } : {},
        apply: (before, now) => edited(before, { [key]: to, updatedAt: now }, follows ? key : undefined),
      },
    ];
  });
}

/** Sets one custom field, or removes its value. */
export function fieldEditOf(incident: Incident, name: string, value: FieldValue | undefined): FieldEdit | undefined {
  const before = Object.hasOwn(incident.fields, name) ? incident.fields[name] : undefined;
  if (JSON.stringify(before) === JSON.stringify(value)) return undefined;
  return {
    type: 'i_r_field',
    detail: { field_name: name, to: value ?? null },
    apply: (incident, now) => {
      const others = Object.entries(incident.fields).filter(([key]) => key !== name);
      const fields = Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
      return { ...incident, fields, updatedAt: now };
    },
  };
}

/** `follows`: it came from the alerts until now; after the edit it stays. */
const kinds: readonly { key: keyof Edit; type: IncidentEventType; follows: boolean }[] = [
  { key: 'title', type: 'i_r_title', follows: true },
  { key: 'description', type: 'i_r_desc', follows: true },
  { key: 'impact', type: 'i_r_impact', follows: false },
  { key: 'rootCause', type: 'i_r_rc', follows: false },
  { key: 'resolution', type: 'i_r_rsltn', follows: false },
  { key: 'severity', type: 'i_r_severity', follows: true },
];

function edited(before: Incident, change: Partial<Incident>, overridden: string | undefined): Incident {
  const after = { ...before, ...change };
  // Without alerts, the status follows the severity.
  const status = change.severity !== undefined && before.alertCnt === 0 ? change.severity : before.status;
  if (overridden === undefined) return { ...after, status };
  return { ...after, status, manualOverrides: [...new Set([...before.manualOverrides, overridden])] };
}

/** Further fields of a merge. */
export interface MergeNames {
  /** '' = unchanged. */
  readonly title: string;
  /** 0 = unchanged. */
  readonly ownerId: number;
}

/** A title set by a person no longer follows the alerts. */
export function withNames(target: Incident, { title, ownerId }: MergeNames): Incident {
  const owned = ownerId === 0 ? target : { ...target, ownerId };
  if (title === '') return owned;
  return { ...owned, title, manualOverrides: [...new Set([...target.manualOverrides, 'title'])] };
}

/**
 * The target with the alerts of its sources, of which `severity` is the worst, and their responders; acknowledging a
 * source does not acknowledge the target. Its labels and key stay.
 */
export function mergedInto(
  target: Incident,
  sources: readonly Incident[],
  severity: Severity | undefined,
  now: number,
): Incident {
  const follows = severity !== undefined && !target.manualOverrides.includes('severity');
  const merged: Incident = {
    ...target,
    severity: follows ? worse(target.severity, severity) : target.severity,
    responders: carriedOver(target, sources),
    integrationIds: withIntegrations(
      target.integrationIds,
      sources.flatMap((source) => source.integrationIds),
    ),
    alertEventCnt: sum([target, ...sources], (one) => one.alertEventCnt),
    lastTime: Math.max(target.lastTime, ...sources.map((one) => one.lastTime)),
    groupUntil: groupUntil(target, sources),
    timers: restarted(target.timers, now),
    updatedAt: now,
  };
  const alertCnt = sum([target, ...sources], (one) => one.alertCnt);
  const recoveredAt = Math.max(0, ...sources.map((one) => one.endTime));
  return withAlerts(merged, alertCnt, summed([target, ...sources]), recoveredAt);
}

/** A source ends empty and closed, with its old closing if it was closed. */
export function mergedAway(source: Incident, by: number, now: number): Incident {
  const emptied: Incident = { ...source, alertCnt: 0, alertEventCnt: 0, statusCounts: noCounts, updatedAt: now };
  return source.progress === 'Closed' ? emptied : closeIncident(emptied, by, now);
}

function carriedOver(target: Incident, sources: readonly Incident[]): readonly Responder[] {
  const byPerson = new Map(target.responders.map((one) => [one.personId, one]));
  for (const responder of sources.flatMap((source) => source.responders)) {
    if (!byPerson.has(responder.personId)) byPerson.set(responder.personId, { ...responder, acknowledgedAt: 0 });
  }
  return [...byPerson.values()];
}

/** A target without grouping takes over the grouping time of its sources. */
function groupUntil(target: Incident, sources: readonly Incident[]): number {
  const ends = sources
    .filter((one) => one.progress !== 'Closed' && one.channelId === target.channelId && one.groupMethod !== 'n')
    .map((one) => one.groupUntil);
  if (target.groupMethod !== 'n' || ends.length === 0) return target.groupUntil;
  return ends.includes(0) ? 0 : Math.max(...ends);
}

const noCounts: StatusCounts = { Critical: 0, Warning: 0, Info: 0, Ok: 0, open: 0 };

function summed(incidents: readonly Incident[]): StatusCounts {
  const of = (name: keyof StatusCounts) => sum(incidents, (one) => one.statusCounts[name]);
  return { Critical: of('Critical'), Warning: of('Warning'), Info: of('Info'), Ok: of('Ok'), open: of('open') };
}

function sum(incidents: readonly Incident[], number: (incident: Incident) => number): number {
  return incidents.reduce((total, incident) => total + number(incident), 0);
}
