import { plainTitle } from '../alerts/distinct-title.ts';
import type { Incident } from './incident.ts';

/** Less similar incidents do not help. */
const scoreMin = 0.3;

/**
 * The similarity of two incidents, 0 to 1 (contract 6.2, `score`): the shared part of the words of their titles and of
 * their labels. Without labels the titles decide alone.
 */
export function similarity(one: Incident, other: Incident): number {
  const titles = shared(wordsOf(one), wordsOf(other));
  const [labels, otherLabels] = [pairsOf(one.labels), pairsOf(other.labels)];
  if (labels.size === 0 && otherLabels.size === 0) return titles;
  return (titles + shared(labels, otherLabels)) / 2;
}

export interface Similar {
  readonly incident: Incident;
  readonly score: number;
}

/**
 * The most similar first; of equals the newest.
 * @param best those of others that were looked at before.
 */
export function mostSimilar(
  incident: Incident,
  others: readonly Incident[],
  limit: number,
  best: readonly Similar[] = [],
): Similar[] {
  const found = others
    .filter((other) => other.incidentId !== incident.incidentId)
    .map((other) => ({ incident: other, score: similarity(incident, other) }))
    .filter(({ score }) => score >= scoreMin);
  return [...best, ...found]
    .sort((a, b) => b.score - a.score || b.incident.startTime - a.incident.startTime)
    .slice(0, limit);
}

function shared(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const union = one.union(other).size;
  return union === 0 ? 0 : one.intersection(other).size / union;
}

function wordsOf(incident: Incident): Set<string> {
  const title = plainTitle(incident.title, incident.labels);
  return new Set(title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [title]);
}

function pairsOf(labels: Readonly<Record<string, string>>): Set<string> {
  return new Set(Object.entries(labels).map((pair) => JSON.stringify(pair)));
}
