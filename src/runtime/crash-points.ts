/** Named places where a test may kill the process. */
export type CrashPoint =
  | 'fanout.before-insert'
  | 'claim.before-commit'
  | 'send.after-claim'
  | 'send.before-connect'
  | 'send.before-write'
  | 'send.after-response'
  | 'settle.before-commit'
  | 'recover.mid';

/** Says that the process is at a point; does nothing outside tests. */
export type CrashPoints = (point: CrashPoint) => void;

export const noCrashPoints: CrashPoints = () => {};

/**
 * Kills the process as `kill -9` would, on the n-th pass of a point.
 * @param plan `point:n`, several parted by commas; n is 1 when left out.
 */
export function crashPoints(plan: string): CrashPoints {
  const passesLeft = new Map(
    plan.split(',').map((item): [string, number] => {
      const [point = '', pass = '1'] = item.trim().split(':');
      return [point, Number(pass)];
    }),
  );
  return (point) => {
    const left = passesLeft.get(point);
    if (left === undefined) return;
    if (left <= 1) process.kill(process.pid, 'SIGKILL');
    passesLeft.set(point, left - 1);
  };
}
