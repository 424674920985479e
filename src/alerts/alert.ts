import { distinctTitle, tellingLabels } from './distinct-title.ts';
import { isNewOccurrence, isStale, isToldAgain } from './occurrence.ts';

/** Capitalised words, case-sensitive, as on the wire (contract 4.2). */
export type Severity = 'Critical' | 'Warning' | 'Info';
export type Status = Severity | 'Ok';
export type AlertProgress = 'Triggered' | 'Closed';

export interface Image {
  readonly src: string;
  readonly alt?: string;
  readonly href?: string;
}

/** One message of a source, firing or recovery: the result of every ingestion format. */
export interface AlertReport {
  readonly alertKey: string;
  readonly title: string;
  readonly titleRule: string;
  readonly description: string;
  readonly status: Status;
  readonly labels: Readonly<Record<string, string>>;
  readonly images: readonly Image[];
  /** Unix milliseconds. */
  readonly eventTime: number;
  /** The sender named `eventTime`; else it is the time of arrival. */
  readonly isSenderTime?: true;
  /** Unix milliseconds: when this occurrence began by the sender's word, which a repeated report repeats. */
  readonly startedAt?: number;
  /** Unix milliseconds: unless it is reported again until then, it has recovered. */
  readonly expiresAt?: number;
  /** It says nothing of labels and description: the open alert keeps its own. */
  readonly keepsDetails?: true;
}

/** The reports with one `alert_key` while it is open (contract 4.1). Instants are Unix milliseconds, 0 = not yet. */
export interface Alert {
  readonly alertId: string;
  readonly integrationId: number;
  readonly channelId: number;
  /** '' while it belongs to no incident. */
  readonly incidentId: string;
  /** Its incident was not opened by it. */
  readonly hasJoined: boolean;
  readonly alertKey: string;
  readonly title: string;
  readonly titleRule: string;
  readonly description: string;
  /** The highest so far; a recovery does not lower it. */
  readonly severity: Severity;
  /** The newest report's; `Ok` = recovered. */
  readonly status: Status;
  readonly progress: AlertProgress;
  readonly startTime: number;
  readonly lastTime: number;
  readonly endTime: number;
  readonly closeTime: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly images: readonly Image[];
  readonly eventCnt: number;
  readonly everMuted: boolean;
  /** When a muted alert is judged again; 0 = by no time of the clock. */
  readonly mutedUntil: number;
  /** The alert that inhibits it, '' = none. */
  readonly mutedBy: string;
  /** Labels whose values follow its title, because another open alert has the same one. */
  readonly titleLabels: readonly string[];
  /** When the occurrence began, by its sender; 0 = the sender does not say. */
  readonly startedAt: number;
  /** The newest time that its sender named; 0 = none. */
  readonly reportedAt: number;
  /** When a report of it came last, also one that changed nothing; at most {@link heardStepMs} too early. */
  readonly heardAt: number;
  /** When it has recovered, unless it is reported again until then; 0 = it waits for a recovery. */
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Of its newest event; assigned under the row lock, so it rises without gaps. */
  readonly lastSequence: number;
  readonly lastEventTime: number;
}

/** Where and when a report arrived. */
export interface ReportContext {
  readonly alertId: () => string;
  readonly integrationId: number;
  readonly channelId: number;
  readonly now: number;
  /** How long an alert accepts reports, from its first one (contract 4.3, rule 11). */
  readonly mergeWindowMs: number;
  /** The last alert of the same key in the channel that is closed. */
  readonly last?: Alert | undefined;
  /** An open alert of the same integration and channel with the same title and another key. */
  readonly namesake?: Alert | undefined;
}

/**
 * What a report does (contract 4.3): opens an alert, updates it, lets it recover, refreshes its labels without an event,
 * repeats what is known, or comes too late to say anything. An alert that it opens may take the place of one that closes:
 * of one that has been open for too long to take it (`outgrown`), or of one whose recovery got lost (`unheard`).
 */
