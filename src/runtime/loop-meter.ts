import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Cancel, Timers } from './timers.ts';
import { workChannel } from './work.ts';

/** The meter looks at the loop this often: a shorter pause is not seen, and a longer one is measured too short by less than this. */
export const beatMs = 10;

/** The metric is the longest pause of this time; it is kept in slots, so it looks back up to one slot further. */
export const windowMs = 60_000;
const slotMs = 10_000;

/** A pause of the event loop: nothing else of the process could go on meanwhile. */
export interface LoopPause {
  readonly ms: number;
  /** The processor time of the loop's own thread in it. Much less than `ms` = the machine was busy, or the process stopped. */
  readonly cpuMs: number;
  /** What ran for the longest part of it, by the name that it goes by; '' = nothing that has one. */
  readonly ran: string;
  /** How long that was, garbage collection included. */
  readonly ranMs: number;
}

export interface LoopMeterParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** The processor time that this thread has used, in milliseconds. */
  readonly cpuMs: () => number;
}

/** Measures how long the event loop did not get to its timers, and knows what ran then. */
export class LoopMeter {
  readonly #parts: LoopMeterParts;
  readonly #paused: (pause: LoopPause) => void;
  readonly #slots: { readonly slot: number; ms: number }[] = [];
  readonly #hear = (name: unknown) => this.#mark(String(name));
  #cancel: Cancel = () => {};
  #beatAt = 0;
  #cpuAt = 0;
  #running = '';
  #since = 0;
  #longest = { ran: '', ranMs: 0 };

  /** @param paused hears of every pause, of a millisecond or more. */
  constructor(parts: LoopMeterParts, paused: (pause: LoopPause) => void) {
    this.#parts = parts;
    this.#paused = paused;
  }

  start(): void {
    workChannel.subscribe(this.#hear);
    this.#begin();
  }

  stop(): void {
    workChannel.unsubscribe(this.#hear);
    this.#cancel();
  }

  /** The longest pause within the window, in milliseconds. */
  longestMs(): number {
    const first = this.#slot() - windowMs / slotMs;
    return Math.max(0, ...this.#slots.filter(({ slot }) => slot >= first).map(({ ms }) => ms));
  }

  #begin(): void {
    const now = this.#parts.clock.monotonic();
    this.#beatAt = now;
    this.#cpuAt = this.#parts.cpuMs();
    this.#running = '';
    this.#since = now;
    this.#longest = { ran: '', ranMs: 0 };
    this.#cancel = this.#parts.timers.after(beatMs, () => this.#beat());
  }

  #beat(): void {
    const ms = this.#parts.clock.monotonic() - this.#beatAt - beatMs;
    if (ms >= 1) {
      this.#mark('');
      this.#keep(ms);
      this.#paused({ ms, cpuMs: this.#parts.cpuMs() - this.#cpuAt, ...this.#longest });
    }
    this.#begin();
  }

  /** Ends the time of what ran before. */
  #mark(name: string): void {
    const now = this.#parts.clock.monotonic();
    const ranMs = now - this.#since;
    if (ranMs > this.#longest.ranMs) this.#longest = { ran: this.#running, ranMs };
    this.#running = name;
    this.#since = now;
  }

  #keep(ms: number): void {
    const slot = this.#slot();
    const last = this.#slots.at(-1);
    if (last?.slot === slot) last.ms = Math.max(last.ms, ms);
    else this.#slots.push({ slot, ms });
    if (this.#slots.length > windowMs / slotMs + 1) this.#slots.shift();
  }

  #slot(): number {
    return Math.floor(this.#parts.clock.monotonic() / slotMs);
  }
}

/** The processor time of this thread. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** A pause of this length is a line in the log. */
const loggedPauseMs = 250;

/** Measures this process: shows the longest pause as a metric, and logs each long one. */
export function startLoopMeter(ports: Omit<LoopMeterParts, 'cpuMs'>, metrics: Metrics, logger: Logger): LoopMeter {
  const meter = new LoopMeter({ ...ports, cpuMs: threadCpuMs }, ({ ms, cpuMs, ran, ranMs }) => {
    if (ms < loggedPauseMs) return;
    const fields = { pause_ms: Math.round(ms), cpu_ms: Math.round(cpuMs), ran, ran_ms: Math.round(ranMs) };
    logger.warn(fields, 'event_loop.paused');
  });
  metrics.gauge(
    'tocsin_event_loop_pause_seconds',
    'the longest time of the last minute in which the event loop did nothing else',
    () => meter.longestMs() / 1000,
  );
  meter.start();
  return meter;
}
