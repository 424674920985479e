import { Failure } from '../runtime/failure.ts';
import { DatabaseFailure } from './database.ts';

/** How many jobs go together, unless the caller says otherwise. */
export const batchMaxDefault = 256;
/** How many jobs may wait. */
export const queueMaxDefault = 10_000;

export interface BatcherOptions<Job, Result> {
  /**
   * One result for each job, in the same order. When it throws, nothing of the batch may have happened.
   * @param take gives the jobs, the same ones each time: what has come until it is first called goes along.
   */
  run(take: () => readonly Job[]): Promise<readonly Result[]>;
  readonly batchMax?: number;
  readonly queueMax?: number;
}

/** Gathers what is to be written: jobs that come while one batch runs, or waits for its turn, go together in the next. */
export class Batcher<Job, Result> {
  readonly #run: (take: () => readonly Job[]) => Promise<readonly Result[]>;
  readonly #batchMax: number;
  readonly #queueMax: number;
  readonly #waiting: Waiting<Job, Result>[] = [];
  #idle: Promise<void> | undefined;

  constructor(options: BatcherOptions<Job, Result>) {
    this.#run = (take) => options.run(take);
    this.#batchMax = options.batchMax ?? batchMaxDefault;
    this.#queueMax = options.queueMax ?? queueMaxDefault;
  }

  /** @throws Failure `ServiceUnavailable` when too many wait; whatever `run` throws for this job alone. */
  add(job: Job): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.#waiting.length >= this.#queueMax) {
        throw new Failure('ServiceUnavailable', 'too much waits to be written: try again in a second', {
          retryAfterSeconds: 1,
        });
      }
      this.#waiting.push({ job, resolve, reject });
      this.#idle ??= this.#runBatches();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  async drain(): Promise<void> {
    await this.#idle;
  }

  async #runBatches(): Promise<void> {
    // What is added in the same go comes along in the first batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      let batch: readonly Waiting<Job, Result>[] | undefined;
      await this.#runBatch(() => (batch ??= this.#waiting.splice(0, this.#batchMax)));
    }
    this.#idle = undefined;
  }

  async #runBatch(take: () => readonly Waiting<Job, Result>[]): Promise<void> {
    try {
      const results = await this.#run(() => take().map(({ job }) => job));
      const batch = take();
      if (results.length !== batch.length) throw new Error(`${batch.length} jobs had ${results.length} results`);
      // The lengths are equal, so each job has its result, even if that is undefined.
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      const batch = take();
      if (batch.length === 1 || isTheDatabases(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // One bad job must not take the others with it.
      for (const waiting of batch) await this.#runBatch(() => [waiting]);
    }
  }
}

/** Not the fault of any job: run one by one, each would only meet it again. */
function isTheDatabases(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.kind !== 'conflict';
}

interface Waiting<Job, Result> {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}
