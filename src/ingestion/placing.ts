import { joinIncident, type Alert } from '../alerts/alert.ts';
import type { ChannelGroup } from '../channels/channel.ts';
import { afterOpening, type AssigningParts } from '../incidents/assigning.ts';
import type { ChangeSet } from '../incidents/change-set.ts';
import type { FieldSource } from '../incidents/change.ts';
import { comparedDigest, groupingDigests, windowEnd } from '../incidents/grouping.ts';
import { alertJoined, incidentFromAlert, takesAlerts, type Incident } from '../incidents/incident.ts';
import { alikeOnes, candidatesMax, likenessKeysDefault } from '../incidents/likeness.ts';
import { raiseStorms } from '../incidents/storm.ts';

export interface PlacingParts extends AssigningParts {
  readonly customFields: FieldSource;
}

/** The alert joins the incident of its like, or opens one (contract 4.4). A new alert is announced before its incident. */
export async function place(
  set: ChangeSet,
  alert: Alert,
  group: ChannelGroup,
  parts: PlacingParts,
  announce: (alertId: string) => void = () => {},
): Promise<void> {
  const digests = groupingDigests(group, alert);
  const home = await findHome(set, alert, group, digests);
  const incidentId = home?.incidentId ?? parts.ids.object();
  const placed = joinIncident(alert, incidentId, set.now);
  set.putAlert(placed);
  set.addGroupingKeys(alert.channelId, digests, incidentId);
  if (home === undefined) {
    const until = windowEnd(group, set.now);
    const equalsMd5 = group.method === 'p' ? (digests[0] ?? '') : '';
    const fields = (await parts.customFields.in(set.tx)).defaults;
    const incident = incidentFromAlert(incidentId, placed, { method: group.method, equalsMd5, until }, set.now);
    set.putIncident({ ...incident, fields });
    announce(alert.alertId);
    set.incidentEvent('i_new', incidentId, { detail: { severity: alert.severity, title: alert.title } });
    await afterOpening(parts, set, incidentId);
    return;
  }
  const joined = alertJoined(home, placed, set.now);
  const until = group.windowType === 'sliding' ? windowEnd(group, set.now) : joined.groupUntil;
  set.putIncident({ ...joined, groupUntil: until });
  announce(alert.alertId);
  set.alertEvent('a_merge', alert.alertId, { detail: { incident: { incident_id: incidentId, title: joined.title } } });
  raiseStorms(set, incidentId, group.stormThresholds);
}

/** An incident of the channel that takes the alert; it is locked then. */
async function findHome(
  set: ChangeSet,
  alert: Alert,
  group: ChannelGroup,
  digests: readonly string[],
): Promise<Incident | undefined> {
  if (group.method === 'i') return findAlike(set, alert, group);
  const candidates = await set.loadGrouped(alert.channelId, digests);
  return candidates.find((incident) => takesAlerts(incident, set.now));
}

/** Candidates are compared as they were read, without a lock; the chosen one is locked, and then asked once more. */
async function findAlike(set: ChangeSet, alert: Alert, group: ChannelGroup): Promise<Incident | undefined> {
  const open = await set.listGrouped(alert.channelId, comparedDigest, candidatesMax);
  const taking = open.filter((incident) => takesAlerts(incident, set.now));
  const keys = group.likenessKeys.length > 0 ? group.likenessKeys : likenessKeysDefault;
  for (const { incidentId } of alikeOnes(alert, taking, { keys, threshold: group.likenessThreshold })) {
    await set.loadIncidents([incidentId], false);
    const incident = set.incident(incidentId);
    if (incident !== undefined && takesAlerts(incident, set.now)) return incident;
  }
  return undefined;
}