export type ReportOutcome =
  | { readonly kind: 'opened'; readonly alert: Alert; readonly outgrown?: Alert; readonly unheard?: Alert }
  | { readonly kind: 'updated' | 'recovered' | 'refreshed' | 'duplicate'; readonly alert: Alert }
  | { readonly kind: 'unmatched' | 'stale' };

/** A repeated report is noted when the last note is older than this, so that repeats cost few writes. */
export const heardStepMs = 10_000;

export function applyReport(open: Alert | undefined, report: AlertReport, arrival: ReportContext): ReportOutcome {
  if (open === undefined) {
    if (report.status === 'Ok') return { kind: 'unmatched' };
    if (isToldAgain(arrival.last, report, arrival.now)) return { kind: 'stale' };
    return { kind: 'opened', alert: openAlert(report, report.status, arrival) };
  }
  if (isStale(open, report, arrival.last)) return { kind: 'stale' };
  if (report.status === 'Ok') return { kind: 'recovered', alert: recover(open, report, arrival.now) };
  if (isNewOccurrence(open, report)) {
    const unheard = recoverAt(open, report.startedAt ?? arrival.now, arrival.now);
    return { kind: 'opened', alert: openAlert(report, report.status, arrival), unheard };
  }
  if (arrival.now - open.createdAt > arrival.mergeWindowMs) {
    const alert = openAlert(report, report.status, arrival);
    return { kind: 'opened', alert, outgrown: closeAlert(open, arrival.now) };
  }
  return repeatOrUpdate(open, report, report.status, arrival.now);
}

function repeatOrUpdate(open: Alert, report: AlertReport, status: Severity, now: number): ReportOutcome {
  const told = asTold(open, report, status);
  const heard = heardAgain(open, report, now);
  if (!saysTheSame(open, told)) return { kind: 'updated', alert: update(heard, report, told, now) };
  if (sameLabels(open.labels, told.labels)) return { kind: 'duplicate', alert: heard };
  return { kind: 'refreshed', alert: { ...heard, labels: told.labels, updatedAt: now } };
}

/** A person or the service closes an alert; closing never changes the status (contract 4.6). */
export function closeAlert(alert: Alert, now: number): Alert {
  if (alert.progress === 'Closed') return alert;
  return { ...alert, progress: 'Closed', closeTime: now, mutedBy: '', updatedAt: now };
}

/** It has recovered at a moment that no report names: it was not reported again in time, or began anew. */
export function recoverAt(open: Alert, end: number, now: number): Alert {
  return {
    ...open,
    status: 'Ok',
    progress: 'Closed',
    endTime: Math.max(open.startTime, end),
    closeTime: now,
    mutedBy: '',
    updatedAt: now,
  };
}

/** Kept from people: it is in no incident, and is judged again when what mutes it may have ended. */
export function isMuted(alert: Alert): boolean {
  return alert.progress === 'Triggered' && alert.everMuted && alert.incidentId === '';
}

/** The first moment at which it changes by time alone; 0 = none. */
export function alertDueAt(alert: Alert): number {
  if (alert.progress === 'Closed') return 0;
  const times = [alert.expiresAt, isMuted(alert) ? alert.mutedUntil : 0].filter((time) => time > 0);
  return times.length === 0 ? 0 : Math.min(...times);
}

export function joinIncident(alert: Alert, incidentId: string, now: number): Alert {
  return { ...alert, incidentId, hasJoined: true, mutedUntil: 0, mutedBy: '', updatedAt: now };
}

/** The title as people see it; rules and groupings go by the one that the source gives. */
export function shownTitle({ title, labels, titleLabels }: Pick<Alert, 'title' | 'labels' | 'titleLabels'>): string {
  return distinctTitle(title, labels, titleLabels);
}

/** What a source calls the alert, in whatever channel it is. */
export function sourceKey(alert: { integrationId: number; alertKey: string }): string {
  return `${alert.integrationId}:${alert.alertKey}`;
}

