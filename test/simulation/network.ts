import { Exchange, type Outgoing } from '../../src/egress/http-exchange.ts';
import type { Report } from '../../src/egress/report.ts';
import type { HttpClient } from '../../src/egress/http-client.ts';
import { ownFaults, serialOf, type Meeting, type OwnFault } from './endpoint.ts';
import type { Kernel } from './kernel.ts';
import type { ProcessLifetime } from './process-lifetime.ts';

/** A request that has put at least one byte on the wire. */
export interface WireRequest {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly life: number;
  readonly url: string;
  readonly body: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  /** When its dial began: virtual milliseconds, and the wall clock's. */
  readonly sentAt: number;
  readonly sentWall: number;
  /** The status that reached the process in time; 0 = none. */
  statusSeen: number;
  /** It is over for both sides. */
  over: boolean;
}

/** What the network asks of the run: which delivery a request is for, and what to make of it. */
export interface Wire {
  deliveryOf(webhookId: number, eventId: string, attempt: number): string;
  wrote(request: WireRequest): void;
  ended(report: Report): void;
  meet(serial: number, timeoutMs: number): Meeting;
}

const lost = (code: string) => Object.assign(new Error(`simulated: ${code}`), { code });
const malformed = Object.assign(new Error('simulated: no HTTP'), { name: 'HTTPParserError' });
const aftermathMs = 400;

/**
 * In place of sockets: each request goes through dial → write → answer → client sees. What the service makes of it, its
 * deadline and its send window are the service's own `Exchange`.
 */
export class Network {
  readonly requests = new Map<string, WireRequest[]>();
  /** Deliveries and attempts whose last call ended for what the machine lacked. */
  readonly lacking = new Set<string>();
  readonly #kernel: Kernel;
  readonly #wire: Wire;
  sent = 0;

  constructor(kernel: Kernel, wire: Wire) {
    this.#kernel = kernel;
    this.#wire = wire;
  }

  /** By delivery and attempt; undefined when no byte of it was written. */
  onWire(deliveryId: string, attempt: number): WireRequest | undefined {
    return this.requests.get(deliveryId)?.find((request) => request.attempt === attempt);
  }

  wasLacking(deliveryId: string, attempt: number): boolean {
    return this.lacking.has(`${deliveryId} ${attempt}`);
  }

  /** A life's connections end with it. */
  drop(life: number): void {
    for (const requests of this.requests.values()) {
      for (const request of requests) if (request.life === life) request.over = true;
    }
  }

  senderFor(life: ProcessLifetime): HttpClient {
    return {
      send: (outgoing) => {
        this.sent += 1;
        // A dead process hears of nothing any more.
        if (!life.alive) return new Promise(() => {});
        return new Call(outgoing, life, this.#kernel, this.#wire, this).carry();
      },
      close() {},
    };
  }
}

class Call {
  readonly #outgoing: Outgoing;
  readonly #life: ProcessLifetime;
  readonly #kernel: Kernel;
  readonly #wire: Wire;
  readonly #seen: Pick<Network, 'requests' | 'lacking'>;
  readonly #exchange: Exchange;
  readonly #meeting: Meeting;
  readonly #sentAt: number;
  readonly #sentWall: number;
  readonly #serial: number;
  readonly #headers: ReadonlyMap<string, string>;
  /** Of its delivery and attempt. */
  readonly #key: string;
  readonly #controller;
  #aborted = false;
  #request: WireRequest | undefined;

  constructor(
    outgoing: Outgoing,
    life: ProcessLifetime,
    kernel: Kernel,
    wire: Wire,
    seen: Pick<Network, 'requests' | 'lacking'>,
  ) {
    this.#outgoing = outgoing;
    this.#life = life;
    this.#kernel = kernel;
    this.#wire = wire;
    this.#seen = seen;
    this.#sentAt = kernel.now;
    this.#sentWall = life.clock.now();
    this.#serial = serialOf(outgoing.target.hostname);
    this.#headers = headersOf(outgoing);
    const { deliveryId, attempt } = this.#meant();
    this.#key = `${deliveryId} ${attempt}`;
    this.#meeting = wire.meet(this.#serial, outgoing.timeoutMs);
    const { clock, timers, at } = life;
    this.#exchange = new Exchange(outgoing, { clock, timers, at });
    this.#controller = {
      abort: () => {
        this.#aborted = true;
      },
    } as unknown as Parameters<Exchange['onRequestStart']>[0];
  }

