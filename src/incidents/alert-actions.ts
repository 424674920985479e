import { joinIncident, type Alert } from '../alerts/alert.ts';
import type { Person } from '../events/event.ts';
import { change, known, knownAlerts, type ActionParts } from './change.ts';
import type { ChangeSet } from './change-set.ts';
import { closeAlertByHand } from './closing.ts';
import { alertJoined, alertLeft, closeIncident, type Incident } from './incident.ts';
import { withNames, type MergeNames } from './merging.ts';

export interface AlertMerge extends MergeNames {
  readonly alertIds: readonly string[];
  readonly incidentId: string;
  readonly comment: string;
}

/** What a person does to alerts (contract 4.7, 6.5): all the named alerts change, or none. */
export class AlertActions {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  /** Closing an alert by hand leaves its incident open: there may be work left that no report will end. */
  async close(alertIds: readonly string[], person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadAlerts(alertIds);
      for (const alert of knownAlerts(set, alertIds)) {
        set.begin();
        closeAlertByHand(set, alert.alertId, person);
      }
    });
  }

  /**
   * Moves alerts to an incident; an incident that is left empty closes. One that is closed takes no open alerts: they
   * close, so that what still fires opens an incident again.
   */
  async merge(merge: AlertMerge, person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadAlerts(merge.alertIds, [merge.incidentId]);
      const [target] = known(set, [merge.incidentId]);
      const alerts = knownAlerts(set, merge.alertIds);
      if (target === undefined) return;
      const named = withNames(target, merge);
      set.putIncident(named);
      for (const alert of alerts) {
        set.begin();
        if (alert.incidentId === merge.incidentId) continue;
        moveAlert(set, alert, merge.incidentId);
        set.alertEvent('a_merge', alert.alertId, { person, detail: mergeDetail(merge, named) });
        if (target.progress === 'Closed') closeAlertByHand(set, alert.alertId, person);
        closeWhenEmpty(set, alert.incidentId, person);
      }
    });
  }
}

function moveAlert(set: ChangeSet, alert: Alert, targetId: string): void {
  const source = set.incident(alert.incidentId);
  const target = set.incident(targetId);
  const moved = joinIncident(alert, targetId, set.now);
  set.putAlert(moved);
  if (target !== undefined) set.putIncident(alertJoined(target, moved, set.now));
  if (source !== undefined) set.putIncident(alertLeft(source, alert, set.now));
}

function closeWhenEmpty(set: ChangeSet, incidentId: string, person: Person): void {
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
