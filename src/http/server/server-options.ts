import type { FastifyInstance } from 'fastify';
import type { Idempotency } from '../../access/idempotency-store.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { ConsoleFiles } from '../console/console-files.ts';
import type { LiveHub } from '../live/live-hub.ts';
import type { Authenticate, Browsers } from './auth.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { HttpMetrics } from './http-metrics.ts';
import type { Ingestion } from './ingestion-endpoints.ts';
import type { PushOperation } from '../openapi/push-operation.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { Route } from '../routes/route.ts';

/** The parts of a server. */
export interface ServerOptions {
  readonly routes: readonly Route[];
  readonly ingestion: Ingestion;
  readonly authenticate: Authenticate;
  readonly browsers: Browsers & { readonly cookie: SessionCookie };
  readonly live: LiveHub;
  /** The built console; `undefined` = it has not been built. */
  readonly console: ConsoleFiles | undefined;
  readonly idempotency: Idempotency;
  readonly health: Health;
  /** The metrics in Prometheus text format. */
  metrics(): Promise<string>;
  /** Counts the requests. */
  readonly requests?: HttpMetrics;
  /** Pushes, for the OpenAPI document. */
  readonly pushes: readonly PushOperation[];
  readonly listen: Listen;
  /** Host names of this server beside `localhost` and addresses, without ports. */
  readonly hosts: readonly string[];
  /** The URL of this server, for the OpenAPI document and the first page; '' = as requested. */
  readonly publicUrl: string;
  readonly limits: ServerLimits;
  readonly version: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly log: ServerLog;
  /** Checks each reply against its schema and reports faults in the answer: for tests. */
  readonly checkReplies?: boolean;
}

export interface Listen {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
}

/** All from settings; a rate of 0 is no limit. */
export interface ServerLimits {
  readonly bodyMaxBytes: number;
  /** Of a push; those of the API have less to say. */
  readonly ingestBodyMaxBytes: number;
  readonly headersMaxBytes: number;
  readonly headerTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly connectionsMax: number;
  /** The longest wait for running requests when the server closes. */
  readonly drainMs: number;
  /** How long a push is held while the service starts or its database is away. */
  readonly holdMs: number;
  /** Per member. */
  readonly apiPerSecond: number;
  /** Per address without a good key. */
  readonly strangersPerSecond: number;
  /** Per integration. */
  readonly ingestPerSecond: number;
}

export interface Health {
  /** Why the service cannot work now, in sentences; empty = it can. */
  notReady(): Promise<readonly string[]>;
}

/** Log events have names; fields hold no secret and no body. */
export interface ServerLog {
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
  error(event: string, fields: Readonly<Record<string, unknown>>): void;
}

export function serverLog(logger: Logger): ServerLog {
  return {
    warn: (event, fields) => logger.warn(fields, event),
    error: (event, fields) => logger.error(fields, event),
  };
}

/** Shared by the endpoints of one server. */
export interface Endpoints {
  readonly app: FastifyInstance;
  readonly options: ServerOptions;
  /** Per address, for requests without a valid key and those that need none. */
  readonly strangers: RateLimiter | undefined;
  isDraining(): boolean;
}