  async carry(): Promise<Report> {
    this.#begin();
    const { report } = await this.#exchange.ended;
    if (this.#request !== undefined) this.#request.over = true;
    if (!this.#life.alive) return new Promise(() => {});
    this.#wire.ended(report);
    return report;
  }

  #begin(): void {
    const { reused, dialMs, dial } = this.#meeting;
    this.#seen.lacking.delete(this.#key);
    this.#exchange.queued();
    if (reused) return this.#later(0, () => this.#write());
    this.#life.at('send.before-connect');
    this.#exchange.reached('dns');
    if (dial === 'dns') return this.#later(dialMs, () => this.#fail('ENOTFOUND'));
    if (dial === 'denied') return this.#later(dialMs, () => this.#fail('ADDRESS_REFUSED'));
    this.#later(0, () => {
      this.#exchange.reached('connect');
      if (dial === 'silent') return;
      if (isOwnFault(dial)) {
        this.#seen.lacking.add(this.#key);
        return this.#fail(dial);
      }
      if (dial === 'refused') return this.#later(dialMs, () => this.#fail('ECONNREFUSED'));
      this.#later(dialMs, () => {
        if (dial === 'tls') {
          this.#exchange.reached('tls');
          return this.#fail('CERT_HAS_EXPIRED');
        }
        this.#exchange.reached('handover');
        return this.#write();
      });
    });
  }

  #write(): void {
    this.#exchange.onRequestStart(this.#controller);
    if (this.#aborted || this.#exchange.over || !this.#life.alive) return;
    this.#request = this.#recorded();
    const { answer, answerMs } = this.#meeting;
    this.#later(answerMs, () => this.#answer(answer));
  }

  /** What the service says that it is for. */
  #meant(): Pick<WireRequest, 'deliveryId' | 'attempt'> {
    const attempt = Number(this.#headers.get('tocsin-attempt'));
    const deliveryId = this.#wire.deliveryOf(this.#serial, this.#headers.get('webhook-id') ?? '', attempt);
    return { deliveryId, attempt };
  }

  #recorded(): WireRequest {
    const { body, timeoutMs, target } = this.#outgoing;
    const headers = this.#headers;
    const { deliveryId, attempt } = this.#meant();
    const request: WireRequest = {
      deliveryId,
      attempt,
      body,
      headers,
      timeoutMs,
      life: this.#life.number,
      url: target.origin + target.path,
      sentAt: this.#sentAt,
      sentWall: this.#sentWall,
      statusSeen: 0,
      over: false,
    };
    this.#wire.wrote(request);
    const known = this.#seen.requests.get(deliveryId);
    if (known === undefined) this.#seen.requests.set(deliveryId, [request]);
    else known.push(request);
    return request;
  }

  #answer(answer: Meeting['answer']): void {
    switch (answer.kind) {
      case 'reset':
        return this.#fail('ECONNRESET');
      case 'malformed':
        return this.#exchange.onResponseError(undefined, malformed);
      case 'upgrade':
        if (this.#request !== undefined) this.#request.statusSeen = 101;
        return this.#exchange.onResponseStart(this.#controller, 101, {});
      case 'flood':
        return this.#exchange.unsound('simulated: a flood of interim answers');
      case 'status':
        return this.#answerStatus(answer);
      case 'silence':
        return undefined;
    }
  }

  #answerStatus(answer: Extract<Meeting['answer'], { kind: 'status' }>): void {
    // The process has it before it comes to the crash point behind it.
    if (this.#request !== undefined) this.#request.statusSeen = answer.status;
    this.#exchange.onResponseStart(this.#controller, answer.status, answer.headers);
    if (answer.body === 'drips') return;
    this.#later(answer.body === 'whole' ? 0 : aftermathMs / 8, () => {
      if (answer.body === 'reset') return this.#fail('ECONNRESET');
      this.#exchange.onResponseData(this.#controller, Buffer.from('ok'));
      return this.#exchange.onResponseEnd();
    });
  }

  #fail(code: string): void {
    this.#exchange.onResponseError(undefined, lost(code));
  }

  /** Nothing of it reaches a dead process, or one that has given it up. */
  #later(delayMs: number, work: () => void): void {
    this.#kernel.after(delayMs, 'io', () => {
      if (this.#life.alive && !this.#exchange.over) work();
    });
  }
}

function headersOf({ headers: list }: Outgoing): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < list.length; index += 2) headers.set(String(list[index]), String(list[index + 1]));
  return headers;
}

function isOwnFault(dial: Meeting['dial']): dial is OwnFault {
  return (ownFaults as readonly string[]).includes(dial);
}
