import { applyReport, sourceKey, type Alert, type AlertReport, type ReportOutcome } from '../alerts/alert.ts';
import type { Channel } from '../channels/channel.ts';
import { dropping, type NoiseDirectory } from '../channels/noise-rule.ts';
import type { SharedConfig } from '../database/config-snapshot.ts';
import { isConflict, type Database } from '../database/database.ts';
import { readRowsOfPushMax } from '../database/pieces.ts';
import type { Directories } from '../events/directory.ts';
import type { Event, FanOut } from '../events/event.ts';
import { changeAlert, recoverAlert } from '../incidents/alert-changes.ts';
import { closeWhenRunOut } from '../incidents/close.ts';
import { groupAlert } from '../incidents/grouping/group-alert.ts';
import { judgeMuted } from '../incidents/grouping/judge-muted.ts';
import { muted, muteOf } from '../incidents/grouping/mute-alert.ts';
import type { IncidentConfig } from '../incidents/incident-config.ts';
import { UnitOfWork, type UnitOfWorkParts } from '../incidents/unit-of-work.ts';
import type { Clock } from '../runtime/clock.ts';
import { ReportResults, type TakenReport, type PushResult } from './push-result.ts';
import {
  factsOf,
  firingArrivals,
  recoveryArrivals,
  unmatchedArrival,
  type Arrival,
  type Destinations,
  type Push,
} from './routed-report.ts';
import type { RouteDirectory } from './routing/route.ts';

export type { Push } from './routed-report.ts';

/** The part of the configuration that pushes read. */
export interface IngestConfig extends IncidentConfig {
  readonly routes: RouteDirectory;
}

export interface IngestParts extends UnitOfWorkParts {
  readonly database: Database;
  readonly directories: Directories;
  readonly config: SharedConfig<IngestConfig>;
  readonly clock: Clock;
  readonly mergeWindowMs: number;
  /** A transaction takes no further report once it makes so many deliveries. */
  readonly deliveriesMax?: number;
  /** Nor after so many milliseconds, because everybody else waits for it. */
  readonly takesMaxMs?: number;
  /** Called when a transaction ended so. */
  readonly divided?: () => void;
}

/** About fifty ordinary alerts, or two that are compared with 200 incidents by ten keys each, the dearest there are. */
const takesMaxMsDefault = 20;
/** The default of the setting. */
const deliveriesMaxDefault = 5_000;

/**
 * Turns pushes into alerts, incidents, events and deliveries in one transaction: when it has committed, all of it is
 * durable. Pushes that wait at the same moment share the transaction. When it makes many deliveries, it ends early: of
 * the last push in the result only `taken` reports were taken, of those after it none.
 * @param take returns them, once the transaction has its turn.
 */
export async function ingest(parts: IngestParts, take: () => readonly Push[]): Promise<PushResult[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ingestOnce(parts, take);
    } catch (error) {
      if (tries >= conflictTriesMax || !isConflict(error)) throw error;
    }
  }
}

/** Another node may open an alert of the same key at the same moment; the next try finds and updates it. */
const conflictTriesMax = 5;

async function ingestOnce(parts: IngestParts, take: () => readonly Push[]): Promise<PushResult[]> {
  return parts.database.transaction(async (tx) => {
    const pushes = take();
    const reports = pushes.flatMap((push) => push.reports.map((report) => ({ push, report })));
    const keys = reports.map(keyOf);
    const isFew = keys.length <= readRowsOfPushMax;
    // Sent together: none needs the answer of another.
    const [config, directory, deliveriesOf, open, incidents] = await Promise.all([
      parts.config.in(tx),
      parts.directories.in(tx),
      parts.fanOut.counter(tx),
      parts.alerts.lockOpen(tx, keys),
      parts.database.dialect.isServer && isFew ? parts.incidents.lockOfOpenAlerts(tx, keys) : [],
    ]);
    const set = new UnitOfWork(parts, tx, { config, directory }, parts.clock.now());
    const step: Step = { parts, set, noise: config.noise, destinations: config };
    await set.loadLocked(open, incidents);
    await loadLast(step, reports);
    const results = await takeAll(step, pushes, deliveriesOf);
    await set.save();
    return results.map((one) => one.saved(set));
  });
}

type DeliveryCounter = Awaited<ReturnType<FanOut['counter']>>;

