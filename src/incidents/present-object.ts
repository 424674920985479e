import { alertsOfIncident, readAlerts } from '../alerts/alert-list-store.ts';
import { alertPayload } from '../alerts/alert-payload.ts';
import type { Database } from '../database/database.ts';
import type { Directories, Directory } from '../events/directory.ts';
import type { PushObject } from '../events/event.ts';
import { notFound } from '../runtime/failure.ts';
import type { Incident } from './incident.ts';
import { readIncidents } from './incident-list-store.ts';
import { incidentPayload } from './incident-payload.ts';

/** Alerts in the push of a custom action, newest first; `alert_cnt` counts all (contract 1.8). */
export const embeddedAlertsMax = 100;
/** The list ends earlier where its JSON text would exceed this. */
const embeddedAlertsMaxChars = 1_000_000;

export interface PresentParts {
  readonly database: Database;
  readonly directories: Directories;
}

/** An alert or an incident as a push would show it now. */
export interface PresentObject {
  readonly object: PushObject;
  /** Of its last event. */
  readonly sequence: number;
}

/** @throws Failure when there is no such alert. */
export async function presentAlert({ database, directories }: PresentParts, alertId: string): Promise<PresentObject> {
  const [alert] = await readAlerts(database, [alertId]);
  if (alert === undefined) throw notFound('alert', alertId);
  const [incident] = await readIncidents(database, alert.incidentId === '' ? [] : [alert.incidentId]);
  const payload = alertPayload(alert, incident?.title ?? '', await directories.current());
  return { object: { alert: payload }, sequence: alert.lastSequence };
}

/**
 * @param withAlerts as the push of a custom action.
 * @throws Failure when there is no such incident.
 */
export async function presentIncident(
  { database, directories }: PresentParts,
  incidentId: string,
  withAlerts: boolean,
): Promise<PresentObject> {
  const [incident] = await readIncidents(database, [incidentId]);
  if (incident === undefined) throw notFound('incident', incidentId);
  const directory = await directories.current();
  const alerts = withAlerts ? { alerts: await embeddedAlerts(database.read, incident, directory) } : {};
  return {
    object: { incident: { ...incidentPayload(incident, directory), ...alerts } },
    sequence: incident.lastSequence,
  };
}

/** The alerts in the push of a custom action. */
export async function embeddedAlerts(
  read: Database['read'],
  { incidentId, title }: Pick<Incident, 'incidentId' | 'title'>,
  directory: Directory,
): Promise<Record<string, unknown>[]> {
  const { items } = await alertsOfIncident(read, {
    incidentId,
    active: undefined,
    offset: 0,
    limit: embeddedAlertsMax,
  });
  let chars = 0;
  return items
    .map((one) => alertPayload(one, title, directory))
    .filter((alert) => (chars += JSON.stringify(alert).length) <= embeddedAlertsMaxChars);
}
