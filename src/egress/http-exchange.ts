import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import { elapsedMs, momentOf, msBetween, type Moment } from '../runtime/moment.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import { bodyKeptMaxBytes, bodyText, bodyWaitMs, headersJson } from './response-capture.ts';
import type { DialTarget } from './connect.ts';
import type { TransportFault, Phase, Report, Timing } from './report.ts';
import type { ResponseHeadEvents } from './response-head.ts';

/** A request, ready to send. */
export interface Outgoing {
  /** Every push is a POST. */
  readonly method?: 'GET' | undefined;
  readonly target: Target;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  readonly body: string;
  /** One deadline from the dial to the end of the response headers. */
  readonly timeoutMs: number;
  /** Not repeatable: no connection that was idle for long may carry it. */
  readonly atMostOnce?: boolean;
  /** The time of its claim, and how long after that writing may begin. Absent: nothing was claimed. */
  readonly window?: { readonly since: Moment; readonly ms: number } | undefined;
  /** Asked last, right before the first byte. False: the sender has given it up, and counts on it that nothing is sent. */
  readonly mayBegin?: () => boolean;
}

export interface Target extends DialTarget {
  /** Requests with the same key share connections. */
  readonly key: string;
  readonly origin: string;
  readonly path: string;
}

export interface ExchangePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly at: CrashPoints;
}

/** A deadline that fires later than this means a busy or paused process: read arrived bytes first. */
const timerLateMs = 20;

const aborted = new Error('the exchange is over');

export interface EndedExchange {
  readonly report: Report;
  /** The connection may carry another request. */
  readonly reusable: boolean;
}

/**
 * One request and its answer, as undici's handler. Ends exactly once, whatever the connection does; later events are
 * ignored.
 */
export class Exchange implements Dispatcher.DispatchHandler, ResponseHeadEvents {
  readonly outgoing: Outgoing;
  readonly #ports: ExchangePorts;
  readonly #ended = Promise.withResolvers<EndedExchange>();
  readonly #begun: Moment;
  readonly #chunks: Buffer[] = [];
  #cancelTimer: Cancel;
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = 'prepare';
  #maybeSent = false;
  #over = false;
  #statusCode = 0;
  /** From the status line; its headers may not have arrived. */
  #statusLine = 0;
  #durationMs = 0;
  #headers: IncomingHttpHeaders = {};
  #bodyBytes = 0;
  #enteredMs = 0;
  readonly #times: Partial<Record<Phase, number>> = {};
  /** Of the connection that carries it. */
  address = '';

  constructor(outgoing: Outgoing, ports: ExchangePorts) {
    this.outgoing = outgoing;
    this.#ports = ports;
    this.#begun = momentOf(ports.clock);
    this.#cancelTimer = ports.timers.after(outgoing.timeoutMs, () => this.#onDeadline());
  }

  get ended(): Promise<EndedExchange> {
    return this.#ended.promise;
  }

  get over(): boolean {
    return this.#over;
  }

