import { connect } from 'node:net';
import { z } from 'zod';
import type { Idempotency, Taken } from '../../src/access/idempotency-store.ts';
import type { Role } from '../../src/access/role.ts';
import { DatabaseFailure } from '../../src/database/database.ts';
import { openListener, type Listener } from '../../src/http/server/listener.ts';
import { type Ingestion, type IngestionReply, wrongKey } from '../../src/http/server/ingestion-endpoints.ts';
import { command, commandWithReply, query, type Route } from '../../src/http/routes/route.ts';
import { LiveHub } from '../../src/http/live/live-hub.ts';
import { SessionCookie } from '../../src/http/server/session-cookie.ts';
import { createServer } from '../../src/http/server/server.ts';
import type { ServerLimits, ServerOptions } from '../../src/http/server/server-options.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Failure, notFound } from '../../src/runtime/failure.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { systemTimers } from '../../src/runtime/timers.ts';

/** A listening server with routes of no meaning, each good for one question about the server itself. */
export interface StubServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly options: ServerOptions;
  /** The lines of the log, as `event {fields}`. */
  readonly logged: string[];
  readonly toys: Toys;
  /** Posts JSON as the admin, unless `init` says otherwise. */
  post(path: string, body?: unknown, init?: RequestInit): Promise<Answered>;
  /** Writes bytes to a fresh connection and reads until the server closes it. */
  raw(bytes: string | Buffer): Promise<string>;
  readonly door: Listener;
  start(): Promise<void>;
  drain(): void;
  close(): Promise<void>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { request_id: string; data?: unknown; error?: { code: string; message: string; faults?: unknown } };
}

export interface Toys {
  /** The created objects, in order. */
  readonly created: string[];
  readonly pushes: unknown[];
  notReady: readonly string[];
  /** `/thing/slow` answers when this resolves. */
  gate: Promise<void>;
  /** Called when `/thing/slow` was reached. */
  reached: () => void;
}

export const keys: Readonly<Record<Role, string>> = {
  viewer: 'viewer-key-0123456789abcdef0123456789ab',
  responder: 'responder-key-0123456789abcdef012345678',
  admin: 'admin-key-0123456789abcdef0123456789abc',
};

export const integrationKey = 'integration-key-0123456789abcdef0123456';

const limits: ServerLimits = {
  bodyMaxBytes: 1_048_576,
  ingestBodyMaxBytes: 1_048_576,
  headersMaxBytes: 16_384,
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  connectionsMax: 100,
  drainMs: 2000,
  holdMs: 0,
  apiPerSecond: 0,
  strangersPerSecond: 20,
  ingestPerSecond: 0,
};

export type StubOptions = Partial<Omit<ServerOptions, 'limits'>> & { readonly limits?: Partial<ServerLimits> };

export async function startStubServer(changes: StubOptions = {}): Promise<StubServer> {
  const server = await openStubServer(changes);
  await server.start();
  return server;
}

