import { applyReport, joinIncident, openKey, type Alert, type AlertReport } from '../alerts/alert.ts';
import type { Channel, ChannelDirectory, ChannelGroup } from '../channels/channel.ts';
import { DatabaseFailure, type Database, type Transaction } from '../database/database.ts';
import type { Directories } from '../events/directory.ts';
import { ChangeSet, type ChangeSetParts } from '../incidents/change-set.ts';
import type { FieldSource } from '../incidents/change.ts';
import { closeWhenRunOut } from '../incidents/closing.ts';
import { groupingDigests, windowEnd } from '../incidents/grouping.ts';
import { alertChanged, alertJoined, incidentFromAlert, takesAlerts } from '../incidents/incident.ts';
import { raiseStorms } from '../incidents/storm.ts';
import type { Clock } from '../runtime/clock.ts';

/** The reports of one request, from one integration into one channel; channel 0 = no route was found. */
export interface Push {
  readonly integrationId: number;
  readonly channelId: number;
  readonly reports: readonly AlertReport[];
}

/** What became of a push's reports. */
export type PushCounts = Record<
  'opened' | 'updated' | 'recovered' | 'refreshed' | 'duplicate' | 'unmatched' | 'unrouted',
  number
>;

export interface IngestParts extends ChangeSetParts {
  readonly database: Database;
  readonly directories: Directories;
  readonly channels: { in(tx: Transaction): Promise<ChannelDirectory> };
  readonly customFields: FieldSource;
  readonly clock: Clock;
  readonly mergeWindowMs: number;
}

/**
 * Turns pushes into alerts, incidents, events and deliveries, all in one transaction: when it has committed, everything
 * that the reports caused is durable. Pushes that wait at the same moment share the transaction.
 */
export async function ingest(parts: IngestParts, pushes: readonly Push[]): Promise<PushCounts[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ingestOnce(parts, pushes);
    } catch (error) {
      if (tries >= conflictTriesMax || !isConflict(error)) throw error;
    }
  }
}

/** Another node may open an alert of the same key at the same moment; the next try finds it and updates it. */
const conflictTriesMax = 5;

function isConflict(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.kind === 'conflict';
}

async function ingestOnce(parts: IngestParts, pushes: readonly Push[]): Promise<PushCounts[]> {
  return parts.database.transaction(async (tx) => {
    const [directory, channels] = [await parts.directories.in(tx), await parts.channels.in(tx)];
    const set = new ChangeSet(parts, tx, directory, parts.clock.now());
    await set.loadOpenAlerts(pushes.flatMap((push) => push.reports.map((report) => openKey({ ...push, ...report }))));
    const counts: PushCounts[] = [];
    for (const push of pushes) {
      const channel = takingAlerts(channels.find(push.channelId));
      const count = noCounts();
      for (const report of push.reports) {
        set.begin();
        if (channel === undefined) set.addReport({ ...push, alertId: '', report });
        count[channel === undefined ? 'unrouted' : await absorb(set, push, report, channel, parts)] += 1;
      }
      counts.push(count);
    }
    await set.save();
    return counts;
  });
}

/** One report, from alert to incident: the events come in the order a_new, i_new or a_merge (contract 9, 29). */
async function absorb(
  set: ChangeSet,
  push: Push,
  report: AlertReport,
  channel: Channel,
  parts: IngestParts,
): Promise<keyof PushCounts> {
  const before = set.openAlert(openKey({ ...push, ...report }));
  const outcome = applyReport(before, report, {
    alertId: parts.ids.object,
    integrationId: push.integrationId,
    channelId: push.channelId,
    now: set.now,
    mergeWindowMs: parts.mergeWindowMs,
  });
  switch (outcome.kind) {
    case 'duplicate':
      break;
    case 'unmatched':
      set.addReport({ ...push, alertId: '', report });
      break;
    case 'opened':
      if (before !== undefined && outcome.outgrown !== undefined) outgrow(set, before, outcome.outgrown);
      set.addReport({ ...push, alertId: outcome.alert.alertId, report });
      await place(set, outcome.alert, channel.settings.group, parts);
      break;
    case 'refreshed':
    case 'updated':
    case 'recovered':
      if (before !== undefined) follow(set, before, outcome.alert);
      if (outcome.kind === 'refreshed') break;
      set.addReport({ ...push, alertId: outcome.alert.alertId, report });
      set.alertEvent('a_update', outcome.alert.alertId, {
        detail: { severity: outcome.alert.severity, status: outcome.alert.status, progress: outcome.alert.progress },
      });
      if (outcome.kind === 'recovered' && !channel.settings.disableAutoClose)
        closeWhenRunOut(set, outcome.alert.incidentId, 'event');
      break;
  }
  return outcome.kind;
}

/** A new alert joins the incident of its like, or opens one. */
async function place(set: ChangeSet, alert: Alert, group: ChannelGroup, parts: IngestParts): Promise<void> {
  const digests = groupingDigests(group, alert);
  const detail = { severity: alert.severity, status: alert.status };
  const candidates = await set.loadGrouped(alert.channelId, digests);
  const home = candidates.find((incident) => takesAlerts(incident, set.now));
  const incidentId = home?.incidentId ?? parts.ids.object();
  const placed = joinIncident(alert, incidentId, set.now);
  set.putAlert(placed);
  set.addGroupingKeys(alert.channelId, digests, incidentId);
  if (home === undefined) {
    const until = windowEnd(group, set.now);
    const grouping = { method: group.method, equalsMd5: digests[0] ?? '', until };
    const fields = (await parts.customFields.in(set.tx)).defaults;
    set.putIncident({ ...incidentFromAlert(incidentId, placed, grouping, set.now), fields });
    set.alertEvent('a_new', alert.alertId, { detail });
    set.incidentEvent('i_new', incidentId, { detail: { severity: alert.severity, title: alert.title } });
    return;
  }
  const joined = alertJoined(home, placed, set.now);
  const until = group.windowType === 'sliding' ? windowEnd(group, set.now) : joined.groupUntil;
  set.putIncident({ ...joined, groupUntil: until });
  set.alertEvent('a_new', alert.alertId, { detail });
  set.alertEvent('a_merge', alert.alertId, { detail: { incident: { incident_id: incidentId, title: joined.title } } });
  raiseStorms(set, incidentId, group.stormThresholds);
}

/** An alert that has been open for longer than it takes reports closes, and its incident when nothing else is left in it. */
function outgrow(set: ChangeSet, before: Alert, closed: Alert): void {
  follow(set, before, closed);
  set.alertEvent('a_close', closed.alertId);
  closeWhenRunOut(set, closed.incidentId, 'autorefresh');
}

/** Saves a changed alert, and lets its incident follow. */
function follow(set: ChangeSet, before: Alert, after: Alert): void {
  set.putAlert(after);
  const incident = set.incident(after.incidentId);
  if (incident !== undefined) set.putIncident(alertChanged(incident, before, after, set.now));
}

/** A channel that is disabled or gone takes no alerts; what comes for it is kept as it came. */
function takingAlerts(channel: Channel | undefined): Channel | undefined {
  return channel?.status === 'enabled' ? channel : undefined;
}

function noCounts(): PushCounts {
  return { opened: 0, updated: 0, recovered: 0, refreshed: 0, duplicate: 0, unmatched: 0, unrouted: 0 };
}
