import { lookup } from 'node:dns/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Failure } from '../runtime/failure.ts';
import type { Timers } from '../runtime/timers.ts';
import { refuseClient } from './client-error.ts';
import type { FrameOptions } from './frame.ts';
import type { Listen } from './server-options.ts';
import { createStarting } from './starting.ts';

/**
 * The sockets that listen, from the start of the process to its end. Who answers changes once, from the one that says
 * what the start still waits for to the real server; no connection is refused or cut meanwhile.
 */
export interface Door {
  readonly listening: Listen;
  /** What readiness names as the cause until the door is handed over. */
  waitsFor(what: string | undefined): void;
  /** Every request from now on is answered by this. */
  handTo(answer: RequestListener): void;
  /** Stops taking connections and waits for the requests that run, as long as the limits allow; then cuts them. */
  close(): Promise<void>;
}

export interface DoorOptions extends FrameOptions {
  readonly timers: Timers;
}

/** @throws Failure with a sentence for the operator when it cannot listen there. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const starting = await createStarting(options);
  let answer = starting.answer;
  let handedOver = false;
  const make = () => makeServer(options, (request, response) => answer(request, response));
  const servers = await listen(make, options.listen);
  let closed: Promise<void> | undefined;
  return {
    listening: addressOf(servers[0]),
    waitsFor: (what) => starting.waitsFor(what),
    handTo(next) {
      answer = next;
      handedOver = true;
    },
    close() {
      // Until it is handed over no request does anything that would be worth waiting for.
      const graceMs = handedOver ? options.limits.drainMs : 0;
      return (closed ??= closeAll(servers, options.timers, graceMs));
    },
  };
}

/** Node looks for late clients this often; its own default of 30 s would make the timeouts three times as long. */
const lateClientCheckMs = 1000;

const keepAliveMs = 72_000;

function makeServer({ limits, ids }: DoorOptions, answer: RequestListener): Server {
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
  server.maxConnections = limits.connectionsMax;
  server.on('clientError', (error, socket) => refuseClient(error, socket as Socket, ids));
  return server;
}

type Servers = readonly [Server, ...Server[]];

/** `localhost` is two addresses on most machines, and clients try either of them first; any other host is one. */
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
  const mend = taken ? 'another program listens there; end it, or choose another port' : 'choose another address';
  return new Failure('ServiceUnavailable', `cannot listen on ${host}:${port} (${why}): ${mend} with TOCSIN_LISTEN`, {
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
  // Node ends what is idle now; a connection that becomes so when its request is answered would be kept for another.
  server.keepAliveTimeout = 1;
  server.keepAliveTimeoutBuffer = 0;
  await new Promise<void>((resolve) => void server.close(() => resolve()));
}