/** The same before its start, when it listens already. */
export async function openStubServer(changes: StubOptions = {}): Promise<StubServer> {
  const toys: Toys = { created: [], pushes: [], notReady: [], gate: Promise.resolve(), reached: () => undefined };
  const logged: string[] = [];
  const options = toyOptions(toys, logged, changes);
  const door = await openListener(options);
  const server = createServer(options, door);
  const { port } = door.listening;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    options,
    logged,
    toys,
    post: (path, body = {}, init = {}) => post(`${url}${path}`, body, init),
    raw: (bytes) => raw(port, bytes),
    door,
    start: () => server.start(),
    drain: () => server.drain(),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function post(url: string, body: unknown, init: RequestInit): Promise<Answered> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keys.admin}`, ...headersOf(init) },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

function headersOf(init: RequestInit): Record<string, string> {
  return (init.headers ?? {}) as Record<string, string>;
}

function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

function toyOptions(toys: Toys, logged: string[], changes: StubOptions): ServerOptions {
  const log = (event: string, fields: object) => {
    logged.push(
      `${event} ${JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? value.stack : value))}`,
    );
  };
  return {
    routes: toyRoutes(toys),
    ingestion: toyIngestion(toys),
    authenticate: async (key) => {
      const role = (Object.keys(keys) as Role[]).find((name) => keys[name] === key);
      if (role === undefined) return undefined;
      const person_id = 1 + Object.keys(keys).indexOf(role);
      return { role, person: { person_id, person_name: role, email: `${role}@example.org` } };
    },
    browsers: { cookie: new SessionCookie(changes.publicUrl ?? ''), authenticate: async () => undefined },
    console: undefined,
    live: new LiveHub({
      clock: systemClock,
      timers: systemTimers,
      eventsAfter: async () => [],
      hasPeers: false,
      failed: (error) => log('live.failed', { error }),
    }),
    idempotency: memoryIdempotency(),
    health: { notReady: async () => toys.notReady },
    metrics: async () => 'tocsin_toys 1\n',
    pushes: [
      {
        name: 'incident.i_new',
        summary: 'A new incident.',
        body: z.object({ event_id: z.string() }),
        example: { event_id: '3f0c1d5e8a7b4c2990aa11bb22cc33dd' },
      },
    ],
    listen: { host: '127.0.0.1', port: 0 },
    hosts: ['tocsin.example.org'],
    publicUrl: '',
    version: '0.0.0-test',
    clock: systemClock,
    timers: systemTimers,
    ids: systemIds(systemClock, systemRandom),
    log: { warn: log, error: log },
    ...changes,
    limits: { ...limits, ...changes.limits },
  };
}

/** The port's words, in memory: the store has its own tests, on real databases. */
export function memoryIdempotency(): Idempotency {
  const rows = new Map<string, { bodyHash: string; answer: string; since: number }>();
  return {
    async take(id, bodyHash, now): Promise<Taken> {
      const row = rows.get(id);
      if (row === undefined) {
        rows.set(id, { bodyHash, answer: '', since: now });
        return { kind: 'taken' };
      }
      if (row.bodyHash !== bodyHash) return { kind: 'mismatch' };
      return row.answer === '' ? { kind: 'open', since: row.since } : { kind: 'answered', answer: row.answer };
    },
    async answer(id, answer) {
      const row = rows.get(id);
      if (row !== undefined) row.answer = answer;
    },
    async release(id) {
      rows.delete(id);
    },
  };
}

function toyIngestion(toys: Toys): Ingestion {
  const take = (key: string, pushed: object, reply: IngestionReply): IngestionReply => {
    if (key !== integrationKey) throw wrongKey();
    toys.pushes.push(pushed);
    return reply;
  };
  return {
    knows: async (key) => key === integrationKey,
    sender: (type) => ({
      postsTo: (path) => path === '' || (type === 'pagerduty' && path === 'v2/enqueue'),
      hasKeyInBody: type === 'pagerduty',
      ...(type === 'pagerduty' ? { refusal: (status, errors) => ({ status: `refused by ${status}`, errors }) } : {}),
    }),
    refused: async () => {},
    push: async ({ type, key, content, query }) => {
      const body = 'value' in content ? content.value : content.parts;
      const reply = type === 'pagerduty' ? { status: 202, body: { status: 'success' } } : { data: { alert_key: 'k' } };
      return take(key, { type, body, channel: query['channel_id'] }, reply);
    },
    comment: async (key, body) => take(key, { body }, { data: {} }),
    listChannels: async (key, body) => take(key, { body }, { data: { items: [], total: 0 } }),
  };
}

function toyRoutes(toys: Toys): Route[] {
  const nothing = z.object({});
  const idOnly = z.object({ thing_id: z.int().min(1) });
  return [
    query(
      '/thing/info',
      'Reads a thing.',
      'viewer',
      { request: idOnly, reply: z.object({ thing_id: z.int(), role: z.string() }) },
      async ({ thing_id }, call) => {
        if (thing_id === 404) throw notFound('thing', thing_id);
        return { thing_id, role: call.role };
      },
    ),
    commandWithReply(
      '/thing/create',
      'Makes a thing.',
      'responder',
      {
        request: z.object({
          name: z.string().min(1).max(10),
          severity: z.enum(['Critical', 'Warning']).default('Warning'),
          tags: z.array(z.string()).max(2).default([]),
          size: z.object({ width: z.number() }).optional(),
        }),
        reply: z.object({ number: z.int(), name: z.string() }),
      },
      async ({ name }) => {
        if (name === 'refused') throw new Failure('ReferenceExist', 'it is still in use');
        if (name === 'lost') throw new DatabaseFailure('unavailable', 'connection lost at commit');
        toys.created.push(name);
        return { number: toys.created.length, name };
      },
    ),
    command('/thing/delete', 'Removes a thing.', 'admin', idOnly, async () => ({})),
    query('/thing/slow', 'Takes its time.', 'viewer', { request: nothing, reply: nothing }, async () => {
      toys.reached();
      await toys.gate;
      return {};
    }),
    query('/thing/bug', 'Has a bug.', 'viewer', { request: nothing, reply: nothing }, () =>
      Promise.reject(new TypeError('undefined is not a secret-internal-detail')),
    ),
    command(
      '/thing/full',
      'Has no space.',
      'viewer',
      z.object({ kind: z.enum(['full', 'busy', 'unavailable', 'broken']) }),
      ({ kind }) => Promise.reject(new DatabaseFailure(kind, 'SQLITE_SOMETHING internal')),
    ),
    query(
      '/thing/wrong',
      'Replies what its schema forbids.',
      'viewer',
      { request: nothing, reply: z.object({ count: z.int().max(3) }) },
      async () => ({ count: 4 }),
    ),
  ];
}
