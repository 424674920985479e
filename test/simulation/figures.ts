import type { Counts, Report } from './run.ts';

/** All runs together. */
export function totalsOf(reports: readonly Report[]): Counts {
  const totals: Record<string, number> = {};
  for (const { counts } of reports) {
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
  }
  return totals as Counts;
}

const lineMaxChars = 400;

/** What was violated, what happened before, and how to see it again. */
export function failureOf({ seed, violation, lastLines }: Report): string {
  const lines = lastLines.map((line) => `  ${line.slice(0, lineMaxChars)}`);
  const head = `seed ${seed} violates ${violation?.id}: ${violation?.message}`;
  return [head, ...lines, `npm run simulate -- --seed ${seed}`].join('\n');
}
