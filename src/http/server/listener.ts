import { lookup } from 'node:dns/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Failure } from '../../runtime/failure.ts';
import type { Timers } from '../../runtime/timers.ts';
import { isPushUrl } from './push-request.ts';
import { heldPushesMax } from './push-hold.ts';
import { refuseClient } from './client-error.ts';
import { ClientConnections } from './client-connections.ts';
import type { FastifyAppOptions } from './fastify-app.ts';
import type { Listen } from './server-options.ts';
import { createStartingServer } from './starting-server.ts';

/**
 * The listening sockets, from the start of the process to its end. First the starting server answers, then the real
 * one; no connection is refused or cut at the change.
 */
export interface Listener {
  readonly listening: Listen;
  /** Open connections. */
  readonly connections: number;
  /** The reason that readiness shows until `handTo`. */
  waitsFor(what: string | undefined): void;
  /** Passes every further request to this listener. */
  handTo(answer: RequestListener): void;
  /** Stops accepting connections, waits for running requests within the limits, then cuts them. */
  close(): Promise<void>;
}

export type ListenerOptions = FastifyAppOptions;

/** @throws Failure with a sentence for the operator when it cannot listen there. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const starting = await createStartingServer(options);
  const held = new HeldRequests(options);
  let answer: RequestListener = (request, response) => {
    if (isPushUrl(request.url ?? '')) held.hold(request, response, starting.answer);
    else starting.answer(request, response);
  };
  let handedOver = false;
  const clients = new ClientConnections(options.limits.connectionsMax);
  const make = () =>
    makeServer(options, clients, (request, response) => {
      if (clients.asked(request.socket, response)) answer(request, response);
      else request.socket.destroy();
    });
  const servers = await listen(make, options.listen);
  let closed: Promise<void> | undefined;
  return {
    listening: addressOf(servers[0]),
    get connections() {
      return clients.count;
    },
    waitsFor: (what) => starting.waitsFor(what),
    handTo(next) {
      answer = next;
      handedOver = true;
      held.release(next);
    },
    close() {
      // Before `handTo`, no request does anything worth waiting for.
      held.release(starting.answer);
      const graceMs = handedOver ? options.limits.drainMs : 0;
      return (closed ??= closeAll(servers, options.timers, graceMs));
    },
  };
}

/**
 * Pushes that came while the service starts: they are answered once it has started, or refused by the starting server
 * when that takes too long. Their bodies stay in the sockets.
 */
class HeldRequests {
  readonly #options: ListenerOptions;
  readonly #waiting = new Set<(answer: RequestListener) => void>();

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  hold(request: IncomingMessage, response: ServerResponse, refuse: RequestListener): void {
    const { limits, timers } = this.#options;
    if (this.#waiting.size >= heldPushesMax) return refuse(request, response);
    const pass = (answer: RequestListener) => {
      this.#waiting.delete(pass);
      cancel();
      if (!request.destroyed) answer(request, response);
    };
    const cancel = timers.after(limits.holdMs, () => pass(refuse));
    this.#waiting.add(pass);
  }

  release(answer: RequestListener): void {
    for (const pass of this.#waiting) pass(answer);
  }
}

/** Node checks for slow clients at this interval; its default of 30 s would triple the timeouts. */
const lateClientCheckMs = 1000;

const keepAliveMs = 72_000;

function makeServer({ limits, ids }: ListenerOptions, clients: ClientConnections, answer: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headersMaxBytes,
      headersTimeout: limits.headerTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(lateClientCheckMs, limits.headerTimeoutMs),
      keepAliveTimeout: keepAliveMs,
      requireHostHeader: true,
    },
    answer,
  );
  server.on('connection', (socket: Socket) => {
    if (!clients.opened(socket)) socket.destroy();
  });
  server.on('clientError', (error, socket) => refuseClient(error, socket as Socket, ids));
  return server;
}

type Servers = readonly [Server, ...Server[]];

/** `localhost` is two addresses on most machines, and clients try either first; any other host is one. */
async function listen(make: () => Server, { host, port }: Listen): Promise<Servers> {
  const [address = host, ...others] = host === 'localhost' ? await loopbackAddresses() : [host];
  const first = make();
  try {
    await listening(first, { host: address, port });
  } catch (error) {
    throw cannotListen({ host, port }, error);
  }
  const servers: [Server, ...Server[]] = [first];
  for (const other of others) {
    const server = make();
    const isThere = await listening(server, { host: other, port: addressOf(first).port }).then(
      () => true,
      () => false,
    );
    if (isThere) servers.push(server);
  }
  return servers;
}

async function loopbackAddresses(): Promise<string[]> {
  const found = await lookup('localhost', { all: true });
  return found.map(({ address }) => address);
}

async function listening(server: Server, { host, port }: Listen): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  await promise;
  server.removeListener('error', reject);
}

function cannotListen({ host, port }: Listen, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const advice = taken ? 'another program listens there; end it, or choose another port' : 'choose another address';
  return new Failure('ServiceUnavailable', `cannot listen on ${host}:${port} (${why}): ${advice} with TOCSIN_LISTEN`, {
    cause: error,
  });
}

function addressOf(server: Server): Listen {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return { host: address.address, port: address.port };
}

async function closeAll(servers: Servers, timers: Timers, graceMs: number): Promise<void> {
  const cancel = timers.after(graceMs, () => {
    for (const server of servers) server.closeAllConnections();
  });
  try {
    await Promise.all(servers.map(closeOne));
  } finally {
    cancel();
  }
}

async function closeOne(server: Server): Promise<void> {
  // Node ends idle connections now; one that becomes idle after its answer would be kept for another request.
  server.keepAliveTimeout = 1;
  server.keepAliveTimeoutBuffer = 0;
  await new Promise<void>((resolve) => void server.close(() => resolve()));
}
