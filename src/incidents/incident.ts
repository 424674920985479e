import { shownTitle, type Alert, type Image, type Severity, type Status, worse } from '../alerts/alert.ts';
import { noDeadlines, restarted, type Deadlines } from './deadlines.ts';

export type IncidentProgress = 'Triggered' | 'Processing' | 'Closed';
export type GroupMethod = 'n' | 'p' | 'i';

export interface Responder {
  readonly personId: number;
  readonly assignedAt: number;
  /** 0 = not acknowledged. */
  readonly acknowledgedAt: number;
}

/** An assignment (contract 1.6, `assigned_to`). */
export interface Assignment {
  readonly id: string;
  readonly type: 'assign' | 'reassign' | 'escalate' | 'reopen';
  readonly assignedAt: number;
  readonly escalateRuleId: string;
  readonly escalateRuleName: string;
  readonly layerIdx: number;
  /** Only people named directly, without those of the rule. */
  readonly personIds: readonly number[];
  /** When the next layer of the rule follows; absent in the last layer and without a rule. */
  readonly escalation?: Escalation | undefined;
}

export interface Escalation {
  readonly afterMs: number;
  /** Also after an acknowledgement. */
  readonly force: boolean;
}

/**
 * What people work on (contract 1.6). Instants are Unix milliseconds, 0 = not yet.
 *
 * Triggered ⇄ Processing           acknowledged by somebody, or by nobody any more
 * Triggered, Processing → Closed   by hand, or because its alerts recovered
 * Closed → Triggered               reopened
 */
export interface Incident {
  readonly incidentId: string;
  readonly channelId: number;
  /** Of its first alert; 0 when a person opened it. */
  readonly integrationId: number;
  /** Of all alerts that have joined it, in that order, and {@link integrationIdsMax} at most. */
  readonly integrationIds: readonly number[];
  readonly title: string;
  readonly description: string;
  readonly impact: string;
  readonly rootCause: string;
  readonly resolution: string;
  readonly severity: Severity;
  readonly status: Status;
  readonly progress: IncidentProgress;
  readonly startTime: number;
  readonly lastTime: number;
  readonly endTime: number;
  readonly ackTime: number;
  readonly closeTime: number;
  readonly snoozedBefore: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly images: readonly Image[];
  /** 0 = the service. */
  readonly creatorId: number;
  readonly closerId: number;
  readonly ownerId: number;
  readonly responders: readonly Responder[];
  readonly assignedTo: Assignment | undefined;
  readonly alertCnt: number;
  /** Alerts by status, and how many of them are open: its own status follows without reading them. */
  readonly statusCounts: StatusCounts;
  readonly alertEventCnt: number;
  readonly dedupKey: string;
  readonly equalsMd5: string;
  /** The alert that opened it, wherever that is now; '' = a person did. */
  readonly firstAlert: string;
  readonly groupMethod: GroupMethod;
  /** The end of grouping; 0 = while it is open. */
  readonly groupUntil: number;
  readonly mergeDisabled: boolean;
  /** `title`, `description`, `severity` after an edit: they no longer follow the alerts. */
  readonly manualOverrides: readonly string[];
  /** Storm thresholds that have fired. */
  readonly storms: readonly number[];
  readonly everMuted: boolean;
  readonly timers: Deadlines;
  /** When it was last reopened. */
  readonly reopenedAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastSequence: number;
  readonly lastEventTime: number;
}

export interface StatusCounts {
  readonly Critical: number;
  readonly Warning: number;
  readonly Info: number;
  readonly Ok: number;
  readonly open: number;
}

/** Alerts per incident; the next one opens another incident (contract 4.4). */
export const alertsMax = 5000;

const noCounts: StatusCounts = { Critical: 0, Warning: 0, Info: 0, Ok: 0, open: 0 };

/** How its alerts are grouped. */
export interface Grouping {
  readonly method: GroupMethod;
  readonly equalsMd5: string;
  readonly until: number;
}

