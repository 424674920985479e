import { Worker } from 'node:worker_threads';
import type { QueryResult } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import type { Timers } from '../../runtime/timers.ts';
import { DatabaseFailure, type DatabaseFailureKind, type Found } from '../database.ts';
import type { SearchedKind, Sought } from '../search-text.ts';
import { quietLogger, type DatabaseLogger } from '../slow-statements.ts';
import { LongReader } from './long-reader.ts';

/** How long a read may take, the wait for its turn included. */
export const longReadMaxMs = 5_000;
/** Memory for new objects of the thread. By default Node would let them grow to 96 MB before it looks which are still in use. */
const maxYoungGenerationSizeMb = 8;
/** How many reads may wait for the thread. */
export const longReadsWaitingMax = 500;

export type ReadingRequest =
  | { readonly id: number; readonly text: string; readonly parameters: readonly unknown[] }
  | { readonly id: number; readonly kind: SearchedKind; readonly sought: Sought; readonly max: number };

export type ReadingAnswer =
  | { readonly id: number; readonly rows: unknown[] }
  | { readonly id: number; readonly found: Found | undefined }
  | {
      readonly id: number;
      readonly failure: { readonly kind: DatabaseFailureKind | undefined; readonly message: string };
    }
  | { readonly warning: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string } };

/** What lists and searches are read through. */
export interface LongReads {
  execute(text: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>>;
  find(kind: SearchedKind, sought: Sought, max: number): Promise<Found | undefined>;
  close(): Promise<void>;
}

interface WaitingRead {
  resolve(answer: Exclude<ReadingAnswer, { warning: unknown }>): void;
  reject(error: Error): void;
  readonly cancel: () => void;
}

/**
 * Reads in a thread, so that the event loop goes on meanwhile. A read that takes too long is given up with all that wait
 * behind it, and another thread takes the next one: SQLite cannot be interrupted from outside.
 */
export class ReadingThread implements LongReads {
  readonly #file: string;
  readonly #timers: Timers;
  readonly #logger: DatabaseLogger;
  readonly #waiting = new Map<number, WaitingRead>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  constructor(file: string, timers: Timers, logger: DatabaseLogger = quietLogger) {
    this.#file = file;
    this.#timers = timers;
    this.#logger = logger;
    this.#worker = this.#start();
  }

  async execute(text: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>> {
    const answer = await this.#ask((id) => ({ id, text, parameters }));
    return { rows: 'rows' in answer ? answer.rows : [] };
  }

  async find(kind: SearchedKind, sought: Sought, max: number): Promise<Found | undefined> {
    const answer = await this.#ask((id) => ({ id, kind, sought, max }));
    return 'found' in answer ? answer.found : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#refuseAll('unavailable', 'the database is closed');
    await this.#worker?.terminate();
  }

  #ask(request: (id: number) => ReadingRequest): Promise<Exclude<ReadingAnswer, { warning: unknown }>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new DatabaseFailure('unavailable', 'the database is closed');
      if (this.#waiting.size >= longReadsWaitingMax) throw new DatabaseFailure('busy', 'too many reads wait');
      this.#lastId += 1;
      const cancel = this.#timers.after(longReadMaxMs, () => this.#giveUp());
      this.#waiting.set(this.#lastId, { resolve, reject, cancel });
      this.#worker ??= this.#start();
      this.#worker.postMessage(request(this.#lastId));
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reading-worker.ts', import.meta.url), {
      workerData: { file: this.#file },
      resourceLimits: { maxYoungGenerationSizeMb },
    });
    worker.unref();
    worker.on('message', (answer: ReadingAnswer) => this.#take(answer));
    worker.on('error', (error: Error) => {
      this.#logger.warn({ error: error.message }, 'reading_thread.ended');
      if (worker === this.#worker)
        this.#replace('unavailable', `the thread that reads lists has ended: ${error.message}`);
    });
    return worker;
  }

  #take(answer: ReadingAnswer): void {
    if ('warning' in answer) {
      this.#logger.warn(answer.warning.fields, answer.warning.message);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    waiting.cancel();
    if (!('failure' in answer)) {
      waiting.resolve(answer);
      return;
    }
    const { kind, message } = answer.failure;
    waiting.reject(kind === undefined ? new Error(message) : new DatabaseFailure(kind, message));
  }

  #giveUp(): void {
    this.#logger.warn({ limit_ms: longReadMaxMs }, 'reading_thread.too_slow');
    void this.#worker?.terminate();
    this.#replace('busy', `a read took longer than ${longReadMaxMs} ms: narrow the filter or the window`);
  }

  /** The next read starts another. */
  #replace(kind: DatabaseFailureKind, message: string): void {
    this.#worker = undefined;
    this.#refuseAll(kind, message);
  }

  #refuseAll(kind: DatabaseFailureKind, message: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { cancel, reject } of waiting) {
      cancel();
      reject(new DatabaseFailure(kind, message));
    }
  }
}

/** The same in the thread that asks: for a command or a test, which need no second one. */
export function readsHere(file: string, clock: Clock, logger?: DatabaseLogger): LongReads {
  let reader: LongReader | undefined;
  const open = () => (reader ??= new LongReader(file, clock, logger));
  return {
    execute: async (text, parameters) => open().execute(text, parameters),
    find: async (kind, sought, max) => open().find(kind, sought, max, longReadMaxMs),
    close: async () => reader?.close(),
  };
}
