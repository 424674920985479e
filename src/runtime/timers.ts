/** Cancels scheduled work; harmless when it has run. */
export type Cancel = () => void;

export interface Timers {
  /** Runs `work` once after `delayMs`, which is clamped to 0 … {@link delayMaxMs}. */
  after(delayMs: number, work: () => void): Cancel;
  /** Runs `work` once, after everything that is ready in this turn of the loop. */
  soon(work: () => void): Cancel;
}

/**
 * Node fires a timer of 2^31 ms or of NaN after 1 ms. So one hour is the longest, and due times live in the database.
 */
export const delayMaxMs = 3_600_000;

export const systemTimers: Timers = {
  after(delayMs, work) {
    if (Number.isNaN(delayMs)) throw new TypeError('a timer needs a number of milliseconds');
    const handle = setTimeout(work, Math.min(Math.max(delayMs, 0), delayMaxMs));
    return () => clearTimeout(handle);
  },
  soon(work) {
    const handle = setImmediate(work);
    return () => clearImmediate(handle);
  },
};

/** Resolves after this time, whether or not the work has ended. */
export async function atMost(timers: Timers, milliseconds: number, work: Promise<void>): Promise<void> {
  let cancel: Cancel = () => {};
  const enough = new Promise<void>((resolve) => (cancel = timers.after(milliseconds, resolve)));
  await Promise.race([work, enough]).finally(() => cancel());
}
