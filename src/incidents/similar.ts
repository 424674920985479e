import type { Incident } from './incident.ts';

/** Below this an incident is no help to who works on the other one. */
const scoreMin = 0.3;

/**
 * How alike two incidents are, 0 to 1 (contract 6.2, `score`): the words of their titles and their labels, each as the
 * share of what both have in what either has. Where neither has labels the titles decide alone.
 */
export function similarity(one: Incident, other: Incident): number {
  const titles = shared(wordsOf(one.title), wordsOf(other.title));
  const [labels, otherLabels] = [pairsOf(one.labels), pairsOf(other.labels)];
  if (labels.size === 0 && otherLabels.size === 0) return titles;
  return (titles + shared(labels, otherLabels)) / 2;
}

export interface Similar {
  readonly incident: Incident;
  readonly score: number;
}

/** The most alike first; of those that are equally alike the newest. */
export function mostSimilar(incident: Incident, others: readonly Incident[], limit: number): Similar[] {
  return others
    .filter((other) => other.incidentId !== incident.incidentId)
    .map((other) => ({ incident: other, score: similarity(incident, other) }))
    .filter(({ score }) => score >= scoreMin)
    .sort((a, b) => b.score - a.score || b.incident.startTime - a.incident.startTime)
    .slice(0, limit);
}

function shared(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const union = one.union(other).size;
  return union === 0 ? 0 : one.intersection(other).size / union;
}

function wordsOf(title: string): Set<string> {
  return new Set(title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [title]);
}

function pairsOf(labels: Readonly<Record<string, string>>): Set<string> {
  return new Set(Object.entries(labels).map((pair) => JSON.stringify(pair)));
}