/** Unique among open alerts (contract 4.3, rule 1). */
export function openKey(alert: { integrationId: number; channelId: number; alertKey: string }): string {
  return `${alert.integrationId}:${alert.channelId}:${alert.alertKey}`;
}

const severityOrder: readonly Status[] = ['Ok', 'Info', 'Warning', 'Critical'];

export function worse<A extends Status, B extends Status>(a: A, b: B): A | B {
  return severityOrder.indexOf(a) >= severityOrder.indexOf(b) ? a : b;
}

function openAlert(report: AlertReport, status: Severity, arrival: ReportContext): Alert {
  const { namesake, now } = arrival;
  const titleLabels = namesake === undefined ? [] : tellingLabels(report.labels, namesake.labels);
  return {
    alertId: arrival.alertId(),
    integrationId: arrival.integrationId,
    channelId: arrival.channelId,
    incidentId: '',
    hasJoined: false,
    alertKey: report.alertKey,
    title: report.title,
    titleRule: report.titleRule,
    description: report.description,
    severity: status,
    status,
    progress: 'Triggered',
    startTime: report.eventTime,
    lastTime: report.eventTime,
    endTime: 0,
    closeTime: 0,
    labels: report.labels,
    images: report.images,
    eventCnt: 1,
    everMuted: false,
    mutedUntil: 0,
    mutedBy: '',
    titleLabels,
    startedAt: report.startedAt ?? 0,
    reportedAt: report.isSenderTime === true ? report.eventTime : 0,
    heardAt: now,
    expiresAt: report.expiresAt ?? 0,
    createdAt: now,
    updatedAt: now,
    lastSequence: 0,
    lastEventTime: 0,
  };
}

/** What of the alert a report names; one that says nothing of details leaves them as they are. */
type ReportedDetails = Pick<Alert, 'title' | 'description' | 'labels'> & { readonly status: Severity };

function asTold(open: Alert, report: AlertReport, status: Severity): ReportedDetails {
  const labels = report.keepsDetails === true ? { ...open.labels, ...report.labels } : report.labels;
  return {
    title: report.title,
    description: report.keepsDetails === true && report.description === '' ? open.description : report.description,
    labels,
    status,
  };
}

/** Notes that the source still tells of the alert; the very alert when there is nothing to note. */
function heardAgain(open: Alert, report: AlertReport, now: number): Alert {
  const expiresAt = report.expiresAt ?? 0;
  const reportedAt = Math.max(open.reportedAt, report.isSenderTime === true ? report.eventTime : 0);
  const isNoted = now - open.heardAt < heardStepMs && expiresAt === open.expiresAt && reportedAt === open.reportedAt;
  if (isNoted) return open;
  const lastTime = Math.max(open.lastTime, report.eventTime);
  return { ...open, heardAt: Math.max(open.heardAt, now), expiresAt, reportedAt, lastTime };
}

function update(open: Alert, report: AlertReport, told: ReportedDetails, now: number): Alert {
  return {
    ...open,
    ...told,
    titleRule: report.titleRule,
    severity: worse(open.severity, told.status),
    lastTime: Math.max(open.lastTime, report.eventTime),
    images: report.images.length > 0 ? report.images : open.images,
    eventCnt: open.eventCnt + 1,
    heardAt: now,
    updatedAt: now,
  };
}

/** A recovery closes the alert too; labels keep their values and only gain missing keys. */
function recover(open: Alert, report: AlertReport, now: number): Alert {
  return {
    ...recoverAt(open, report.eventTime, now),
    lastTime: Math.max(open.lastTime, report.eventTime),
    labels: { ...report.labels, ...open.labels },
    eventCnt: open.eventCnt + 1,
    reportedAt: Math.max(open.reportedAt, report.isSenderTime === true ? report.eventTime : 0),
    heardAt: now,
  };
}

function saysTheSame(open: Alert, told: ReportedDetails): boolean {
  return open.status === told.status && open.title === told.title && open.description === told.description;
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
