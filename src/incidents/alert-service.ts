import { joinIncident, type Alert } from '../alerts/alert.ts';
import type { Person } from '../events/event.ts';
import { change, known, knownAlerts, type ActionParts } from './change.ts';
import type { UnitOfWork } from './unit-of-work.ts';
import { announceRise } from './alert-changes.ts';
import { closeAlertByHand, putAlertClosed } from './close.ts';
import { alertJoined, alertLeft, closeIncident, type Incident } from './incident.ts';
import { withNames, type MergeNames } from './transitions.ts';

export interface AlertMerge extends MergeNames {
  readonly alertIds: readonly string[];
  readonly incidentId: string;
  readonly comment: string;
}

/** What people do to alerts (contract 4.7, 6.5): all the named alerts change, or none. */
export class AlertService {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  /** Closing an alert by hand leaves its incident open: there may be work left. */
  async close(alertIds: readonly string[], person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadAlerts(alertIds);
      for await (const alert of set.each(knownAlerts(set, alertIds))) {
        closeAlertByHand(set, alert.alertId, person);
      }
    });
  }

  /**
   * Moves alerts to an incident; an incident left empty closes. A closed target takes no open alerts: they close, so
   * that a source that still fires opens an incident again.
   */
  async merge(merge: AlertMerge, person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadAlerts(merge.alertIds, [merge.incidentId]);
      const [target] = known(set, [merge.incidentId]);
      const alerts = knownAlerts(set, merge.alertIds);
      if (target === undefined) return;
      const named = withNames(target, merge);
      set.putIncident(named);
      if (alerts.some((alert) => alert.incidentId !== merge.incidentId)) {
        set.note('a_merge', merge.incidentId, mergeDetail(merge, named), person);
      }
      for await (const alert of set.each(alerts)) {
        if (alert.incidentId === merge.incidentId) continue;
        const before = set.incident(merge.incidentId) ?? named;
        moveAlert(set, alert, merge.incidentId);
        set.alertEvent('a_merge', alert.alertId, { person, detail: mergeDetail(merge, named) });
        const closed = target.progress === 'Closed' && putAlertClosed(set, alert.alertId);
        announceRise(set, before);
        if (closed) set.alertEvent('a_close', alert.alertId, { person });
        closeWhenEmpty(set, alert.incidentId, person);
      }
    });
  }
}

function moveAlert(set: UnitOfWork, alert: Alert, targetId: string): void {
  const source = set.incident(alert.incidentId);
  const target = set.incident(targetId);
  const moved = joinIncident(alert, targetId, set.now);
  set.putAlert(moved);
  if (target !== undefined) set.putIncident(alertJoined(target, moved, set.now));
  if (source !== undefined) set.putIncident(alertLeft(source, alert, set.now));
}

function closeWhenEmpty(set: UnitOfWork, incidentId: string, person: Person): void {
  const incident = set.incident(incidentId);
  if (incident === undefined || incident.alertCnt > 0 || incident.progress === 'Closed') return;
  set.putIncident(closeIncident(incident, person.person_id, set.now));
  set.incidentEvent('i_rslv', incidentId, { person, detail: { from: 'console' } });
}

function mergeDetail(merge: AlertMerge, target: Incident): Record<string, unknown> {
  return {
    alert_ids: merge.alertIds,
    incident: { incident_id: target.incidentId, title: target.title, progress: target.progress },
    comment: merge.comment,
    title: merge.title,
    owner_id: merge.ownerId,
  };
}
