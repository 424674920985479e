/** The states of a change, in the words of the wire. */
export const changeStatuses = ['Planned', 'Ready', 'Processing', 'Canceled', 'Done'] as const;
export type ChangeStatus = (typeof changeStatuses)[number];

type Labels = Readonly<Record<string, string>>;

/** What a deployment or ticket system says about a change. */
export interface ChangeReport {
  /** Says which change it is, per integration. */
  readonly changeKey: string;
  readonly title: string;
  readonly description: string;
  readonly status: ChangeStatus;
  readonly labels: Labels;
  /** Where to read more; '' = nowhere. */
  readonly link: string;
  /** Unix milliseconds. */
  readonly eventTime: number;
}

/** A deployment, a switch of configuration or the like. Instants are Unix milliseconds, 0 = not yet. */
export interface Change extends Omit<ChangeReport, 'eventTime'> {
  readonly changeId: string;
  readonly integrationId: number;
  /** 0 = of no channel. */
  readonly channelId: number;
  readonly startTime: number;
  /** Of its newest report. */
  readonly lastTime: number;
  /** When it was done or canceled. */
  readonly endTime: number;
  readonly eventCnt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ChangePlace {
  readonly integrationId: number;
  readonly channelId: number;
}

export function newChange(changeId: string, place: ChangePlace, report: ChangeReport, now: number): Change {
  const { eventTime, ...said } = report;
  return {
    ...said,
    ...place,
    changeId,
    startTime: eventTime,
    lastTime: eventTime,
    endTime: endOf(report),
    eventCnt: 1,
    createdAt: now,
    updatedAt: now,
  };
}

/** The change after another report. One that is older than the newest only moves its start, because systems send late. */
export function withReport(change: Change, { channelId }: ChangePlace, report: ChangeReport, now: number): Change {
  const { eventTime, ...said } = report;
  const startTime = Math.min(change.startTime, eventTime);
  const counted = { ...change, startTime, eventCnt: change.eventCnt + 1, updatedAt: now };
  if (eventTime < change.lastTime) return counted;
  return { ...counted, ...said, channelId, lastTime: eventTime, endTime: endOf(report) };
}

/** Whether the report says nothing that the change does not say already, its time aside. */
export function isRepetition(change: Change, { channelId }: ChangePlace, report: ChangeReport): boolean {
  return (
    change.channelId === channelId &&
    change.title === report.title &&
    change.description === report.description &&
    change.status === report.status &&
    change.link === report.link &&
    JSON.stringify(change.labels) === JSON.stringify(report.labels)
  );
}

function endOf({ status, eventTime }: ChangeReport): number {
  return status === 'Done' || status === 'Canceled' ? eventTime : 0;
}

/** Labels about how bad or how it was found, which a change and an incident may share by chance. */
const saysNothing: ReadonlySet<string> = new Set(['severity', 'priority', 'level', 'status', 'job', 'alertname']);

/**
 * The labels that tie a change to an incident: those of both with the same value. None when a label of both has
 * two values, because the change was made elsewhere.
 */
export function sharedLabels(change: Labels, incident: Labels): readonly string[] {
  const both = Object.keys(change).filter((name) => Object.hasOwn(incident, name) && !saysNothing.has(name));
  return both.every((name) => change[name] === incident[name]) ? both : [];
}
