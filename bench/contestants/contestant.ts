import type { BenchPostgres } from '../servers/postgres.ts';
import type { Target } from '../programs/load.ts';

/** Why a row is empty. */
export class NotRunnable extends Error {
  override readonly name = 'NotRunnable';
}

/** What a contestant is started with. */
export interface Setting {
  readonly sinkPort: number;
  /** Webhooks that each change goes to. */
  readonly fanOut: number;
  readonly postgres: BenchPostgres | undefined;
  /** Flags for Node, such as a profiler's. */
  readonly nodeFlags?: readonly string[];
}

/** Something that takes changes over HTTP and posts them to the sink. */
export interface Contestant extends Target {
  stop(): Promise<void>;
}

export interface Entry {
  /** As the tables name it. */
  readonly name: string;
  readonly key: string;
  /** @throws NotRunnable with the reason. */
  start(setting: Setting): Promise<Contestant>;
}

/** Requests in flight to the sink, for everyone alike. */
export const concurrency = 64;
