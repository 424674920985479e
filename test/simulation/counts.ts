/** How much happened in a run. */
export type Counts = typeof noCounts;

export const noCounts = {
  steps: 0,
  virtualSeconds: 0,
  operations: 0,
  acknowledged: 0,
  events: 0,
  deliveries: 0,
  commits: 0,
  requests: 0,
  attempts: 0,
  delivered: 0,
  unknown: 0,
  forgotten: 0,
  faults: 0,
  starts: 0,
  crashes: 0,
  crashedAtPoint: 0,
  froze: 0,
  clockSteps: 0,
  lacks: 0,
};

/** All of them together. */
export function sumOf(all: readonly Counts[]): Counts {
  const sum = { ...noCounts };
  for (const counts of all) {
    for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name];
  }
  return sum;
}
