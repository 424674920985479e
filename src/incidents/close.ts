import { closeAlert } from '../alerts/alert.ts';
import type { AlertInChannel } from '../alerts/alert-store.ts';
import type { Person } from '../events/event.ts';
import type { ActionParts } from './change.ts';
import type { UnitOfWork } from './unit-of-work.ts';
import { alertChanged, closeIncident, hasRunOut } from './incident.ts';

/** The origin of a closing, in the timeline (contract 1.3, `from` of i_rslv). */
type ClosedFrom = 'console' | 'event' | 'autorslv' | 'autorefresh';

/** Closes an incident whose alerts have all recovered or been closed (contract 4.6). */
export function closeWhenRunOut(set: UnitOfWork, incidentId: string, from: ClosedFrom, recoveryText = ''): void {
  const incident = set.incident(incidentId);
  if (incident === undefined || !hasRunOut(incident)) return;
  set.putIncident(closeIncident(incident, 0, set.now));
  const detail = recoveryText === '' ? { from } : { from, description: recoveryText };
  set.incidentEvent('i_rslv', incidentId, { detail, recoveryText });
}

/** A person closes an alert; its incident follows. A closed alert stays as it is, without an event. */
export function closeAlertByHand(set: UnitOfWork, alertId: string, person: Person): void {
  if (putAlertClosed(set, alertId)) set.alertEvent('a_close', alertId, { person });
}

/** Closes an alert without its event. @returns whether it was open. */
export function putAlertClosed(set: UnitOfWork, alertId: string): boolean {
  const alert = set.alert(alertId);
  if (alert === undefined || alert.progress === 'Closed') return false;
  const closed = closeAlert(alert, set.now);
  set.putAlert(closed);
  const incident = set.incident(alert.incidentId);
  if (incident !== undefined) set.putIncident(alertChanged(incident, alert, closed, set.now));
  return true;
}

/** Open alerts that one transaction closes, and the deliveries of their events. */
export const closedTogetherMax = 200;
const closingDeliveriesMax = 5_000;

/**
 * Loads incidents that are to be closed with their open alerts, if one transaction may close them all; else as many of the
 * alerts as it may, with the incidents of these.
 * @returns whether that is all of them.
 */
export async function loadToClose(
  parts: ActionParts,
  set: UnitOfWork,
  incidentIds: readonly string[],
): Promise<boolean> {
  const first = await openAlerts(parts, set, incidentIds);
  await set.loadAlerts(first.alertIds, first.areAll ? incidentIds : []);
  if (!first.areAll) return false;
  // An alert may have joined between the two locks; it is locked now, after the incidents.
  const second = await openAlerts(parts, set, incidentIds);
  await set.loadAlerts(second.alertIds.filter((id) => set.alert(id) === undefined));
  return second.areAll;
}

async function openAlerts({ alerts, fanOut }: ActionParts, set: UnitOfWork, incidentIds: readonly string[]) {
  const deliveriesOf = await fanOut.counter(set.tx);
  const found: AlertInChannel[] = [];
  for await (const incidentId of set.inTurns(new Set(incidentIds))) {
    found.push(...(await alerts.openOfIncident(set.tx, incidentId, closedTogetherMax + 1 - found.length)));
    if (found.length > closedTogetherMax) break;
  }
  const alertIds: string[] = [];
  let deliveries = 0;
  for (const { alertId, channelId } of found.slice(0, closedTogetherMax)) {
    deliveries += deliveriesOf({ kind: 'alert', type: 'a_close', channelId });
    if (alertIds.length > 0 && deliveries > closingDeliveriesMax) break;
    alertIds.push(alertId);
  }
  return { alertIds, areAll: alertIds.length === found.length };
}

/**
 * Closes the open alerts that are loaded, and leaves their incidents open, because more of theirs are open.
 * @returns false: the incidents are still to be closed.
 */
export async function closeSome(set: UnitOfWork, person: Person | undefined): Promise<false> {
  for await (const { alertId } of set.each(set.openAlerts())) {
    putAlertClosed(set, alertId);
    set.alertEvent('a_close', alertId, { person });
  }
  return false;
}

/** A person closes the incident. */
export function closeByHand(set: UnitOfWork, incidentId: string, person: Person, summary = ''): Promise<void> {
  return closeWithAlerts(set, incidentId, 'console', person, summary);
}

/**
 * The incident's time is over (contract 4.6, auto-resolve). Its alerts close as when a person closes it, without a
 * person: an alert left open in a closed incident would accept reports that nobody sees.
 */
export function closeByTimeout(set: UnitOfWork, incidentId: string): Promise<void> {
  return closeWithAlerts(set, incidentId, 'autorslv', undefined);
}

/**
 * The open alerts close with their incident, so that they accept no more reports. A closed incident stays as it is,
 * without an event.
 */
async function closeWithAlerts(
  set: UnitOfWork,
  incidentId: string,
  from: ClosedFrom,
  person: Person | undefined,
  summary = '',
): Promise<void> {
  const incident = set.incident(incidentId);
  if (incident === undefined || incident.progress === 'Closed') return;
  const open = set.openAlertsOf(incidentId);
  let closed = incident;
  for (const alert of open) {
    const after = closeAlert(alert, set.now);
    set.putAlert(after);
    closed = alertChanged(closed, alert, after, set.now);
  }
  set.putIncident(closeIncident(closed, person?.person_id ?? 0, set.now));
  const detail = summary === '' ? { from } : { from, summary };
  set.incidentEvent('i_rslv', incidentId, { person, detail });
  for await (const { alertId } of set.inTurns(open)) set.alertEvent('a_close', alertId, { person });
}
