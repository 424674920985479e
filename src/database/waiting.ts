import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import type { DatabaseLogger } from './slow-statements.ts';

const retryFirstMs = 100;
const retryMaxMs = 2_000;
/** The interval of log lines while the database is awaited. */
const logEveryMs = 60_000;

/** How to wait, at the start, for a database that cannot be used yet. */
export interface StartPatience {
  /** Ends it; the start then fails with the signal's reason. */
  readonly stop: AbortSignal;
  /** Called after each try with the reason of its failure, `undefined` on success. */
  readonly report: (why: string | undefined) => void;
}

export interface WaitOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: DatabaseLogger;
  /** Without it, the first failure ends the start. */
  readonly waiting?: StartPatience | undefined;
}

/**
 * Tries until it succeeds, with longer and longer pauses.
 * @param judge tells what to throw, and whether it may pass without a new start.
 * @throws the failure when it does not pass, or there is no `waiting`; the reason of `waiting.stop` once that is given.
 */
export async function retryWhile<Result>(
  options: WaitOptions,
  work: () => Promise<Result>,
  judge: (error: unknown) => { readonly failure: Error; readonly passes: boolean },
): Promise<Result> {
  const { timers, waiting } = options;
  const log = logOfTries(options);
  waiting?.stop.throwIfAborted();
  for (let delayMs = retryFirstMs; ; delayMs = Math.min(delayMs * 2, retryMaxMs)) {
    try {
      const result = await work();
      waiting?.report(undefined);
      return result;
    } catch (error) {
      waiting?.stop.throwIfAborted();
      const { failure, passes } = judge(error);
      if (waiting === undefined || !passes) throw failure;
      waiting.report(failure.message);
      log(failure.message);
    }
    await pause(delayMs, timers, waiting.stop);
  }
}

/** Logs the first failed try, and then one per interval. */
function logOfTries({ clock, logger }: WaitOptions): (why: string) => void {
  const started = clock.monotonic();
  let nextMs = 0;
  return (why) => {
    const waitedMs = clock.monotonic() - started;
    if (waitedMs < nextMs) return;
    nextMs = waitedMs + logEveryMs;
    logger?.warn({ error: why, waited_ms: Math.round(waitedMs) }, 'database.awaited');
  };
}

/** @throws the signal's reason as soon as it is given. */
async function pause(delayMs: number, timers: Timers, stop: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = timers.after(delayMs, resolve);
  const end = () => reject(stop.reason as Error);
  stop.addEventListener('abort', end, { once: true });
  await promise.finally(() => {
    cancel();
    stop.removeEventListener('abort', end);
  });
}
