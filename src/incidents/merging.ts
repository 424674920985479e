import type { Severity } from '../alerts/alert.ts';
import { worse } from '../alerts/alert.ts';
import { restarted } from './timers.ts';
import { closeIncident, withAlerts, type Incident, type Responder, type StatusCounts } from './incident.ts';

/** What else is said when something is merged into an incident. */
export interface MergeNames {
  /** '' = as it was. */
  readonly title: string;
  /** 0 = as it was. */
  readonly ownerId: number;
}

/** A title that a person gives no longer follows the alerts. */
export function withNames(target: Incident, { title, ownerId }: MergeNames): Incident {
  const owned = ownerId === 0 ? target : { ...target, ownerId };
  if (title === '') return owned;
  return { ...owned, title, manualOverrides: [...new Set([...target.manualOverrides, 'title'])] };
}

/**
 * The target with what its sources held: all their alerts, of which `severity` is the worst, and their responders, who
 * have not acknowledged the target by having acknowledged a source. Its own labels and key stay.
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

/** A source ends empty and closed, unless it was closed before. */
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

/** A target that groups nothing itself takes over for how long its sources would have taken alerts. */
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
