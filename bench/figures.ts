/** Of an unsorted list; NaN of an empty one. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Round by round, so that what the machine did in a round concerns both. */
export function ratios(values: readonly number[], to: readonly number[]): number[] {
  return values.flatMap((value, round) => {
    const base = to[round];
    return base === undefined || base === 0 ? [] : [value / base];
  });
}

export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : '–';
}

export function fixed(value: number, digits = 2): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–';
}

/** The least and the most of the rounds. */
export function spread(values: readonly number[], show: (value: number) => string): string {
  return values.length < 2 ? '' : `${show(Math.min(...values))} to ${show(Math.max(...values))}`;
}
