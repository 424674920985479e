import type { Alert } from '../alerts/alert.ts';
import {
  inhibitingRules,
  isInhibitedBy,
  silencing,
  sourceActiveMs,
  type NoiseDirectory,
  type NoiseRule,
} from '../channels/noise-rule.ts';
import type { ChangeSet } from '../incidents/change-set.ts';

/** Why an alert is kept from people, and what its timeline says of it (contract 4.10, 6.6). */
export interface Mute {
  /** The alert is not kept at all. */
  readonly discards: boolean;
  readonly type: 'a_m_silence' | 'a_m_inhibit';
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Alerts of a channel that are asked whether they inhibit another, those that changed last first. */
const sourcesMax = 1000;

/** Silence rules are asked before inhibit rules, since they need no other alert. */
export async function muteOf(set: ChangeSet, alert: Alert, noise: NoiseDirectory): Promise<Mute | undefined> {
  const silence = silencing(noise.of(alert.channelId, 'silence'), alert, set.now);
  if (silence !== undefined) return mute('a_m_silence', silence, {});
  for (const rule of inhibitingRules(noise.of(alert.channelId, 'inhibit'), alert)) {
    const active = await set.listActiveAlerts(alert.channelId, set.now - sourceActiveMs, sourcesMax);
    const source = active.find((one) => one.alertId !== alert.alertId && isInhibitedBy(rule, alert, one));
    if (source === undefined) continue;
    return mute('a_m_inhibit', rule, { source_alert_id: source.alertId, source_alert_title: source.title });
  }
  return undefined;
}

function mute(type: Mute['type'], rule: NoiseRule<'silence' | 'inhibit'>, more: Record<string, unknown>): Mute {
  return { discards: rule.spec.discards, type, detail: { rule_id: rule.ruleId, rule_name: rule.name, ...more } };
}