const blank = {
  impact: '',
  rootCause: '',
  resolution: '',
  endTime: 0,
  ackTime: 0,
  closeTime: 0,
  snoozedBefore: 0,
  fields: {},
  closerId: 0,
  ownerId: 0,
  responders: [],
  assignedTo: undefined,
  mergeDisabled: false,
  manualOverrides: [],
  storms: [],
  everMuted: false,
  timers: noDeadlines,
  reopenedAt: 0,
  lastSequence: 0,
  lastEventTime: 0,
} as const;

/** Opens an incident from an alert, with its title, labels and key (contract 4.4, 4.9). */
export function incidentFromAlert(incidentId: string, alert: Alert, grouping: Grouping, now: number): Incident {
  return {
    ...blank,
    incidentId,
    channelId: alert.channelId,
    integrationId: alert.integrationId,
    integrationIds: [alert.integrationId],
    title: shownTitle(alert),
    description: alert.description,
    severity: alert.severity,
    status: alert.status,
    progress: 'Triggered',
    startTime: alert.startTime,
    lastTime: alert.lastTime,
    labels: alert.labels,
    images: alert.images,
    creatorId: 0,
    firstAlert: alert.alertId,
    alertCnt: 1,
    statusCounts: counted(noCounts, alert, 1),
    alertEventCnt: alert.eventCnt,
    dedupKey: alert.alertKey,
    equalsMd5: grouping.equalsMd5,
    groupMethod: grouping.method,
    groupUntil: grouping.until,
    createdAt: now,
    updatedAt: now,
  };
}

