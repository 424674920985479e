import type { MessagePort } from 'node:worker_threads';
import { createAddressGuard } from './address-guard.ts';
import { systemNames, systemResolver, type NameService } from './dns-resolver.ts';
import { createHttpClient } from './http-client.ts';
import type { Outgoing, Target } from './http-exchange.ts';
import type { Moment } from '../runtime/moment.ts';
import { systemTimers } from '../runtime/timers.ts';
import { systemClock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import {
  beatMs,
  beatsAt,
  begun,
  given,
  packed,
  stateAt,
  taken,
  type EndedRequest,
  type FromThread,
  type GivenRequest,
  type ThreadData,
  type ToThread,
} from './thread-messages.ts';

interface ThreadPorts {
  readonly at: CrashPoints;
  /** How names are found, but for those that the main thread looks up. */
  readonly names?: Omit<NameService, 'lookup'>;
}

/** Makes the requests that the main thread hands over, in the thread that calls it. */
export function serveRequests(port: MessagePort, data: ThreadData, ports: ThreadPorts): void {
  const server = new ThreadServer(port, data, ports);
  port.on('message', (message: ToThread) => server.take(message));
  server.beat();
}

interface Carried {
  /** Absent: nothing was claimed. */
  readonly window: { since: Moment; readonly ms: number } | undefined;
}

class ThreadServer {
  readonly #port: MessagePort;
  readonly #shared: Int32Array;
  readonly #http;
  readonly #targets: Target[] = [];
  readonly #bodies: string[] = [];
  readonly #carried = new Map<number, Carried>();
  readonly #lookups = new Map<string, PromiseWithResolvers<readonly string[]>>();
  #ended: EndedRequest[] = [];

  constructor(port: MessagePort, data: ThreadData, { at, names = systemNames() }: ThreadPorts) {
    this.#port = port;
    this.#shared = new Int32Array(data.shared);
    const { allow, bind, proxy } = data.settings;
    const { idleConnectionsMax } = data;
    this.#http = createHttpClient({
      // One for all threads of a process, so that the window of a claim is the same in each.
      clock: systemClock,
      timers: systemTimers,
      at: (point) => {
        Atomics.add(this.#shared, beatsAt, 1);
        at(point);
      },
      resolver: systemResolver(systemClock, { ...names, lookup: (host) => this.#lookup(host) }),
      guard: createAddressGuard({ allow }),
      bind,
      proxy,
      idleConnectionsMax,
    });
  }

  beat(): void {
    Atomics.add(this.#shared, beatsAt, 1);
    systemTimers.after(beatMs, () => this.beat());
  }

  take(message: ToThread): void {
    if ('requests' in message) for (const request of message.requests) void this.#carry(request);
    else if ('renewals' in message) for (const [slot, since] of message.renewals) this.#renew(slot, since);
    else if ('close' in message) this.#http.close();
    else if ('found' in message) this.#answered(message.found.host)?.resolve(message.found.addresses);
    else {
      const { host, code, message: text } = message.notFound;
      this.#answered(host)?.reject(Object.assign(new Error(text), { code }));
    }
  }

  async #carry(request: GivenRequest): Promise<void> {
    const [slot, targetPlace, newTarget, bodyPlace, newBody, headers, timeoutMs, isGet, atMostOnce, window] = request;
    if (newTarget !== undefined) this.#targets[targetPlace] = newTarget;
    if (newBody !== undefined) this.#bodies[bodyPlace] = newBody;
    const target = this.#targets[targetPlace];
    const body = this.#bodies[bodyPlace];
    if (target === undefined || body === undefined) throw new Error(`the parts of request ${slot} were never given`);
    if (!this.#moves(slot, given, taken)) return;
    const carried: Carried = { window: window && { since: window[0], ms: window[1] } };
    this.#carried.set(slot, carried);
    const outgoing: Outgoing = {
      method: isGet ? 'GET' : undefined,
      target,
      headers,
      body,
      timeoutMs,
      atMostOnce,
      window: carried.window,
      mayBegin: () => this.#moves(slot, taken, begun),
    };
    const report = await this.#http.send(outgoing);
    this.#carried.delete(slot);
    if (this.#ended.push(packed(slot, report)) === 1) systemTimers.soon(() => this.#tell());
  }

  /** Of all requests that have ended in one turn of the loop. */
  #tell(): void {
    const ended = this.#ended;
    this.#ended = [];
    this.#post({ ended });
  }

  #moves(slot: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#shared, stateAt(slot), from, to) === from;
  }

  #renew(slot: number, since: Moment): void {
    const window = this.#carried.get(slot)?.window;
    if (window !== undefined) window.since = since;
  }

  #lookup(host: string): Promise<readonly string[]> {
    const waiting = this.#lookups.get(host);
    if (waiting !== undefined) return waiting.promise;
    const asked = Promise.withResolvers<readonly string[]>();
    this.#lookups.set(host, asked);
    this.#post({ lookup: host });
    return asked.promise;
  }

  #answered(host: string): PromiseWithResolvers<readonly string[]> | undefined {
    const asked = this.#lookups.get(host);
    this.#lookups.delete(host);
    return asked;
  }

  #post(message: FromThread): void {
    this.#port.postMessage(message);
  }
}
