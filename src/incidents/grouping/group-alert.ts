import { joinIncident, openKey, type Alert } from '../../alerts/alert.ts';
import { plainTitle } from '../../alerts/distinct-title.ts';
import type { ChannelGroup } from '../../channels/channel.ts';
import { afterOpening, type AssigningParts } from '../escalation/assign.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { comparedDigest, groupingDigests, windowEnd } from './digests.ts';
import { announceRise } from '../alert-changes.ts';
import { alertJoined, alertsMax, incidentFromAlert, takesAlerts, type Incident } from '../incident.ts';
import { alikeOnes, candidatesMax, likenessKeysDefault } from './trigram-similarity.ts';
import { raiseStorms } from './storm.ts';

/** The alert joins a matching incident, or opens one (contract 4.4). A new alert is announced before its incident. */
export async function groupAlert(
  set: UnitOfWork,
  alert: Alert,
  group: ChannelGroup,
  parts: AssigningParts,
  announce: (alertId: string) => void = () => {},
): Promise<void> {
  const digests = groupingDigests(group, alert);
  const home = await findHome(set, alert, group, digests);
  const incidentId = home?.incidentId ?? parts.ids.object();
  const placed = { ...joinIncident(alert, incidentId, set.now), hasJoined: home !== undefined };
  set.putAlert(placed);
  set.addGroupingKeys(alert.channelId, digests, incidentId);
  if (home === undefined) {
    const until = windowEnd(group, set.now);
    const equalsMd5 = group.method === 'p' ? (digests[0] ?? '') : '';
    const fields = set.config.fields.defaults;
    const incident = incidentFromAlert(incidentId, placed, { method: group.method, equalsMd5, until }, set.now);
    set.putIncident({ ...incident, fields });
    announce(alert.alertId);
    set.incidentEvent('i_new', incidentId, { detail: { severity: alert.severity, title: incident.title } });
    afterOpening(parts, set, incidentId);
    return;
  }
  const joined = alertJoined(home, placed, set.now);
  const until = group.windowType === 'sliding' ? windowEnd(group, set.now) : joined.groupUntil;
  set.putIncident({ ...joined, groupUntil: until });
  announce(alert.alertId);
  set.alertEvent('a_merge', alert.alertId, { detail: { incident: { incident_id: incidentId, title: joined.title } } });
  announceRise(set, home);
  raiseStorms(set, incidentId, group.stormThresholds);
}

/** The reopened incident of this key, which takes further reports of its source. */
function reopenedHome(set: UnitOfWork, alert: Alert): Incident | undefined {
  const last = set.lastClosed(openKey(alert));
  const incident = last === undefined ? undefined : set.incident(last.incidentId);
  if (incident === undefined || incident.reopenedAt === 0 || incident.progress === 'Closed') return undefined;
  return incident.mergeDisabled || incident.alertCnt >= alertsMax ? undefined : incident;
}

/** An incident of the channel that takes the alert, locked: the one that was reopened, or one with an alert like it. */
async function findHome(
  set: UnitOfWork,
  alert: Alert,
  group: ChannelGroup,
  digests: readonly string[],
): Promise<Incident | undefined> {
  const reopened = reopenedHome(set, alert);
  if (reopened !== undefined) {
    await set.loadGroupingKeys([reopened.incidentId]);
    return reopened;
  }
  if (group.method === 'i') return findAlike(set, alert, group);
  if (digests.length === 0) return undefined;
  const candidates = await set.loadGrouped(alert.channelId, digests);
  return candidates.find((incident) => takesAlerts(incident, set.now));
}

/** With the titles that the sources gave, before they were made distinct. */
function asReported(incident: Incident): Incident {
  const title = plainTitle(incident.title, incident.labels);
  return title === incident.title ? incident : { ...incident, title };
}

/** Compares candidates without a lock, then locks the chosen one and checks it again. */
async function findAlike(set: UnitOfWork, alert: Alert, group: ChannelGroup): Promise<Incident | undefined> {
  const open = await set.listGrouped(alert.channelId, comparedDigest, candidatesMax);
  const taking = open.filter((incident) => takesAlerts(incident, set.now));
  const keys = group.likenessKeys.length > 0 ? group.likenessKeys : likenessKeysDefault;
  for (const { incidentId } of alikeOnes(alert, taking.map(asReported), { keys, threshold: group.likenessThreshold })) {
    await set.loadIncidents([incidentId]);
    const incident = set.incident(incidentId);
    if (incident !== undefined && takesAlerts(incident, set.now)) return incident;
  }
  return undefined;
}
