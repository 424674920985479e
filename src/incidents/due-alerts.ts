import { expireAlert } from './alert-changes.ts';
import type { AssigningParts } from './escalation/assign.ts';
import { judgeMuted } from './grouping/judge-muted.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** After the start, a source gets this long to repeat its reports: it could not reach the service before. */
export const resendGraceMs = 120_000;

/**
 * Carries out the deadlines of these alerts under their locks: of several nodes that find the same ones, the first
 * acts. An alert that its source has not reported again in time recovers; a muted one is judged again.
 */
export async function judgeDueAlerts(
  parts: AssigningParts,
  set: UnitOfWork,
  alertIds: readonly string[],
  listensSince: number,
): Promise<void> {
  await set.loadAlerts(alertIds);
  const { channels, noise } = set.config;
  for await (const alertId of set.each(alertIds)) {
    const alert = set.alert(alertId);
    if (alert?.progress !== 'Triggered') continue;
    const channel = channels.find(alert.channelId);
    const isLate = alert.expiresAt !== 0 && alert.expiresAt <= set.now;
    if (isLate && listensSince + resendGraceMs <= set.now) expireAlert(set, alert, channel);
    else if (alert.mutedUntil !== 0 && alert.mutedUntil <= set.now) {
      await judgeMuted(parts, set, alertId, channel, noise);
    }
  }
}
