import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** The default of `waitFor`. */
const waitMaxMs = 30_000;

/** One request, as it came in. */
export interface Received {
  /** Monotonic milliseconds at which its last byte had arrived. */
  readonly stamp: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** As it stood in the request line, query included. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values as they were sent, in their order. */
  readonly rawHeaders: readonly string[];
  /** The very bytes, as UTF-8. */
  readonly body: string;
}

/**
 * What to do with a request: answer it, now or after a while; never answer (`hang`); or close the connection with a
 * reset after reading it (`reset`).
 */
export type Answer =
  | {
      readonly status: number;
      readonly delayMs?: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | 'hang'
  | 'reset';

/** A real HTTP server that follows a script and records its requests. */
export interface Receiver {
  /** `http://127.0.0.1:PORT`, or https, and anything after it is a path of yours. */
  readonly url: string;
  /** `127.0.0.1:PORT`, for a list of allowed addresses. */
  readonly host: string;
  readonly received: readonly Received[];
  /** Requests that have begun and are not answered yet. */
  readonly inFlight: number;
  /** Requests whose connection ended before all of the request had arrived. */
  readonly torn: number;
  readonly connections: number;
  /** What the next requests to `path` get, one answer each; the last one stays. A path without answers gets 200. */
  answer(path: string, ...answers: readonly Answer[]): void;
  /** Answers what hangs now with a status, or resets its connection. */
  release(how?: number | 'reset'): void;
  /** Resolves with the requests that match, as soon as there are `count` of them. */
  waitFor(count: number, where?: (received: Received) => boolean, timeoutMs?: number): Promise<Received[]>;
  stop(): Promise<void>;
}

/** The JSON of a request's body. */
export function bodyOf(received: Received): unknown {
  return JSON.parse(received.body);
}

/** Checks the signature as a stranger would, with the official library. Throws when it is wrong. */
export function verifySignature(received: Received, secret: string): void {
  const header = (name: string) => {
    const value = received.headers[name];
    return typeof value === 'string' ? value : '';
  };
  new Webhook(secret).verify(received.body, {
    'webhook-id': header('webhook-id'),
    'webhook-timestamp': header('webhook-timestamp'),
    'webhook-signature': header('webhook-signature'),
  });
}

export interface ReceiverOptions {
  /** Speaks https with this certificate; plain http without. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function startReceiver({ tls }: ReceiverOptions = {}): Promise<Receiver> {
  const received: Received[] = [];
  const script = new Map<string, Answer[]>();
  const hanging = new Set<ServerResponse>();
  const waiting = new Set<() => void>();
  const counts = { inFlight: 0, torn: 0, connections: 0 };

  const take = (request: IncomingMessage, response: ServerResponse) => {
    counts.inFlight += 1;
    response.once('close', () => {
      counts.inFlight -= 1;
      hanging.delete(response);
    });
    void read(request).then((one) => {
      if (one === undefined) {
        counts.torn += 1;
        return;
      }
      received.push(one);
      for (const look of waiting) look();
      act(nextAnswer(script, one.path), response, hanging);
    });
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  server.on('connection', () => (counts.connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    received,
    get inFlight() {
      return counts.inFlight;
    },
    get torn() {
      return counts.torn;
    },
    get connections() {
      return counts.connections;
    },
    answer: (path, ...answers) => void script.set(path, [...answers]),
    release(how = 200) {
      for (const response of hanging) {
        if (how === 'reset') response.socket?.resetAndDestroy();
        else response.writeHead(how).end();
      }
      hanging.clear();
    },
    waitFor: (count, where = () => true, timeoutMs = waitMaxMs) => waitFor(received, waiting, count, where, timeoutMs),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Undefined when the connection ended in the middle of the request. */
async function read(request: IncomingMessage): Promise<Received | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  const target = request.url ?? '';
  return {
    stamp: performance.now(),
    method: request.method ?? '',
    path: target.split('?')[0] ?? '',
    target,
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function nextAnswer(script: Map<string, Answer[]>, path: string): Answer {
  const answers = script.get(path) ?? [];
  return (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 200 };
}

function act(answer: Answer, response: ServerResponse, hanging: Set<ServerResponse>): void {
  if (answer === 'hang') {
    hanging.add(response);
    return;
  }
  if (answer === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const reply = () => response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
  if (answer.delayMs === undefined) reply();
  else {
    const timer = setTimeout(reply, answer.delayMs);
    response.once('close', () => clearTimeout(timer));
  }
}

async function waitFor(
  received: readonly Received[],
  waiting: Set<() => void>,
  count: number,
  where: (received: Received) => boolean,
  timeoutMs: number,
): Promise<Received[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Received[]>();
  const look = () => {
    const found = received.filter(where);
    if (found.length >= count) resolve(found);
  };
  const timer = setTimeout(() => {
    const found = received.filter(where).length;
    reject(new Error(`waited ${timeoutMs} ms for ${count} requests; got ${found} (${received.length} of any kind)`));
  }, timeoutMs);
  waiting.add(look);
  try {
    look();
    return await promise;
  } finally {
    clearTimeout(timer);
    waiting.delete(look);
  }
}
