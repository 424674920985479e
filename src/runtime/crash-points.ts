/** Named places where a test may kill or pause the process. */
export type CrashPoint =
  | 'fanout.before-insert'
  | 'fanout.before-commit'
  | 'claim.before-commit'
  | 'send.after-claim'
  | 'send.before-connect'
  | 'send.before-write'
  | 'send.after-response'
  | 'settle.before-commit'
  | 'recover.mid'
  | 'replay.before-commit';

/** The same in a command, where no service runs. */
export type CommandCrashPoint = 'rotate.before' | 'rotate.page' | 'rotate.sealed';

/** Marks that the process is at a point; does nothing outside tests. */
export type CrashPoints = (point: CrashPoint) => void;

export const noCrashPoints = (_point: CrashPoint | CommandCrashPoint): void => {};

/**
 * Kills the process as `kill -9` would, or pauses it like a suspended machine, on the n-th pass of a point.
 * @param plan `point:n`, or `point:n:stop` to pause; several with commas; n is 1 when absent.
 */
export function crashPoints(plan: string): typeof noCrashPoints {
  const planned = new Map(
    plan.split(',').map((item): [string, { left: number; readonly signal: NodeJS.Signals }] => {
      const [point = '', pass = '1', how = 'kill'] = item.trim().split(':');
      return [point, { left: Number(pass), signal: how === 'stop' ? 'SIGSTOP' : 'SIGKILL' }];
    }),
  );
  return (point) => {
    const one = planned.get(point);
    if (one === undefined) return;
    one.left -= 1;
    if (one.left > 0) return;
    planned.delete(point);
    process.kill(process.pid, one.signal);
  };
}
