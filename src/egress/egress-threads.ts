import { Worker } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import { boundedLookup, type NameService } from './dns-resolver.ts';
import { EgressThread, type Lost, type ThreadEnd } from './egress-thread.ts';
import { idleConnectionsMax, type HttpClient } from './http-client.ts';
import type { Outgoing } from './http-exchange.ts';
import { reportUnsent, threadEnded, type Report } from './report.ts';
import { sharedMemory, type EgressSettings, type ThreadData } from './thread-messages.ts';

export interface EgressThreadsParts {
  /** 1 or more. */
  readonly count: number;
  readonly settings: EgressSettings;
  readonly crashPlan: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Other than the usual ones. */
  readonly start?: ((data: ThreadData) => Worker) | undefined;
  readonly lookup?: NameService['lookup'] | undefined;
}

const lookMs = 100;
/** A thread that ended sooner after its start gets a successor only after a pause. */
const youngMs = 1_000;
const pauseMs = 250;

/** Objects of a request live briefly. By default Node would let them grow to 96 MB before it looks which are in use. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

function startWorker(workerData: ThreadData): Worker {
  return new Worker(new URL('./egress-worker.ts', import.meta.url), { workerData, resourceLimits });
}

const ends: readonly ThreadEnd[] = ['ended', 'hung'];

/**
 * Makes requests in threads, in place of the event loop. All requests to an origin go to one of them, so that they share its
 * connections. A thread that ends or hangs gets a successor; what it had in hand gets a report that says how far it may have come.
 */
export function createEgressThreads(parts: EgressThreadsParts): HttpClient {
  const { count, metrics } = parts;
  const { lookup = boundedLookup() } = parts;
  const restarts = metrics.counterBy(
    'tocsin_egress_thread_restarts_total',
    'Threads that ended or hung, and were replaced.',
    'reason',
    ends,
  );
  const lost = metrics.counterBy(
    'tocsin_egress_thread_requests_lost_total',
    'Requests that a thread had in hand when it was replaced, by how far they may have come.',
    'state',
    ['waiting', 'dialling', 'begun'],
  );
  const report = (why: ThreadEnd, error: Error | undefined, had: Lost) => {
    restarts.add(why);
    for (const state of ['waiting', 'dialling', 'begun'] as const) lost.add(state, had[state]);
    parts.logger.error({ why, error, ...had }, 'egress.thread_replaced');
  };
  const places = Array.from({ length: count }, () => new ThreadPlace(parts, lookup, report));
  metrics.gauge(
    'tocsin_egress_threads',
    'Threads that make requests.',
    () => places.filter((place) => place.runs).length,
  );
  const numbers = new WeakMap<Outgoing['target'], number>();
  return {
    start() {
      for (const place of places) place.start();
    },
    send(outgoing) {
      const { target } = outgoing;
      let number = numbers.get(target);
      if (number === undefined) numbers.set(target, (number = numberOf(target.origin, count)));
      return new Promise((resolve) => places[number]?.send(outgoing, resolve));
    },
    close() {
      for (const place of places) place.close();
    },
  };
}

/** The same for the same text. */
function numberOf(origin: string, count: number): number {
  let sum = 0;
  for (let index = 0; index < origin.length; index += 1) sum = (sum * 31 + origin.charCodeAt(index)) >>> 0;
  return sum % count;
}

/** Where one thread follows another. */
class ThreadPlace {
  readonly #parts: EgressThreadsParts;
  readonly #lookup: NameService['lookup'];
  readonly #lost: (why: ThreadEnd, error: Error | undefined, had: Lost) => void;
  #thread: EgressThread | undefined;
  #startedAt = 0;
  #isClosed = false;
  #cancelLook: Cancel = () => {};
  #cancelStart: Cancel | undefined;

  constructor(
    parts: EgressThreadsParts,
    lookup: NameService['lookup'],
    lost: (why: ThreadEnd, error: Error | undefined, had: Lost) => void,
  ) {
    this.#parts = parts;
    this.#lookup = lookup;
    this.#lost = lost;
  }

  get runs(): boolean {
    return this.#thread !== undefined;
  }

  start(): void {
    if (this.#thread !== undefined || this.#cancelStart !== undefined || this.#isClosed) return;
    const { clock, timers, settings, crashPlan, count, start = startWorker } = this.#parts;
    const shared = sharedMemory();
    this.#startedAt = clock.monotonic();
    const worker = start({
      settings,
      idleConnectionsMax: Math.ceil(idleConnectionsMax / count),
      crashPlan,
      shared,
    });
    let end: [ThreadEnd, Error | undefined] | undefined;
    const thread: EgressThread = new EgressThread(
      { worker, shared, timers, lookup: this.#lookup },
      {
        left: (why, error) => {
          end = [why, error];
          this.#left(thread);
        },
        settled: (had) => {
          if (end !== undefined && !this.#isClosed) this.#lost(...end, had);
        },
      },
    );
    this.#thread = thread;
    this.#look();
  }

  send(outgoing: Outgoing, report: (report: Report) => void): void {
    this.start();
    if (this.#thread?.give(outgoing, report) === true) return;
    // Its claim is given back, and what is claimed next waits for a moment.
    report(reportUnsent({ kind: 'error', code: threadEnded, message: 'no thread can take it' }));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelStart?.();
    if (this.#thread === undefined) this.#cancelLook();
    else this.#thread.close();
  }

  /** Also while it closes: a thread that hangs would keep its requests. */
  #look(): void {
    this.#cancelLook = this.#parts.timers.after(lookMs, () => {
      this.#thread?.look();
      if (this.#thread !== undefined) this.#look();
    });
  }

  #left(thread: EgressThread): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#cancelLook();
    if (this.#isClosed) return;
    const { clock, timers } = this.#parts;
    if (clock.monotonic() - this.#startedAt >= youngMs) return this.start();
    this.#cancelStart = timers.after(pauseMs, () => {
      this.#cancelStart = undefined;
      this.start();
    });
  }
}
