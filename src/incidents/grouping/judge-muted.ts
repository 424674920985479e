import { isMuted } from '../../alerts/alert.ts';
import type { Channel } from '../../channels/channel.ts';
import type { NoiseDirectory } from '../../channels/noise-rule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { AssigningParts } from '../escalation/assign.ts';
import { groupAlert } from './group-alert.ts';
import { muted, muteOf } from './mute-alert.ts';

/** A disabled channel opens no incidents; its muted alerts are judged again after this time. */
const disabledChannelMs = 60_000;

/**
 * A muted alert joins an incident when no rule mutes it any more, so that an alert that outlasts a maintenance is seen.
 * One that another rule or source mutes stays muted.
 */
export async function judgeMuted(
  parts: AssigningParts,
  set: UnitOfWork,
  alertId: string,
  channel: Channel | undefined,
  noise: NoiseDirectory,
): Promise<void> {
  const alert = set.alert(alertId);
  if (alert === undefined || !isMuted(alert)) return;
  if (channel?.status !== 'enabled') {
    set.putAlert({ ...alert, mutedUntil: channel === undefined ? 0 : set.now + disabledChannelMs });
    return;
  }
  const mute = await muteOf(set, alert, noise);
  if (mute === undefined) {
    await groupAlert(set, alert, channel.settings.group, parts);
    return;
  }
  const after = muted(alert, mute);
  if (after.mutedUntil !== alert.mutedUntil || after.mutedBy !== alert.mutedBy) set.putAlert(after);
}
