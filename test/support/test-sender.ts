import { createHttpClient, type HttpClient, type HttpClientPorts } from '../../src/egress/http-client.ts';
import type { Outgoing } from '../../src/egress/http-exchange.ts';
import { judge, type Outcome } from '../../src/delivery/store/outcome.ts';
import { type Report } from '../../src/egress/report.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { noCrashPoints } from '../../src/runtime/crash-points.ts';
import { systemTimers } from '../../src/runtime/timers.ts';

/** A guard that refuses nothing. */
export const allowAll = { refusesAddress: () => undefined, refusesName: () => undefined };

const loopback = { resolve: () => Promise.resolve(['127.0.0.1']) };
const path = '/hook?a=1&b=%20';

interface Sent {
  readonly report: Report;
  readonly outcome: Outcome;
}

interface Options extends Partial<Omit<Outgoing, 'target'>> {
  readonly host?: string;
  readonly scheme?: string;
  readonly tlsVerify?: boolean;
}

/** The real sender, which finds every name at the loopback address and may dial anything. */
export function testSender(ports: Partial<HttpClientPorts> = {}) {
  const sender: HttpClient = createHttpClient({
    clock: systemClock,
    timers: systemTimers,
    at: noCrashPoints,
    resolver: loopback,
    guard: allowAll,
    bind: [],
    ...ports,
  });
  return { ...sends(sender), [Symbol.dispose]: () => sender.close() };
}

/** Requests of a test by this client, each to a port of the loopback address. */
export function sends(sender: HttpClient, usualTimeoutMs = 1_000) {
  return {
    async send({ port }: { port: number }, options: Options = {}): Promise<Sent> {
      const { host = '127.0.0.1', scheme = 'http', tlsVerify = true, ...rest } = options;
      const origin = `${scheme}://${host}:${port}`;
      const secure = scheme === 'https';
      const target = { origin, hostname: host, port, secure, tlsVerify, key: `${origin} ${tlsVerify}`, path };
      const report = await sender.send({ headers: [], body: '{}', timeoutMs: usualTimeoutMs, ...rest, target });
      return { report, outcome: judge(report) };
    },
  };
}
