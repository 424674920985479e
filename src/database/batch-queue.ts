import { Failure } from '../runtime/failure.ts';
import { DatabaseFailure } from './database.ts';

/** Jobs per batch, unless the caller says otherwise. */
export const batchMaxDefault = 256;
/** Waiting jobs. */
export const queueMaxDefault = 10_000;

export interface BatcherOptions<Job, Result> {
  /**
   * One result per job, in the same order. Of a batch that became too much it may give those of the first jobs alone: the
   * others go in the next batch. When it throws, nothing of the batch may have happened.
   * @param take returns the batch; jobs added before the first call are included.
   */
  run(take: () => readonly Job[]): Promise<readonly Result[]>;
  readonly batchMax?: number;
  readonly queueMax?: number;
  /** How much a job weighs; a batch ends before it weighs more than `weightMax`, but for a single job. */
  readonly weigh?: (job: Job) => number;
  readonly weightMax?: number;
  /** Whose job it is: who adds many waits for their own alone. All are of one by default. */
  readonly ownerOf?: (job: Job) => unknown;
}

/**
 * Gathers jobs: those added while one batch runs, or waits for its turn, go together in the next, one of each owner in
 * turn. Reports of many pushes
 * share one transaction by it, on both databases: one look at the configuration, one lock and one read for each alert,
 * one statement for the rows of each table. `GroupCommit` cannot do that. It shares the sync among transactions that know
 * nothing of each other, each with its own statements, and PostgreSQL has none.
 */
export class BatchQueue<Job, Result> {
  readonly #run: (take: () => readonly Job[]) => Promise<readonly Result[]>;
  readonly #batchMax: number;
  readonly #queueMax: number;
  readonly #weigh: (job: Job) => number;
  readonly #weightMax: number;
  readonly #ownerOf: (job: Job) => unknown;
  /** By owner; who comes first has waited longest for a turn. */
  readonly #waiting = new Map<unknown, WaitingJob<Job, Result>[]>();
  #waitingCount = 0;
  #idle: Promise<void> | undefined;

  constructor(options: BatcherOptions<Job, Result>) {
    this.#run = (take) => options.run(take);
    this.#batchMax = options.batchMax ?? batchMaxDefault;
    this.#queueMax = options.queueMax ?? queueMaxDefault;
    this.#weigh = options.weigh ?? (() => 1);
    this.#weightMax = options.weightMax ?? Infinity;
    this.#ownerOf = options.ownerOf ?? (() => undefined);
  }

  /** @throws Failure `ServiceUnavailable` when too many wait; whatever `run` throws for this job alone. */
  add(job: Job): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.#waitingCount >= this.#queueMax) {
        throw new Failure('ServiceUnavailable', 'too much waits to be written: try again in a second', {
          retryAfterSeconds: 1,
        });
      }
      this.#lineOf(job).push({ job, resolve, reject });
      this.#waitingCount += 1;
      this.#idle ??= this.#runBatches();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  async drain(): Promise<void> {
    await this.#idle;
  }

  async #runBatches(): Promise<void> {
    // Jobs added in the same turn join the first batch.
    await Promise.resolve();
    while (this.#waitingCount > 0) {
      let batch: readonly WaitingJob<Job, Result>[] | undefined;
      await this.#runBatch(() => (batch ??= this.#nextBatch()));
    }
    this.#idle = undefined;
  }

  #lineOf(job: Job): WaitingJob<Job, Result>[] {
    const owner = this.#ownerOf(job);
    const line = this.#waiting.get(owner) ?? [];
    this.#waiting.set(owner, line);
    return line;
  }

  /** One job of each owner in turn, as long as they fit; those of one owner stay in their order. */
  #nextBatch(): WaitingJob<Job, Result>[] {
    const batch: WaitingJob<Job, Result>[] = [];
    let weight = 0;
    let open = [...this.#waiting.entries()];
    while (open.length > 0) {
      open = open.filter(([owner, line]) => {
        const [first] = line;
        if (first === undefined || batch.length === this.#batchMax) return false;
        const more = this.#weigh(first.job);
        if (batch.length > 0 && weight + more > this.#weightMax) return false;
        weight += more;
        batch.push(first);
        line.shift();
        this.#waiting.delete(owner);
        if (line.length > 0) this.#waiting.set(owner, line);
        return true;
      });
    }
    this.#waitingCount -= batch.length;
    return batch;
  }

  #putBack(jobs: readonly WaitingJob<Job, Result>[]): void {
    for (const one of jobs.toReversed()) this.#lineOf(one.job).unshift(one);
    this.#waitingCount += jobs.length;
  }

  async #runBatch(take: () => readonly WaitingJob<Job, Result>[]): Promise<void> {
    try {
      const results = await this.#run(() => take().map(({ job }) => job));
      const batch = take();
      const count = results.length;
      if (count > batch.length || (count === 0 && batch.length > 0)) {
        throw new Error(`${batch.length} jobs had ${count} results`);
      }
      this.#putBack(batch.slice(count));
      // Each of these has its result, even an undefined one.
      for (const [index, { resolve }] of batch.slice(0, count).entries()) resolve(results[index] as Result);
    } catch (error) {
      const batch = take();
      if (batch.length === 1 || isTheDatabases(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // One bad job must not fail the others.
      for (const waiting of batch) await this.#runBatch(() => [waiting]);
    }
  }
}

/** Not the fault of any job: one by one, each would only meet it again. */
function isTheDatabases(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.kind !== 'conflict';
}

interface WaitingJob<Job, Result> {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}
