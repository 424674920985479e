/** Capitalised words, case-sensitive, as on the wire (contract 4.2). */
export type Severity = 'Critical' | 'Warning' | 'Info';
export type Status = Severity | 'Ok';
export type AlertProgress = 'Triggered' | 'Closed';

export interface Image {
  readonly src: string;
  readonly alt?: string;
  readonly href?: string;
}

/** One notification from a source, firing or recovery, in our words: what every ingestion format yields. */
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
}

/** The reports with one `alert_key` while it is open (contract 4.1). Instants are Unix milliseconds, 0 = not yet. */
export interface Alert {
  readonly alertId: string;
  readonly integrationId: number;
  readonly channelId: number;
  /** '' while it belongs to no incident. */
  readonly incidentId: string;
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
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Of its newest event; the row lock makes them rise without gaps. */
  readonly lastSequence: number;
  readonly lastEventTime: number;
}

/** From where a report came, and when. */
export interface Arrival {
  readonly alertId: () => string;
  readonly integrationId: number;
  readonly channelId: number;
  readonly now: number;
  /** How long an alert takes reports, from its first one (contract 4.3, 7). */
  readonly mergeWindowMs: number;
}

/**
 * What a report does (contract 4.3): opens an alert, updates it, lets it recover, refreshes its labels without an event,
 * or nothing. `outgrown` is an older alert that had been open for too long to take it and is closed in its favour.
 */
export type ReportOutcome =
  | { readonly kind: 'opened'; readonly alert: Alert; readonly outgrown: Alert | undefined }
  | { readonly kind: 'updated' | 'recovered' | 'refreshed'; readonly alert: Alert }
  | { readonly kind: 'duplicate' | 'unmatched' };

export function applyReport(open: Alert | undefined, report: AlertReport, arrival: Arrival): ReportOutcome {
  if (open === undefined) {
    return report.status === 'Ok'
      ? { kind: 'unmatched' }
      : { kind: 'opened', alert: openAlert(report, report.status, arrival), outgrown: undefined };
  }
  if (report.status === 'Ok') return { kind: 'recovered', alert: recover(open, report, arrival.now) };
  if (arrival.now - open.createdAt > arrival.mergeWindowMs) {
    const alert = openAlert(report, report.status, arrival);
    return { kind: 'opened', alert, outgrown: closeAlert(open, arrival.now) };
  }
  if (saysTheSame(open, report)) {
    if (sameLabels(open.labels, report.labels)) return { kind: 'duplicate' };
    return { kind: 'refreshed', alert: { ...open, labels: report.labels, updatedAt: arrival.now } };
  }
  return { kind: 'updated', alert: update(open, report, report.status, arrival.now) };
}

/** Closing is a person's or the service's act: it never changes the status (contract 4.6). */
export function closeAlert(alert: Alert, now: number): Alert {
  if (alert.progress === 'Closed') return alert;
  return { ...alert, progress: 'Closed', closeTime: now, updatedAt: now };
}

export function joinIncident(alert: Alert, incidentId: string, now: number): Alert {
  return { ...alert, incidentId, updatedAt: now };
}

/** What must be unique among open alerts (contract 4.3, 1). */
export function openKey(alert: { integrationId: number; channelId: number; alertKey: string }): string {
  return `${alert.integrationId}:${alert.channelId}:${alert.alertKey}`;
}

const severityOrder: readonly Status[] = ['Ok', 'Info', 'Warning', 'Critical'];

export function worse<A extends Status, B extends Status>(a: A, b: B): A | B {
  return severityOrder.indexOf(a) >= severityOrder.indexOf(b) ? a : b;
}

function openAlert(report: AlertReport, status: Severity, arrival: Arrival): Alert {
  return {
    alertId: arrival.alertId(),
    integrationId: arrival.integrationId,
    channelId: arrival.channelId,
    incidentId: '',
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
    createdAt: arrival.now,
    updatedAt: arrival.now,
    lastSequence: 0,
    lastEventTime: 0,
  };
}

function update(open: Alert, report: AlertReport, status: Severity, now: number): Alert {
  return {
    ...open,
    title: report.title,
    titleRule: report.titleRule,
    description: report.description,
    severity: worse(open.severity, status),
    status,
    lastTime: Math.max(open.lastTime, report.eventTime),
    labels: report.labels,
    images: report.images.length > 0 ? report.images : open.images,
    eventCnt: open.eventCnt + 1,
    updatedAt: now,
  };
}

/** A recovery closes the alert too; its labels keep their values and only gain missing keys. */
function recover(open: Alert, report: AlertReport, now: number): Alert {
  return {
    ...open,
    status: 'Ok',
    progress: 'Closed',
    lastTime: Math.max(open.lastTime, report.eventTime),
    endTime: report.eventTime,
    closeTime: now,
    labels: { ...report.labels, ...open.labels },
    eventCnt: open.eventCnt + 1,
    updatedAt: now,
  };
}

function saysTheSame(open: Alert, report: AlertReport): boolean {
  return open.status === report.status && open.title === report.title && open.description === report.description;
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
