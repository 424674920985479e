import type { Clock } from './clock.ts';

/** The share of its time that background work takes while the process is idle, and while it is busy. */
const share = { idle: 1 / 3, busy: 1 / 20 };
/** The process is busy while it uses more of one processor than this. */
const busyFrom = 0.5;

/** Gives work in the background a pace that leaves the machine to the rest of the process. */
export class BackgroundPace {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #cpuMs: () => number;
  #rested: CpuReading;
  #started = 0;
  #isBusy = false;

  /** @param cpuMs gives the processor time of the process so far. */
  constructor(clock: Pick<Clock, 'monotonic'>, cpuMs: () => number = processCpuMs) {
    this.#clock = clock;
    this.#cpuMs = cpuMs;
    this.#rested = this.#now();
  }

  /** A pause has ended, and one piece of the work begins. */
  begin(): void {
    const { at, cpuMs } = this.#now();
    this.#started = at;
    this.#isBusy = cpuMs - this.#rested.cpuMs > busyFrom * (at - this.#rested.at);
  }

  /** The piece is done. @returns how long to pause, in milliseconds, where more is to be done. */
  end(): number {
    this.#rested = this.#now();
    const workedMs = this.#rested.at - this.#started;
    return workedMs / (this.#isBusy ? share.busy : share.idle) - workedMs;
  }

  #now(): CpuReading {
    return { at: this.#clock.monotonic(), cpuMs: this.#cpuMs() };
  }
}

interface CpuReading {
  readonly at: number;
  readonly cpuMs: number;
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
