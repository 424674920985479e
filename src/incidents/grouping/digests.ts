import { createHash } from 'node:crypto';
import type { ChannelGroup } from '../../channels/channel.ts';
import { factOf, matchesAll, type Facts } from '../../filters/matcher.ts';

/**
 * A digest per set of keys that the alert has. Alerts that share a digest are alike, so finding an alert's incident is
 * a look-up and not a comparison with each open one. Under the method `i` all share one digest, which only selects the
 * candidates.
 */
export function groupingDigests(rule: ChannelGroup, alert: Facts): string[] {
  if (rule.method === 'i') return [comparedDigest];
  if (rule.method === 'n') return [];
  const digests = equalsFor(rule, alert).flatMap((keys) => {
    const names = [...new Set(keys)].sort();
    const values = names.map((key) => factOf(alert, key) ?? '');
    if (names.length === 0 || (rule.allEqualsRequired && values.includes(''))) return [];
    return [
      createHash('md5')
        .update(JSON.stringify([names, values]))
        .digest('hex'),
    ];
  });
  return [...new Set(digests)];
}

/** The digest of incidents whose alerts are compared one by one. */
export const comparedDigest = 'i';

/** The end of grouping for an incident that was triggered, or last joined, at `from`. */
export function windowEnd(rule: ChannelGroup, from: number): number {
  return rule.timeWindowMinutes === 0 ? 0 : from + rule.timeWindowMinutes * 60_000;
}

/** The first matching case decides alone; without one, the channel's sets do (contract 4.4). */
function equalsFor(rule: ChannelGroup, alert: Facts): readonly (readonly string[])[] {
  const decisive = rule.cases.find((one) => matchesAll(one.if, alert));
  return decisive === undefined ? rule.equals : [decisive.equals];
}
