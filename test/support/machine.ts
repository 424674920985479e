import { availableParallelism, loadavg } from 'node:os';

/** How many times longer things take because others want the processors too; 1 on a machine with room. */
export function shareOfMachine(): number {
  return Math.max(1, (loadavg()[0] ?? 1) / availableParallelism());
}
