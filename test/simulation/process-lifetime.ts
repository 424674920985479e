import type { Clock } from '../../src/runtime/clock.ts';
import type { CrashPoint, CrashPoints } from '../../src/runtime/crash-points.ts';
import type { Ids } from '../../src/runtime/ids.ts';
import type { Metrics } from '../../src/runtime/metrics.ts';
import { delayMaxMs, type Cancel, type Timers } from '../../src/runtime/timers.ts';
import type { Chance } from './chance.ts';
import type { Kernel } from './kernel.ts';

/** The wall clock of the machine, which survives the service and may be set. */
export class WallClock {
  readonly #kernel: Kernel;
  #offset: number;

  constructor(kernel: Kernel, start: number) {
    this.#kernel = kernel;
    this.#offset = start;
  }

  now(): number {
    return Math.floor(this.#offset + this.#kernel.now);
  }

  step(milliseconds: number): void {
    this.#offset += milliseconds;
  }
}

/** What a life hears of the run's intentions. */
export interface FaultPlan {
  /** It is at a point where it may be killed or stand still. */
  passes(life: ProcessLifetime, point: CrashPoint): void;
  /** Timers run late by this much, milliseconds. */
  lateness(): number;
}

/** The ports of one life of the service's process. When it is dead, nothing of it does anything any more. */
export class ProcessLifetime {
  readonly number: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly at: CrashPoints;
  readonly gauges = new Map<string, () => number>();
  alive = true;
  pendingTimers = 0;
  timersMost = 0;

  constructor(number: number, kernel: Kernel, wall: WallClock, fate: FaultPlan) {
    this.number = number;
    this.clock = { now: () => wall.now(), monotonic: () => kernel.now };
    const schedule = (delayMs: number, work: () => void): Cancel => {
      if (!this.alive) return () => {};
      let waits = true;
      const done = () => {
        if (waits) this.pendingTimers -= 1;
        waits = false;
      };
      this.pendingTimers += 1;
      this.timersMost = Math.max(this.timersMost, this.pendingTimers);
      const cancel = kernel.after(delayMs, 'timer', () => {
        done();
        if (this.alive) work();
      });
      return () => {
        done();
        cancel();
      };
    };
    this.timers = {
      after(delayMs, work) {
        if (Number.isNaN(delayMs)) throw new TypeError('a timer needs a number of milliseconds');
        return schedule(Math.min(Math.max(delayMs, 0), delayMaxMs) + fate.lateness(), work);
      },
      soon: (work) => schedule(0, work),
    };
    this.at = (point) => {
      if (this.alive) fate.passes(this, point);
    };
  }

  /** Numbers of the running service, as far as the run looks at them. */
  metrics(): Metrics {
    return {
      counter: () => ({ add() {} }),
      counterBy: () => ({ add() {} }),
      histogram: () => ({ observe() {} }),
      gauge: (name, _help, read) => void this.gauges.set(name, read),
      counterOf: () => ({ add() {} }),
      gaugeBy() {},
      countedBy() {},
      info() {},
      addProcess() {},
      text: () => Promise.resolve(''),
      contentType: 'text/plain',
    };
  }

  gauge(name: string): number {
    return this.gauges.get(name)?.() ?? 0;
  }
}

const base57 = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Identifiers of the service's shapes: rising with time, and by chance otherwise. */
export function simulatedIds(clock: Clock, chance: Chance): Ids {
  let counter = 0;
  const next = () => (counter += 1);
  const random = (length: number, alphabet: string) => {
    let text = '';
    while (text.length < length) text += alphabet.charAt(chance.below(alphabet.length));
    return text;
  };
  const rising = () => `${clock.now().toString(16).padStart(12, '0')}${next().toString(16).padStart(8, '0')}`;
  const short = () => random(22, base57);
  return {
    object() {
      const seconds = Math.floor(clock.now() / 1000);
      return (
        seconds.toString(16).padStart(8, '0') + random(10, '0123456789abcdef') + next().toString(16).padStart(6, '0')
      );
    },
    event: () => rising() + random(12, '0123456789abcdef'),
    record: () =>
      `${new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '')}${rising()}${random(2, base57)}`,
    short,
    number: () => 10_000_000_000_000 + chance.u32() * 1000 + chance.below(1000),
  };
}
