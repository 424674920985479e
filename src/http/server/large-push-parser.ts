import { Worker } from 'node:worker_threads';
import type { AlertReport } from '../../alerts/alert.ts';
import type { Refused, Parsed } from '../../ingestion/formats/format.ts';
import type { LargeContext, LargeParsed } from '../../ingestion/push-receiver.ts';
import { Failure } from '../../runtime/failure.ts';

export interface LargeBody {
  readonly parts: readonly Uint8Array[];
  readonly type: string;
  readonly context: LargeContext;
}

/** A body that somebody has pushed. */
export interface LargePush extends LargeBody {
  readonly integrationId: number;
}

/** A body to read, or the wish for the next piece of the last one. */
export type ToWorker = { readonly body: LargeBody } | { readonly next: true };

export type FromWorker =
  | { readonly unreadable: string }
  | { readonly head: Refused | Omit<Parsed, 'reports'> }
  | { readonly piece: readonly AlertReport[] };

/** Large bodies that wait while one is read: each is held in memory. */
const waitingMax = 4;
/** Of one integration, the one that is read included: two, because pairs of senders post the same. */
export const bodiesOfOneMax = 2;

const busyRetrySeconds = 2;

/** Reads large bodies in a thread, one at a time. It starts with the first one. */
export class LargePushParser {
  #worker: Worker | undefined;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  readonly #bodiesOf = new Map<number, number>();

  /** @throws Failure for a text that is no JSON, and when too many large bodies wait, or too many of this integration. */
  async parse({ parts, type, context, integrationId }: LargePush): Promise<LargeParsed> {
    const release = await this.#turn(integrationId);
    try {
      const read = await this.#ask({ body: { parts, type, context } });
      if ('unreadable' in read) throw new Failure('BadRequest', read.unreadable);
      if (!('head' in read)) throw new Error('the parser of large bodies answered with a piece');
      if (!read.head.ok) {
        release();
        return { head: read.head };
      }
      return { head: read.head, pieces: this.#pieces(release) };
    } catch (error) {
      release();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** The next body is read when all pieces of this one are fetched, or nobody wants more of them. */
  async *#pieces(release: () => void): AsyncGenerator<readonly AlertReport[]> {
    try {
      for (;;) {
        const read = await this.#ask({ next: true });
        if (!('piece' in read) || read.piece.length === 0) return;
        yield read.piece;
      }
    } finally {
      release();
    }
  }

  async #turn(integrationId: number): Promise<() => void> {
    const own = this.#bodiesOf.get(integrationId) ?? 0;
    if (this.#waiting > waitingMax || own >= bodiesOfOneMax) {
      const message = 'too many large bodies are being read: try again in some seconds';
      throw new Failure('ServiceUnavailable', message, { retryAfterSeconds: busyRetrySeconds });
    }
    this.#waiting += 1;
    this.#bodiesOf.set(integrationId, own + 1);
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#waiting -= 1;
      const left = (this.#bodiesOf.get(integrationId) ?? 1) - 1;
      if (left === 0) this.#bodiesOf.delete(integrationId);
      else this.#bodiesOf.set(integrationId, left);
      resolve();
    };
  }

  #ask(message: ToWorker): Promise<FromWorker> {
    const worker = (this.#worker ??= this.#start());
    const { promise, resolve, reject } = Promise.withResolvers<FromWorker>();
    const fail = () => {
      const why = 'a large body could not be read to its end; nothing more of it was taken, send it again';
      reject(new Failure('ServiceUnavailable', why, { retryAfterSeconds: busyRetrySeconds }));
    };
    worker.once('message', resolve);
    worker.once('exit', fail);
    worker.postMessage(message);
    return promise.finally(() => {
      worker.off('message', resolve);
      worker.off('exit', fail);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./large-push-worker.ts', import.meta.url));
    worker.unref();
    // An error ends the thread, and the end refuses what it was asked; the next body gets a new one.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}