/** At least the first report, and then until they make as many deliveries, or take as long, as one transaction may. */
async function takeAll(step: Step, pushes: readonly Push[], deliveriesOf: DeliveryCounter): Promise<ReportResults[]> {
  const { parts } = step;
  const { clock, deliveriesMax = deliveriesMaxDefault, takesMaxMs = takesMaxMsDefault } = parts;
  const until = clock.monotonic() + takesMaxMs;
  const results: ReportResults[] = [];
  let [made, taken] = [0, 0];
  for (const push of pushes) {
    const result = new ReportResults();
    results.push(result);
    for (const report of push.reports) {
      if (made >= deliveriesMax || (taken > 0 && clock.monotonic() >= until)) {
        parts.divided?.();
        return result.taken === 0 ? results.slice(0, -1) : results;
      }
      for (const event of await takeReport(step, push, report, result)) made += deliveriesOf(event);
      taken += 1;
    }
  }
  return results;
}

/** The parts shared by all reports of a transaction. */
interface Step {
  readonly parts: IngestParts;
  readonly set: UnitOfWork;
  readonly noise: NoiseDirectory;
  readonly destinations: Destinations;
}

interface PushedReport {
  readonly push: Push;
  readonly report: AlertReport;
}

function keyOf({ push, report }: PushedReport): string {
  return sourceKey({ integrationId: push.integrationId, alertKey: report.alertKey });
}

/** Loads, for the reports that may open an alert, the alerts and incidents to compare with. */
async function loadLast({ set, destinations }: Step, reports: readonly PushedReport[]): Promise<void> {
  const places = reports.flatMap((one) => {
    const key = keyOf(one);
    if (one.report.status !== 'Ok') {
      const arrivals = firingArrivals(one.push, one.report, destinations);
      const opening = arrivals.filter(({ channel, key: place }) => channel && set.openAlert(place) === undefined);
      return opening.map(({ push }) => ({ sourceKey: key, channelId: push.channelId, title: one.report.title }));
    }
    const { startedAt = 0 } = one.report;
    const { isSenderTime, eventTime } = one.report;
    const later = set.openAlertsOfSource(key).filter((alert) => {
      const isEarlier = startedAt !== 0 && startedAt < alert.startedAt;
      return isEarlier || (isSenderTime === true && eventTime < alert.createdAt);
    });
    return later.map(({ channelId }) => ({ sourceKey: key, channelId, title: '' }));
  });
  if (places.length === 0) return;
  await Promise.all([set.loadLastClosed(places), set.loadNamesakes(places.filter(({ title }) => title !== ''))]);
}

/** @returns its events. */
async function takeReport(step: Step, push: Push, report: AlertReport, result: ReportResults): Promise<Event[]> {
  const made: Event[] = [];
  result.taken += 1;
  for (const arrival of arrivalsOf(step, push, report)) {
    await step.set.beginChange();
    const outcome = await take(step, arrival);
    const events = step.set.eventsOfChange();
    result.add(report, outcome, events);
    made.push(...events);
  }
  return made;
}

function arrivalsOf({ set, destinations }: Step, push: Push, report: AlertReport): Arrival[] {
  if (report.status !== 'Ok') return firingArrivals(push, report, destinations);
  const open = set.openAlertsOfSource(keyOf({ push, report }));
  const ending = recoveryArrivals(push, report, open, destinations.channels);
  return ending.length > 0 ? ending : [unmatchedArrival(push, report, destinations)];
}

/**
 * Applies one report in one channel, in the order of contract 4.1: drop rules, alert, silence and inhibit rules,
 * incident. A recovery of an open alert is never dropped, or the alert would stay open.
 */
