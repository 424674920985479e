import type { UnitOfWork } from '../unit-of-work.ts';
import type { Incident } from '../incident.ts';

/** Raises an event per storm threshold that the incident has reached. */
export function raiseStorms(set: UnitOfWork, incidentId: string, thresholds: readonly number[]): void {
  for (;;) {
    const incident = set.incident(incidentId);
    const threshold = incident === undefined ? undefined : dueStorms(incident, thresholds)[0];
    if (incident === undefined || threshold === undefined) return;
    set.putIncident(withStorm(incident, threshold));
    set.incidentEvent('i_storm', incidentId, { detail: { threshold } });
  }
}

/** The thresholds that the incident has reached and that have not fired, ascending (contract 4.5). */
export function dueStorms(incident: Incident, thresholds: readonly number[]): number[] {
  const due = thresholds.filter((one) => incident.alertCnt >= one && !incident.storms.includes(one));
  return [...new Set(due)].sort((a, b) => a - b);
}

/** Each threshold fires once per incident. */
export function withStorm(incident: Incident, threshold: number): Incident {
  return { ...incident, storms: [...incident.storms, threshold] };
}
