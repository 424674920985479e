import type { Worker } from 'node:worker_threads';
import type { Moment } from '../runtime/moment.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import type { NameService } from './dns-resolver.ts';
import type { Outgoing, Target } from './http-exchange.ts';
import { reportUnsent, threadEnded, type Report } from './report.ts';
import {
  beatsAt,
  given,
  HandedOver,
  reportOf,
  revoked,
  slotsMax,
  stateAt,
  taken,
  targetsKept,
  textsKept,
  type FromThread,
  type GivenRequest,
  type ToThread,
} from './thread-messages.ts';

/** Looks without a beat in between after which a thread hangs. A process that was paused as a whole looks no more often. */
export const looksMax = 6;
/** The same for a thread that starts. */
const startLooksMax = 100;
/** How long a thread that hangs may take to end, until its requests are settled without that. */
const endMaxMs = 250;

export type ThreadEnd = 'ended' | 'hung';

/** What a thread had in hand when it ended: not looked at, not begun to be written, begun. */
export interface Lost {
  readonly waiting: number;
  readonly dialling: number;
  readonly begun: number;
}

export interface EgressThreadEvents {
  /** It carries nothing more, and needs another in its place. @param error that it ended with. */
  left(why: ThreadEnd, error: Error | undefined): void;
  /** All that it had in hand has its report. */
  settled(lost: Lost): void;
}

export interface EgressThreadParts {
  readonly worker: Worker;
  readonly shared: SharedArrayBuffer;
  readonly timers: Timers;
  readonly lookup: NameService['lookup'];
}

/** The reports of what it had in hand. The first is the fault of this machine alone, so its claim is given back. */
const unsettled: Readonly<Record<keyof Lost, Report>> = {
  waiting: reportUnsent({ kind: 'error', code: threadEnded, message: 'the thread that was to send it ended' }),
  dialling: {
    ...reportUnsent({ kind: 'error', code: '', message: 'the thread that made it ended' }),
    phase: 'handover',
  },
  begun: {
    ...reportUnsent({ kind: 'error', code: '', message: 'the thread that carried it ended' }),
    phase: 'headers',
    maybeSent: true,
  },
};

interface InHand {
  readonly outgoing: Outgoing;
  /** As the thread knows it. */
  since: Moment | undefined;
  readonly report: (report: Report) => void;
}

/** One thread that makes requests, as the main thread sees it, from its start to its end. */
export class EgressThread {
  readonly #parts: EgressThreadParts;
  readonly #events: EgressThreadEvents;
  readonly #shared: Int32Array;
  readonly #inHand = new Map<number, InHand>();
  readonly #free: number[] = [];
  readonly #targets = new HandedOver<Target>(targetsKept);
  readonly #bodies = new HandedOver<string>(textsKept);
  #slotsUsed = 0;
  #batch: GivenRequest[] = [];
  #beats = 0;
  #looks = 0;
  #error: Error | undefined;
  #isClosing = false;
  #hasLeft = false;
  #isSettled = false;
  #cancelEnd: Cancel = () => {};

  constructor(parts: EgressThreadParts, events: EgressThreadEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#shared = new Int32Array(parts.shared);
    const { worker } = parts;
    worker.on('message', (message: FromThread) => this.#hear(message));
    worker.on('error', (error: Error) => (this.#error = error));
    worker.on('exit', () => {
      this.#leave('ended');
      this.#settle();
    });
    worker.unref();
  }

  /** @returns false when it has as many in hand as it may have. */
  give(outgoing: Outgoing, report: (report: Report) => void): boolean {
    const slot = this.#free.pop() ?? this.#slotsUsed;
    if (slot >= slotsMax) return false;
    if (slot === this.#slotsUsed) this.#slotsUsed += 1;
    const since = outgoing.window?.since;
    if (this.#inHand.size === 0) this.#parts.worker.ref();
    this.#inHand.set(slot, { outgoing, since, report });
    Atomics.store(this.#shared, stateAt(slot), given);
    const { target, body, window } = outgoing;
    const [targetPlace, isNewTarget] = this.#targets.place(target);
    const [bodyPlace, isNewBody] = this.#bodies.place(body);
    const request: GivenRequest = [
      slot,
      targetPlace,
      isNewTarget ? target : undefined,
      bodyPlace,
      isNewBody ? body : undefined,
      outgoing.headers,
      outgoing.timeoutMs,
      outgoing.method === 'GET',
      outgoing.atMostOnce === true,
      window && [window.since, window.ms],
    ];
    if (this.#batch.push(request) === 1) process.nextTick(() => this.#handOver());
    return true;
  }

  /** Notices that it hangs, and tells it of renewed leases. */
  look(): void {
    if (this.#hasLeft) return;
    const beats = Atomics.load(this.#shared, beatsAt);
    this.#looks = beats === this.#beats ? this.#looks + 1 : 0;
    this.#beats = beats;
    if (this.#looks >= (beats === 0 ? startLooksMax : looksMax)) return this.#endHung();
    this.#renew();
  }

  /** Ends all connections and the requests on them, and then the thread. */
  close(): void {
    this.#isClosing = true;
    this.#post({ close: true });
    this.#endIfIdle();
  }

  /** All that was given in one piece of work goes in one message. */
  #handOver(): void {
    const requests = this.#batch;
    this.#batch = [];
    this.#post({ requests });
  }

  #hear(message: FromThread): void {
    if ('lookup' in message) void this.#lookUp(message.lookup);
    else for (const ended of message.ended) this.#report(ended[0], reportOf(ended));
  }

  #report(slot: number, report: Report): void {
    const inHand = this.#inHand.get(slot);
    if (inHand === undefined) return;
    this.#inHand.delete(slot);
    this.#free.push(slot);
    inHand.report(report);
    if (this.#inHand.size > 0) return;
    this.#parts.worker.unref();
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#isClosing && this.#inHand.size === 0) void this.#parts.worker.terminate();
  }

  async #lookUp(host: string): Promise<void> {
    try {
      this.#post({ found: { host, addresses: await this.#parts.lookup(host) } });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      this.#post({ notFound: { host, code, message: error instanceof Error ? error.message : String(error) } });
    }
  }

  #renew(): void {
    const renewals: [slot: number, since: Moment][] = [];
    for (const [slot, inHand] of this.#inHand) {
      const since = inHand.outgoing.window?.since;
      if (since === undefined || since === inHand.since) continue;
      inHand.since = since;
      renewals.push([slot, since]);
    }
    if (renewals.length > 0) this.#post({ renewals });
  }

  #endHung(): void {
    this.#leave('hung');
    void this.#parts.worker.terminate();
    this.#cancelEnd = this.#parts.timers.after(endMaxMs, () => this.#settle());
  }

  #leave(why: ThreadEnd): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#events.left(why, this.#error);
  }

  /** Requests that have not begun are revoked: they never begin, even if the thread goes on. Nobody knows the end of the others. */
  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#cancelEnd();
    const lost = { waiting: 0, dialling: 0, begun: 0 };
    for (const [slot, { outgoing }] of this.#inHand) {
      const state = this.#revoke(slot);
      lost[state] += 1;
      this.#report(slot, { ...unsettled[state], timeoutMs: outgoing.timeoutMs });
    }
    this.#events.settled(lost);
  }

  #revoke(slot: number): keyof Lost {
    const exchanged = (from: number) => Atomics.compareExchange(this.#shared, stateAt(slot), from, revoked) === from;
    if (exchanged(given)) return 'waiting';
    return exchanged(taken) ? 'dialling' : 'begun';
  }

  #post(message: ToThread): void {
    this.#parts.worker.postMessage(message);
  }
}
