import { withResponder, type Assignment, type Incident, type Responder } from './incident.ts';
import { pausedUntil, reopenedTimers, waitingForNextLayer, withoutNextLayer } from './timers.ts';

/*
 * What people do about an incident (contract 4.7): pure, and each returns the very incident that it was given when there
 * is nothing to do, so that repeating an operation makes no event.
 */

/** The caller becomes a responder if not one. Nothing on a closed incident, or when acknowledged by them already. */
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

/** When nobody is left who acknowledged it, it is Triggered again. */
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

/** Who it is given to, and why. */
export interface NewAssignment extends Omit<Assignment, 'assignedAt'> {
  /** Everybody: who is named, and who the rule finds. */
  readonly to: readonly number[];
}

/**
 * The responders become those it is given to; who had acknowledged stays acknowledged. When none of them has, a
 * Processing incident is Triggered again. Nothing on a closed incident.
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

/** Escalating calls more people: who has acknowledged stays responsible beside them. */
export function escalate(incident: Incident, assignment: NewAssignment, now: number): Incident {
  const acknowledged = incident.responders.filter((one) => one.acknowledgedAt !== 0);
  const after = assign(incident, assignment, now);
  if (after === incident || acknowledged.length === 0) return after;
  const stay = new Set(acknowledged.map((one) => one.personId));
  const responders = [...acknowledged, ...after.responders.filter((one) => !stay.has(one.personId))];
  const joint = { ...after, ...acknowledgement(responders), responders };
  return { ...joint, timers: waitingForNextLayer(joint, now) };
}

/** Adds people; those who are responders already stay as they are. */
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

/** The snooze is over: it needs somebody again, so that it is Triggered with nobody's acknowledgement. */
export function snoozeExpired(incident: Incident, now: number): Incident {
  if (incident.progress === 'Closed' || incident.snoozedBefore === 0 || incident.snoozedBefore > now) return incident;
  return { ...unanswered(incident), snoozedBefore: 0, timers: withoutNextLayer(incident.timers), updatedAt: now };
}

/** Its alerts stay closed; the next report opens a new one. */
export function reopen(incident: Incident, now: number): Incident {
  if (incident.progress !== 'Closed') return incident;
  const timers = reopenedTimers(incident.timers, now);
  return { ...unanswered(incident), closeTime: 0, closerId: 0, timers, updatedAt: now };
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
