import type { FastifyInstance } from 'fastify';
import type { Idempotency } from '../access/idempotency-store.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Timers } from '../runtime/timers.ts';
import type { Authenticate } from './admission.ts';
import type { Ingestion } from './ingestion-endpoints.ts';
import type { Push } from './push-operation.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { Route } from './route.ts';

/** Everything that a server is made of. */
export interface ServerOptions {
  readonly routes: readonly Route[];
  readonly ingestion: Ingestion;
  readonly authenticate: Authenticate;
  readonly idempotency: Idempotency;
  readonly health: Health;
  /** The metrics in Prometheus text format. */
  metrics(): Promise<string>;
  /** What the webhooks receive, for the OpenAPI document. */
  readonly pushes: readonly Push[];
  readonly listen: Listen;
  /** Names under which clients may speak to this server, beside `localhost` and addresses; without ports. */
  readonly hosts: readonly string[];
  /** Where clients find this server, for the OpenAPI document and the first page; '' = as they came. */
  readonly publicUrl: string;
  readonly limits: ServerLimits;
  readonly version: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly log: ServerLog;
  /** Checks each reply against its schema, and says in the answer what is wrong inside: for tests. */
  readonly checkReplies?: boolean;
  /** Adds what is not an operation of the API: the console's files, the live stream. */
  readonly mount?: readonly ((app: FastifyInstance) => void)[];
}

export interface Listen {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
}

/** All from settings; a rate of 0 is no limit. */
export interface ServerLimits {
  readonly bodyMaxBytes: number;
  readonly headersMaxBytes: number;
  readonly headerTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly connectionsMax: number;
  /** How long a closing server waits for the requests that run. */
  readonly drainMs: number;
  readonly apiPerSecond: number;
  /** Per integration. */
  readonly ingestPerSecond: number;
}

export interface Health {
  /** Why the service cannot do its work now, in sentences; empty = it can. */
  notReady(): Promise<readonly string[]>;
}

/** Events of the log are named; the fields hold no secret and no body. */
export interface ServerLog {
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
  error(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What the endpoints of one server share. */
export interface Endpoints {
  readonly app: FastifyInstance;
  readonly options: ServerOptions;
  /** Per address, for requests without a good key. */
  readonly failedTries: RateLimiter | undefined;
  isDraining(): boolean;
}
