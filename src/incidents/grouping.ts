import { createHash } from 'node:crypto';
import type { Alert } from '../alerts/alert.ts';
import type { ChannelGroup } from '../channels/channel.ts';

/**
 * A digest for each set of attributes that the alert has a say in. Two alerts that share a digest are alike, so that
 * finding an alert's incident is a look-up and not a comparison with each open one.
 */
export function groupingDigests(rule: ChannelGroup, alert: Alert): string[] {
  if (rule.method !== 'p') return [];
  const digests = rule.equals.flatMap((keys) => {
    const names = [...new Set(keys)].sort();
    const values = names.map((key) => attribute(alert, key));
    if (names.length === 0 || (rule.allEqualsRequired && values.includes(''))) return [];
    return [
      createHash('md5')
        .update(JSON.stringify([names, values]))
        .digest('hex'),
    ];
  });
  return [...new Set(digests)];
}

/** Until when alerts may join an incident that was triggered, or last joined, at `from`. */
export function windowEnd(rule: ChannelGroup, from: number): number {
  return rule.timeWindowMinutes === 0 ? 0 : from + rule.timeWindowMinutes * 60_000;
}

function attribute(alert: Alert, key: string): string {
  if (key === 'title') return alert.title;
  if (key === 'description') return alert.description;
  if (key === 'severity') return alert.severity;
  const label = key.startsWith('labels.') ? key.slice('labels.'.length) : '';
  return Object.hasOwn(alert.labels, label) ? (alert.labels[label] ?? '') : '';
}
