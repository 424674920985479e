import { applyReport, type Alert } from '../alerts/alert.ts';
import type { Channel } from '../channels/channel.ts';
import { isDropped, type NoiseDirectory } from '../channels/noise-rule.ts';
import { DatabaseFailure, type Database, type Transaction } from '../database/database.ts';
import type { Directories } from '../events/directory.ts';
import { ChangeSet, type ChangeSetParts } from '../incidents/change-set.ts';
import { closeWhenRunOut } from '../incidents/closing.ts';
import { alertChanged } from '../incidents/incident.ts';
import type { Clock } from '../runtime/clock.ts';
import { arrivalsOf, ending, factsOf, type Arrival, type Push } from './arrival.ts';
import { muteOf } from './muting.ts';
import { place, type PlacingParts } from './placing.ts';
import type { RouteDirectory } from './route.ts';

export type { Push } from './arrival.ts';

/** What can become of a report. */
export const reportOutcomes = [
  'opened',
  'muted',
  'updated',
  'recovered',
  'refreshed',
  'duplicate',
  'dropped',
  'unmatched',
  'unrouted',
] as const;
type Outcome = (typeof reportOutcomes)[number];

/** What became of a push's reports; one that goes into several channels counts in each. */
export type PushCounts = Record<Outcome, number>;

export interface IngestParts extends ChangeSetParts, PlacingParts {
  readonly database: Database;
  readonly directories: Directories;
  readonly noise: Source<NoiseDirectory>;
  readonly routes: Source<RouteDirectory>;
  readonly clock: Clock;
  readonly mergeWindowMs: number;
}

/** What is configured, as a transaction sees it. */
interface Source<T> {
  in(tx: Transaction): Promise<T>;
}

/**
 * Turns pushes into alerts, incidents, events and deliveries, all in one transaction: when it has committed, everything
 * that the reports caused is durable. Pushes that wait at the same moment share the transaction.
 * @param take gives them, once the transaction has its turn.
 */
export async function ingest(parts: IngestParts, take: () => readonly Push[]): Promise<PushCounts[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ingestOnce(parts, take);
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

async function ingestOnce(parts: IngestParts, pushes: () => readonly Push[]): Promise<PushCounts[]> {
  return parts.database.transaction(async (tx) => {
    const directory = await parts.directories.in(tx);
    const [channels, noise, routes] = [
      await parts.channels.in(tx),
      await parts.noise.in(tx),
      await parts.routes.in(tx),
    ];
    const set = new ChangeSet(parts, tx, directory, parts.clock.now());
    const step: Step = { parts, set, noise };
    const routed = pushes().map((push) => push.reports.map((report) => arrivalsOf(push, report, channels, routes)));
    await set.loadOpenAlerts(routed.flat(2).map((arrival) => arrival.key));
    const counts: PushCounts[] = [];
    for (const reports of routed) {
      const count = noCounts();
      for (const arrivals of reports)
        for (const arrival of ending(set, arrivals)) count[await take(step, arrival)] += 1;
      counts.push(count);
    }
    await set.save();
    return counts;
  });
}

/** What all reports of a transaction are taken with. */
interface Step {
  readonly parts: IngestParts;
  readonly set: ChangeSet;
  readonly noise: NoiseDirectory;
}

/**
 * One report in one channel. The order is the contract's (4.1): the channel's drop rules, then its alert, then silence
 * and inhibit rules, then its incident. A recovery that ends an alert is never dropped, else the alert would stay open.
 */
async function take(step: Step, arrival: Arrival): Promise<Outcome> {
  const { set, parts, noise } = step;
  const { push, report, channel } = arrival;
  set.begin();
  if (channel === undefined) return keep(step, arrival, '', 'unrouted');
  const before = set.openAlert(arrival.key);
  const ends = before !== undefined && report.status === 'Ok';
  const drops = ends ? [] : noise.of(channel.channelId, 'drop');
  if (drops.length > 0 && isDropped(drops, factsOf(push, report))) return 'dropped';
  const outcome = applyReport(before, report, {
    alertId: parts.ids.object,
    integrationId: push.integrationId,
    channelId: push.channelId,
    now: set.now,
    mergeWindowMs: parts.mergeWindowMs,
  });
  if (outcome.kind === 'unmatched') return keep(step, arrival, '', 'unmatched');
  if (outcome.kind === 'opened') {
    if (before !== undefined && outcome.outgrown !== undefined) outgrow(set, before, outcome.outgrown);
    return open(step, arrival, outcome.alert, channel);
  }
  const after = 'alert' in outcome ? outcome.alert : before;
  if (before === undefined || after === undefined) return outcome.kind;
  if (after !== before) follow(set, before, after);
  if (outcome.kind === 'updated' || outcome.kind === 'recovered') {
    keep(step, arrival, after.alertId, outcome.kind);
    const { severity, status, progress } = after;
    set.alertEvent('a_update', after.alertId, { detail: { severity, status, progress } });
  }
  if (outcome.kind === 'recovered') {
    if (!channel.settings.disableAutoClose) closeWhenRunOut(set, after.incidentId, 'event');
  } else {
    await surface(step, after.alertId, channel);
  }
  return outcome.kind;
}

/** A muted alert is kept and pushed, but no incident takes it, so nobody is called (contract 4.10). */
async function open(step: Step, arrival: Arrival, alert: Alert, channel: Channel): Promise<Outcome> {
  const { set, parts, noise } = step;
  const mute = await muteOf(set, alert, noise);
  if (mute?.discards === true) return 'dropped';
  keep(step, arrival, alert.alertId, 'opened');
  const announce = (alertId: string) =>
    set.alertEvent('a_new', alertId, { detail: { severity: alert.severity, status: alert.status } });
  if (mute === undefined) {
    await place(set, alert, channel.settings.group, parts, announce);
    return 'opened';
  }
  set.putAlert({ ...alert, everMuted: true });
  announce(alert.alertId);
  set.alertNote(mute.type, alert.alertId, mute.detail);
  return 'muted';
}

/**
 * A muted alert that is reported again when nothing mutes it any more joins an incident then. Else what fires before a
 * maintenance ends, and goes on firing after it, would never be seen by anybody.
 */
async function surface({ set, parts, noise }: Step, alertId: string, channel: Channel): Promise<void> {
  const alert = set.alert(alertId);
  if (alert === undefined || alert.incidentId !== '' || !alert.everMuted) return;
  if ((await muteOf(set, alert, noise)) === undefined) await place(set, alert, channel.settings.group, parts);
}

function keep<Result extends Outcome>(
  { set }: Step,
  { push, report }: Arrival,
  alertId: string,
  outcome: Result,
): Result {
  set.addReport({ integrationId: push.integrationId, channelId: push.channelId, alertId, report });
  return outcome;
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

function noCounts(): PushCounts {
  return Object.fromEntries(reportOutcomes.map((outcome) => [outcome, 0])) as PushCounts;
}
