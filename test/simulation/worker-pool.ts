import { Worker } from 'node:worker_threads';
import type { ScriptedRun } from './exploration.ts';
import type { Report } from './run.ts';
import type { TinyOptions } from './tiny.ts';

/** One run that a worker is to carry out; without a mutant, of the service as it is. */
interface Seeded {
  readonly seed: number;
  readonly mutant?: string | undefined;
}
type Scripted = Pick<TinyOptions, 'tiny' | 'departures'> & Pick<Seeded, 'mutant'>;
export type Job = Seeded | Scripted;

/** Workers that carry out runs beside each other, each run alone in its thread. */
export class WorkerPool {
  readonly #members: readonly Member[];
  readonly #free: Member[];
  readonly #waiting: ((member: Member) => void)[] = [];

  constructor(size: number) {
    this.#members = Array.from({ length: size }, () => new Member());
    this.#free = [...this.#members];
  }

  /** @throws Error when the worker itself came to its end. */
  async run(job: Seeded): Promise<Report> {
    return (await this.#run(job)).report;
  }

  /** @throws Error when the worker itself came to its end. */
  async runTiny(job: Scripted): Promise<ScriptedRun> {
    return this.#run(job);
  }

  async #run(job: Job): Promise<ScriptedRun> {
    const member = this.#free.pop() ?? (await new Promise<Member>((resolve) => this.#waiting.push(resolve)));
    const run = await member.run(job);
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(member);
    else next(member);
    return run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()));
  }
}

class Member {
  readonly #worker: Worker;
  #answered: (run: ScriptedRun) => void = () => {};
  #lost: (error: unknown) => void = () => {};

  constructor() {
    // Without the preloads and the marks of a test runner, which are not meant for threads.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    this.#worker = new Worker(new URL('worker.ts', import.meta.url), { execArgv: [], env });
    this.#worker.on('message', (run: ScriptedRun) => this.#answered(run));
    this.#worker.on('error', (error) => this.#lost(error));
  }

  async run(job: Job): Promise<ScriptedRun> {
    try {
      return await new Promise<ScriptedRun>((resolve, reject) => {
        this.#answered = resolve;
        this.#lost = reject;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
        this.#worker.postMessage(job);
      });
    } catch (cause) {
      throw new Error(`the worker came to its end that ran ${JSON.stringify(job)}`, { cause });
    }
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
