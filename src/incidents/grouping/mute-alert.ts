import { shownTitle, type Alert } from '../../alerts/alert.ts';
import {
  endOfSilence,
  inhibitingRules,
  isInhibitedBy,
  silencing,
  type NoiseDirectory,
  type NoiseRule,
} from '../../channels/noise-rule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** The rule that mutes an alert, with its timeline entry (contract 4.10, 6.6). */
export interface Mute {
  /** The alert is not stored at all. */
  readonly discards: boolean;
  readonly type: 'a_m_silence' | 'a_m_inhibit';
  readonly ruleName: string;
  /** When to judge the alert again; 0 = when its source closes, or a rule changes. */
  readonly until: number;
  /** The alert that inhibits it, '' = none. */
  readonly sourceId: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Alerts of a channel that are tried as sources, newest first. */
const sourcesMax = 1000;

/** Silence rules come before inhibit rules, because they need no other alert. */
export async function muteOf(set: UnitOfWork, alert: Alert, noise: NoiseDirectory): Promise<Mute | undefined> {
  const silence = silencing(noise.of(alert.channelId, 'silence'), alert, set.now);
  if (silence !== undefined) return { ...mute('a_m_silence', silence, {}), until: endOfSilence(silence.spec, set.now) };
  for (const rule of inhibitingRules(noise.of(alert.channelId, 'inhibit'), alert)) {
    const active = await set.listActiveAlerts(alert.channelId, sourcesMax);
    const source = active.find((one) => one.alertId !== alert.alertId && isInhibitedBy(rule, alert, one));
    if (source === undefined) continue;
    const named = { source_alert_id: source.alertId, source_alert_title: shownTitle(source) };
    return { ...mute('a_m_inhibit', rule, named), sourceId: source.alertId };
  }
  return undefined;
}

/** The muted alert. */
export function muted(alert: Alert, { until, sourceId }: Mute): Alert {
  return { ...alert, everMuted: true, mutedUntil: until, mutedBy: sourceId };
}

function mute(type: Mute['type'], rule: NoiseRule<'silence' | 'inhibit'>, more: Record<string, unknown>): Mute {
  const detail = { rule_id: rule.ruleId, rule_name: rule.name, ...more };
  return { discards: rule.spec.discards, type, ruleName: rule.name, until: 0, sourceId: '', detail };
}