  /** @param atMs after its beginning. */
  reached(phase: Phase, atMs = elapsedMs(this.#ports.clock, this.#begun)): void {
    this.#times[this.#phase] = atMs - this.#enteredMs;
    this.#enteredMs = atMs;
    this.#phase = phase;
  }

  /** The request waits for its connection, which is open. How long is not shown. */
  queued(): void {
    if (this.#phase === 'prepare') this.#phase = 'handover';
  }

  /** Ends with a fault, unless a status is known. */
  fail(fault: TransportFault): void {
    if (this.#over) return;
    if (this.#statusCode < 200) this.#durationMs = elapsedMs(this.#ports.clock, this.#begun);
    this.#finish(fault, false);
  }

  /**
   * undici calls this synchronously right before it writes, on fresh and on reused connections, and writes nothing if
   * it is aborted here. So this is the last moment to detect that a paused process woke up too late. A timer cannot:
   * after a pause the answer of a `connect` may be handled before the deadline's timer.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) return controller.abort(aborted);
    // Nothing is written twice, even where undici would repeat.
    if (this.#maybeSent) return this.fail({ kind: 'error', code: '', message: 'the connection was lost' });
    this.#ports.at('send.before-write');
    const { timeoutMs, window, mayBegin } = this.outgoing;
    const now = momentOf(this.#ports.clock);
    const atMs = msBetween(this.#begun, now);
    if (atMs >= timeoutMs) return this.fail(timedOut);
    if (window !== undefined && msBetween(window.since, now) >= window.ms) {
      return this.fail({ kind: 'window', code: '', message: 'too long since the claim: nothing was sent' });
    }
    if (mayBegin?.() === false) return this.fail({ kind: 'window', code: '', message: 'given up before it began' });
    this.#maybeSent = true;
    this.reached('headers', atMs);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    if (this.#over) return;
    if (statusCode === 101) return this.fail(upgrade);
    // An interim answer that was not removed before.
    if (statusCode < 200) return;
    this.#cancelTimer();
    this.#statusCode = statusCode;
    this.#headers = headers;
    this.#durationMs = elapsedMs(this.#ports.clock, this.#begun);
    this.reached('body', this.#durationMs);
    this.#ports.at('send.after-response');
    // Most bodies come with the headers, and undici hands them on before this.
    void Promise.resolve().then(() => this.#awaitBody());
  }

  /** The outcome is known from here on; the body is only for the history. */
  #awaitBody(): void {
    if (!this.#over) this.#cancelTimer = this.#ports.timers.after(bodyWaitMs, () => this.#finish(undefined, false));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    // Copied, because undici may reuse the buffer.
    this.#chunks.push(Buffer.from(chunk.subarray(0, bodyKeptMaxBytes + 1 - this.#bodyBytes)));
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes > bodyKeptMaxBytes) this.#finish(undefined, false);
  }

  onResponseEnd(): void {
    this.#finish(undefined, true);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const headersTooLarge = 'code' in error && error.code === 'UND_ERR_HEADERS_OVERFLOW';
    if (!headersTooLarge || this.#statusLine < 200 || this.#over) return this.fail(faultOf(error));
    this.#statusCode = this.#statusLine;
    this.#durationMs = elapsedMs(this.#ports.clock, this.#begun);
    this.#finish(undefined, false);
  }

  status(statusCode: number): void {
    this.#statusLine = statusCode;
  }

  unsound(why: string): void {
    this.fail({ kind: 'protocol', code: '', message: why });
  }

  #onDeadline(): void {
    const late = elapsedMs(this.#ports.clock, this.#begun) - this.outgoing.timeoutMs;
    // Node's timers count whole milliseconds and may fire one early.
    if (late < 0) {
      this.#cancelTimer = this.#ports.timers.after(Math.ceil(-late), () => this.#onDeadline());
      return;
    }
    if (late < timerLateMs) return this.fail(timedOut);
    this.#cancelTimer = this.#ports.timers.soon(() => this.fail(timedOut));
  }

  #finish(fault: TransportFault | undefined, reusable: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    const phase = this.#phase;
    this.reached(phase);
    if (!reusable) this.#controller?.abort(aborted);
    this.#ended.resolve({
      reusable,
      report: {
        phase,
        maybeSent: this.#maybeSent,
        statusCode: this.#statusCode,
        fault,
        timeoutMs: this.outgoing.timeoutMs,
        durationMs: Math.round(this.#durationMs),
        responseHeadersJson: this.#statusCode === 0 ? '' : headersJson(this.#headers),
        responseBody: bodyText(this.#chunks, this.#headers),
        timing: this.#timing(),
      },
    });
  }

  #timing(): Timing {
    const { dns, connect, tls, headers: wait, body } = this.#times;
    return {
      ...(dns === undefined ? {} : { dns: rounded(dns) }),
      ...(connect === undefined ? {} : { connect: rounded(connect) }),
      ...(tls === undefined ? {} : { tls: rounded(tls) }),
      ...(wait === undefined ? {} : { wait: rounded(wait) }),
      ...(body === undefined ? {} : { body: rounded(body) }),
      reused: this.address !== '' && connect === undefined,
      address: this.address,
    };
  }
}

/** Tenths of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

const timedOut: TransportFault = { kind: 'timeout', code: '', message: 'the deadline passed' };
const upgrade: TransportFault = { kind: 'upgrade', code: '', message: '101 Switching Protocols' };

/** The code only words the reason; the phase and the bytes sent decide the outcome. */
function faultOf(error: Error): TransportFault {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // undici closes the connection when it reads a 101, and reports it only by this message.
  if (error.message === 'bad upgrade') return upgrade;
  if (code === 'ADDRESS_REFUSED') return { kind: 'refused', code, message: error.message };
  const malformed = error.name === 'HTTPParserError' || protocolCodes.has(code) || error.message === 'bad response';
  // The library's messages mean nothing to a user.
  if (malformed) return { kind: 'protocol', code: '', message: 'the answer is no sound HTTP' };
  if (code === 'UND_ERR_SOCKET') return { kind: 'error', code: '', message: 'the receiver closed it' };
  return { kind: 'error', code, message: error.message };
}

const protocolCodes = new Set([
  'ERR_ASSERTION',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);