export interface ManualIncident {
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly channelId: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function incidentByHand(incidentId: string, input: ManualIncident, creatorId: number, now: number): Incident {
  return {
    ...blank,
    incidentId,
    channelId: input.channelId,
    integrationId: 0,
    integrationIds: [],
    title: input.title,
    description: input.description,
    severity: input.severity,
    status: input.severity,
    progress: 'Triggered',
    startTime: now,
    lastTime: now,
    labels: {},
    fields: input.fields,
    images: [],
    creatorId,
    firstAlert: '',
    alertCnt: 0,
    statusCounts: noCounts,
    alertEventCnt: 0,
    dedupKey: '',
    equalsMd5: '',
    groupMethod: 'n',
    groupUntil: 0,
    createdAt: now,
    updatedAt: now,
  };
}

/** Whether another alert may be grouped into it now (contract 4.4). */
export function takesAlerts(incident: Incident, now: number): boolean {
  return (
    incident.progress !== 'Closed' &&
    !incident.mergeDisabled &&
    incident.alertCnt < alertsMax &&
    (incident.groupUntil === 0 || now <= incident.groupUntil)
  );
}

/** An alert joins, by grouping or moved by a person. */
export function alertJoined(incident: Incident, alert: Alert, now: number): Incident {
  const statusCounts = counted(incident.statusCounts, alert, 1);
  return withStatus(
    {
      ...incident,
      integrationIds: withIntegrations(incident.integrationIds, [alert.integrationId]),
      alertCnt: incident.alertCnt + 1,
      statusCounts,
      alertEventCnt: incident.alertEventCnt + alert.eventCnt,
      severity: followed(incident, 'severity') ? worse(incident.severity, alert.severity) : incident.severity,
      lastTime: Math.max(incident.lastTime, alert.lastTime),
      timers: restarted(incident.timers, now),
      updatedAt: now,
    },
    alert.endTime,
  );
}

/** Integrations that an incident names. */
export const integrationIdsMax = 100;

/** The same list when it has them all. */
export function withIntegrations(known: readonly number[], more: readonly number[]): readonly number[] {
  if (more.every((id) => known.includes(id))) return known;
  return [...new Set([...known, ...more])].slice(0, integrationIdsMax);
}

/** An alert is moved away. When it was the last that had not recovered, the incident has recovered now. */
export function alertLeft(incident: Incident, alert: Alert, now: number): Incident {
  const left = {
    ...incident,
    alertCnt: incident.alertCnt - 1,
    statusCounts: counted(incident.statusCounts, alert, -1),
    alertEventCnt: incident.alertEventCnt - alert.eventCnt,
    updatedAt: now,
  };
  return left.alertCnt === 0 ? left : withStatus(left, incident.status === 'Ok' ? 0 : now);
}

/** One of its alerts changed. Description and labels follow the first alert (contract 4.9). */
export function alertChanged(incident: Incident, before: Alert, after: Alert, now: number): Incident {
  const statusCounts = counted(counted(incident.statusCounts, before, -1), after, 1);
  const first = incident.dedupKey === after.alertKey && incident.integrationId === after.integrationId;
  return withStatus(
    {
      ...incident,
      statusCounts,
      alertEventCnt: incident.alertEventCnt + after.eventCnt - before.eventCnt,
      severity: followed(incident, 'severity') ? worse(incident.severity, after.severity) : incident.severity,
      description:
        first && followed(incident, 'description') && after.description !== before.description
          ? after.description
          : incident.description,
      labels: first && after.labels !== before.labels ? after.labels : incident.labels,
      lastTime: Math.max(incident.lastTime, after.lastTime),
      timers: restarted(incident.timers, now),
      updatedAt: now,
    },
    after.endTime,
  );
}

/** Replaces its alerts. Without any, the status stays. */
export function withAlerts(
  incident: Incident,
  alertCnt: number,
  statusCounts: StatusCounts,
  recoveredAt: number,
): Incident {
  const holding = { ...incident, alertCnt, statusCounts };
  return alertCnt === 0 ? holding : withStatus(holding, recoveredAt);
}

/** Whether all its alerts have recovered or closed (contract 4.6). */
export function hasRunOut(incident: Incident): boolean {
  return incident.progress !== 'Closed' && incident.alertCnt > 0 && incident.statusCounts.open === 0;
}

/**
 * Closes the incident. `by` = 0 is the service, and then there is no closer. A person who closes becomes a responder
 * (contract 1.5).
 */
export function closeIncident(incident: Incident, by: number, now: number): Incident {
  const closed: Incident = {
    ...incident,
    progress: 'Closed',
    closeTime: now,
    closerId: by,
    snoozedBefore: 0,
    updatedAt: now,
  };
  return by === 0 ? closed : { ...closed, responders: withResponder(closed.responders, by, now) };
}

/** `num`: the last six hex digits of the id, upper case (contract 0.3). */
export function numOf(incidentId: string): string {
  return incidentId.slice(-6).toUpperCase();
}

function followed(incident: Incident, field: string): boolean {
  return !incident.manualOverrides.includes(field);
}

/** Adds the person to the responders, unless present. */
export function withResponder(responders: readonly Responder[], personId: number, now: number): readonly Responder[] {
  if (responders.some((one) => one.personId === personId)) return responders;
  return [...responders, { personId, assignedAt: now, acknowledgedAt: 0 }];
}

function counted(counts: StatusCounts, alert: Alert, step: 1 | -1): StatusCounts {
  return {
    ...counts,
    [alert.status]: counts[alert.status] + step,
    open: counts.open + (alert.progress === 'Triggered' ? step : 0),
  };
}

/** The worst status of its alerts; `Ok`, with its time, when all are `Ok` (contract 4.2). */
function withStatus(incident: Incident, recoveredAt: number): Incident {
  const { Critical, Warning, Info } = incident.statusCounts;
  const status = Critical > 0 ? 'Critical' : Warning > 0 ? 'Warning' : Info > 0 ? 'Info' : 'Ok';
  if (status !== 'Ok') return { ...incident, status, endTime: 0 };
  return { ...incident, status, endTime: Math.max(incident.endTime, recoveredAt) };
}
