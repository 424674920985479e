import type { Alert, AlertReport } from './alert.ts';

/*
 * Which occurrence of an alert a report is about (contract 4.3). Only times of the sender's clock are compared with each
 * other: a clock that lags behind the service's would make each of its recoveries look old.
 */

/** Two peers of one source may see the same occurrence begin this far apart. */
export const peerSkewMs = 300_000;

/**
 * Whether a report is older than what is known of the open alert; `last` is the alert of its key before this one. The
 * recovery that ended that one may be repeated.
 */
export function isStale(open: Alert, report: AlertReport, last: Alert | undefined): boolean {
  if (senderTime(report) !== 0 && senderTime(report) < open.reportedAt) return true;
  if (last !== undefined && isSameRecovery(last, report)) return true;
  // A late recovery of the occurrence before: that one has ended already.
  return isBegunBefore(open, report) && report.status === 'Ok' && last !== undefined && hasEnded(last, report);
}

/**
 * Whether nothing is open and a firing report only repeats what has recovered: a late copy, or a late peer of a highly
 * available pair.
 */
export function isToldAgain(last: Alert | undefined, report: AlertReport, now: number): boolean {
  if (last === undefined) return false;
  const time = senderTime(report);
  if (last.status !== 'Ok') return time !== 0 && time < last.reportedAt;
  if (time !== 0 && time <= last.reportedAt) return true;
  return !hasRunOut(last) && hasEnded(last, report) && !firesOn(last, report, now);
}

/**
 * Whether the recovery before a firing report got lost. It begins after all that was heard of the open alert, or so much
 * later than that began that two peers cannot mean the same occurrence. A source that names an end fires until then, so
 * a start before it is that of a peer, however late the peer saw it begin.
 */
export function isNewOccurrence(open: Alert, report: AlertReport): boolean {
  const { startedAt = 0 } = report;
  if (startedAt <= Math.max(open.startedAt, open.expiresAt)) return false;
  const lastHeard = open.reportedAt === 0 ? open.heardAt : open.reportedAt;
  const isFarOff = open.startedAt !== 0 && startedAt - open.startedAt > peerSkewMs;
  return startedAt > lastHeard || isFarOff;
}

function senderTime(report: AlertReport): number {
  return report.isSenderTime === true ? report.eventTime : 0;
}

function isBegunBefore(open: Alert, { startedAt = 0 }: AlertReport): boolean {
  return startedAt !== 0 && startedAt < open.startedAt;
}

/** It recovered only because its source was not heard in time; when the source tells of it again, it still fires. */
function hasRunOut(last: Alert): boolean {
  return last.expiresAt !== 0 && last.endTime === last.expiresAt;
}

/** The report names the start of an occurrence that has ended: that very one, or one before the last word of it. */
function hasEnded(last: Alert, { startedAt = 0 }: AlertReport): boolean {
  return startedAt !== 0 && startedAt <= Math.max(last.startedAt, last.reportedAt);
}

/** Prometheus repeats a recovery for 15 minutes, also while its peer says that the alert fires on. */
function isSameRecovery(last: Alert, report: AlertReport): boolean {
  const isRecovery = report.status === 'Ok' && report.startedAt !== undefined;
  return isRecovery && last.status === 'Ok' && senderTime(report) !== 0 && senderTime(report) === last.reportedAt;
}

/**
 * A source that names an end looks again all the time. When it still says that it fires after the time that peers may be
 * apart, it is no late peer.
 */
function firesOn(last: Alert, report: AlertReport, now: number): boolean {
  return report.expiresAt !== undefined && now - last.closeTime > peerSkewMs;
}
