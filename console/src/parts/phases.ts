/** The phases of a request, as bars. Pure. */

export const phaseNames = ['dns', 'connect', 'tls', 'wait', 'body'] as const;
export type PhaseName = (typeof phaseNames)[number];

export interface Phase {
  readonly name: PhaseName;
  readonly ms: number;
  /** Of the whole, 0 to 1. */
  readonly startShare: number;
  readonly share: number;
}

/** A bar that is thinner cannot be seen. */
const leastShare = 0.004;

/** Phases follow one another; those that were not reached are absent. */
export function phasesOf(timing: Readonly<Partial<Record<PhaseName, number | undefined>>>, totalMs: number): Phase[] {
  const reached = phaseNames.flatMap((name) => {
    const ms = timing[name];
    return ms === undefined ? [] : [{ name, ms }];
  });
  const whole = Math.max(
    totalMs,
    reached.reduce((sum, { ms }) => sum + ms, 0),
    0.001,
  );
  let begun = 0;
  return reached.map(({ name, ms }) => {
    const share = Math.max(ms / whole, leastShare);
    const startShare = Math.min(begun / whole, 1 - share);
    begun += ms;
    return { name, ms, startShare, share };
  });
}
