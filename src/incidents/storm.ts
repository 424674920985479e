import type { Incident } from './incident.ts';

/** The storm thresholds that the incident has reached and that have not fired for it, rising (contract 4.5). */
export function dueStorms(incident: Incident, thresholds: readonly number[]): number[] {
  const due = thresholds.filter((one) => incident.alertCnt >= one && !incident.storms.includes(one));
  return [...new Set(due)].sort((a, b) => a - b);
}

/** Each threshold fires once per incident. */
export function withStorm(incident: Incident, threshold: number): Incident {
  return { ...incident, storms: [...incident.storms, threshold] };
}
