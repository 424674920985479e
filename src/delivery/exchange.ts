import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import { elapsedMs, momentOf, type Moment } from '../runtime/moment.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import { bodyKeptMaxBytes, bodyText, bodyWaitMs, headersJson } from './answer.ts';
import type { DialTarget } from './dial.ts';
import type { Fault, Phase, Report } from './outcome.ts';

/** One request, ready to go out. */
export interface Outgoing {
  readonly target: Target;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  readonly body: string;
  /** One deadline from dial to the end of the response headers. */
  readonly timeoutMs: number;
  /** When it was claimed, and for how long the claim allows to begin writing. Absent: nothing was claimed. */
  readonly window?: { readonly since: Moment; readonly ms: number } | undefined;
}

export interface Target extends DialTarget {
  /** Connections are shared by what has the same key. */
  readonly key: string;
  readonly origin: string;
  readonly path: string;
}

export interface ExchangePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly at: CrashPoints;
}

/** More informational answers than this are no answer but a flood. */
const informationalMax = 8;
/** A deadline that fires later than this met a busy or paused process: what has arrived meanwhile is read first. */
const timerLateMs = 20;

const aborted = new Error('the exchange is over');

/**
 * One request and its answer, as undici's handler. It ends exactly once, whatever the connection does; what comes after
 * is ignored.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly outgoing: Outgoing;
  readonly #ports: ExchangePorts;
  readonly #ended: (report: Report, reusable: boolean) => void;
  readonly #begun: Moment;
  readonly #chunks: Buffer[] = [];
  #cancelTimer: Cancel;
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = 'prepare';
  #maybeSent = false;
  #over = false;
  #informational = 0;
  #statusCode = 0;
  #durationMs = 0;
  #headers: IncomingHttpHeaders = {};
  #bodyBytes = 0;

  constructor(outgoing: Outgoing, ports: ExchangePorts, ended: (report: Report, reusable: boolean) => void) {
    this.outgoing = outgoing;
    this.#ports = ports;
    this.#ended = ended;
    this.#begun = momentOf(ports.clock);
    this.#cancelTimer = ports.timers.after(outgoing.timeoutMs, () => this.#onDeadline());
  }

  get over(): boolean {
    return this.#over;
  }

  reached(phase: Phase): void {
    this.#phase = phase;
  }

  /** It is made, and waits for its connection. */
  queued(): void {
    if (this.#phase === 'prepare') this.#phase = 'handover';
  }

  /** Ends it with a fault, unless a status is known already. */
  fail(fault: Fault): void {
    if (this.#over) return;
    if (this.#statusCode < 200) this.#durationMs = elapsedMs(this.#ports.clock, this.#begun);
    this.#finish(fault, false);
  }

  /**
   * undici calls this synchronously right before it writes, on fresh and on reused connections alike, and writes nothing
   * if it is aborted here. So this is the last moment to see that a paused process woke up too late, which a timer
   * cannot: after a pause the answer of a `connect` may be handled before the deadline's timer.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) return controller.abort(aborted);
    // Whatever a client may think of a lost connection: nothing is written twice.
    if (this.#maybeSent) return this.fail({ kind: 'error', code: '', message: 'the connection was lost' });
    this.#ports.at('send.before-write');
    const { timeoutMs, window } = this.outgoing;
    if (elapsedMs(this.#ports.clock, this.#begun) >= timeoutMs) return this.fail(timedOut);
    if (window !== undefined && elapsedMs(this.#ports.clock, window.since) >= window.ms) {
      return this.fail({ kind: 'window', code: '', message: 'too long since the claim: nothing was sent' });
    }
    this.#maybeSent = true;
    this.#phase = 'headers';
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    if (this.#over) return;
    if (statusCode === 101) return this.fail(upgrade);
    if (statusCode < 200) {
      this.#informational += 1;
      if (this.#informational > informationalMax) {
        this.fail({ kind: 'protocol', code: '', message: `more than ${informationalMax} informational answers` });
      }
      return;
    }
    this.#cancelTimer();
    this.#statusCode = statusCode;
    this.#headers = headers;
    this.#durationMs = elapsedMs(this.#ports.clock, this.#begun);
    this.#phase = 'body';
    this.#ports.at('send.after-response');
    // From here on the outcome is known; the body is only for the history.
    this.#cancelTimer = this.#ports.timers.after(bodyWaitMs, () => this.#finish(undefined, false));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    // Copied, because the chunk is a view of a buffer that undici may use again.
    this.#chunks.push(Buffer.from(chunk.subarray(0, bodyKeptMaxBytes + 1 - this.#bodyBytes)));
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes > bodyKeptMaxBytes) this.#finish(undefined, false);
  }

  onResponseEnd(): void {
    this.#finish(undefined, true);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.fail(faultOf(error));
  }

  #onDeadline(): void {
    const late = elapsedMs(this.#ports.clock, this.#begun) - this.outgoing.timeoutMs;
    // Node counts whole milliseconds, so its timers fire up to one early.
    if (late < 0) {
      this.#cancelTimer = this.#ports.timers.after(Math.ceil(-late), () => this.#onDeadline());
      return;
    }
    if (late < timerLateMs) return this.fail(timedOut);
    this.#cancelTimer = this.#ports.timers.soon(() => this.fail(timedOut));
  }

  #finish(fault: Fault | undefined, reusable: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    if (!reusable) this.#controller?.abort(aborted);
    const encoding = [this.#headers['content-encoding'] ?? []].flat().join(', ');
    this.#ended(
      {
        phase: this.#phase,
        maybeSent: this.#maybeSent,
        statusCode: this.#statusCode,
        fault,
        timeoutMs: this.outgoing.timeoutMs,
        durationMs: Math.round(this.#durationMs),
        responseHeadersJson: this.#statusCode === 0 ? '' : headersJson(this.#headers),
        responseBody: bodyText(this.#chunks, encoding),
      },
      reusable,
    );
  }
}

const timedOut: Fault = { kind: 'timeout', code: '', message: 'the deadline passed' };
const upgrade: Fault = { kind: 'upgrade', code: '', message: '101 Switching Protocols' };

/** The code only words the reason; what is known of the request decides the outcome. */
function faultOf(error: Error): Fault {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // undici closes the connection by itself when it reads a 101, and says so only in these words.
  if (error.message === 'bad upgrade') return upgrade;
  if (code === 'ADDRESS_REFUSED') return { kind: 'refused', code, message: error.message };
  const malformed = error.name === 'HTTPParserError' || protocolCodes.has(code) || error.message === 'bad response';
  if (malformed) return { kind: 'protocol', code, message: `the answer is not sound HTTP/1.1 (${error.message})` };
  return { kind: 'error', code, message: error.message };
}

const protocolCodes = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);