async function take(step: Step, arrival: Arrival): Promise<TakenReport> {
  const { set, parts, noise } = step;
  const { push, report, channel } = arrival;
  const before = set.openAlert(arrival.key);
  if (before === undefined || report.status !== 'Ok') {
    const drops = channel === undefined ? [] : noise.of(channel.channelId, 'drop');
    const rule = drops.length === 0 ? undefined : dropping(drops, factsOf(push, report));
    if (rule !== undefined) return { kind: 'dropped', rule: rule.name };
    if (channel === undefined && report.status !== 'Ok') return keep(step, arrival, { kind: 'unrouted' });
  }
  const { integrationId, channelId } = push;
  const outcome = applyReport(before, report, {
    alertId: parts.ids.object,
    integrationId,
    channelId,
    now: set.now,
    mergeWindowMs: parts.mergeWindowMs,
    last: set.lastClosed(arrival.key),
    namesake: set.namesake({ integrationId, channelId, title: report.title }),
  });
  switch (outcome.kind) {
    case 'unmatched':
      return keep(step, arrival, { kind: 'unmatched' });
    case 'stale':
      return keep(step, arrival, { kind: 'stale', alertId: (before ?? set.lastClosed(arrival.key))?.alertId });
    case 'opened':
      if (before !== undefined) makeRoom(step, before, outcome, channel);
      return channel === undefined ? { kind: 'unrouted' } : open(step, arrival, outcome.alert, channel);
    case 'updated':
    case 'recovered':
    case 'refreshed':
    case 'duplicate':
      return before === undefined ? { kind: outcome.kind } : follow(step, arrival, before, outcome);
  }
}

type AlertOutcome = Exclude<ReportOutcome, { kind: 'opened' | 'unmatched' | 'stale' }>;

/** An open alert has changed, or was reported again unchanged. */
async function follow(
  step: Step,
  arrival: Arrival,
  before: Alert,
  { kind, alert }: AlertOutcome,
): Promise<TakenReport> {
  const { set } = step;
  const { report, channel } = arrival;
  const { alertId, severity, status, progress } = alert;
  if (kind === 'updated' || kind === 'recovered') keep(step, arrival, { kind, alertId });
  if (kind === 'recovered') {
    // A text that repeats the description of the problem is not one of the recovery.
    const text = report.description === before.description ? '' : report.description;
    recoverAlert(set, before, alert, channel, { text, reason: '' });
  } else if (kind === 'updated') {
    changeAlert(set, before, alert, () =>
      set.alertEvent('a_update', alertId, { detail: { severity, status, progress } }),
    );
  } else if (kind === 'refreshed') {
    changeAlert(set, before, alert, () => {});
  } else if (alert !== before) {
    set.putAlert(alert);
  }
  // An alert that outlasts its mute is seen with its next report, if not before.
  if (kind !== 'recovered' && channel !== undefined) await judgeMuted(step.parts, set, alertId, channel, step.noise);
  return { kind, alertId };
}

/** A muted alert is kept and pushed, but joins no incident (contract 4.10). */
async function open(step: Step, arrival: Arrival, alert: Alert, channel: Channel): Promise<TakenReport> {
  const { set, parts, noise } = step;
  const { alertId } = alert;
  const mute = await muteOf(set, alert, noise);
  if (mute?.discards === true) return { kind: 'dropped', rule: mute.ruleName };
  keep(step, arrival, { kind: 'opened', alertId });
  const announce = () =>
    set.alertEvent('a_new', alertId, { detail: { severity: alert.severity, status: alert.status } });
  if (mute === undefined) {
    await groupAlert(set, alert, channel.settings.group, parts, announce);
    return { kind: 'opened', alertId };
  }
  set.putAlert(muted(alert, mute));
  announce();
  set.note(mute.type, alertId, mute.detail);
  return { kind: 'muted', alertId, rule: mute.ruleName };
}

function keep({ set }: Step, { push, report }: Arrival, outcome: TakenReport): TakenReport {
  const { integrationId, channelId } = push;
  const { alertId = '', kind } = outcome;
  set.addReport({ integrationId, channelId, alertId, isLater: alertId !== '' && kind !== 'opened', report });
  return outcome;
}

/** Closes the open alert before a new one opens: its recovery was lost, or it has been open beyond the merge window. */
function makeRoom(
  { set }: Step,
  before: Alert,
  { outgrown, unheard }: { readonly outgrown?: Alert; readonly unheard?: Alert },
  channel: Channel | undefined,
): void {
  if (unheard !== undefined) {
    recoverAlert(set, before, unheard, channel, {
      text: '',
      reason: 'its recovery was never heard, and it began anew',
    });
  }
  if (outgrown === undefined) return;
  changeAlert(set, before, outgrown, () => set.alertEvent('a_close', outgrown.alertId));
  closeWhenRunOut(set, outgrown.incidentId, 'autorefresh');
}
