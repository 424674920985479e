import { Worker } from 'node:worker_threads';
import type { Report } from './run.ts';

/** One run that a worker is to carry out; without a mutant, of the service as it is. */
export interface Job {
  readonly seed: number;
  readonly mutant?: string;
}

interface Member {
  readonly worker: Worker;
  answered: (report: Report) => void;
}

/** Workers that carry out runs beside each other, each run alone in its thread. */
export class Crew {
  readonly #members: readonly Member[];
  readonly #free: Member[];
  readonly #waiting: ((member: Member) => void)[] = [];

  constructor(size: number) {
    this.#members = Array.from({ length: size }, () => {
      // Without the preloads and the marks of a test runner, which are not meant for threads.
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
      const worker = new Worker(new URL('worker.ts', import.meta.url), { execArgv: [], env });
      const member: Member = { worker, answered: () => {} };
      worker.on('message', (report: Report) => member.answered(report));
      worker.on('error', (error) => {
        throw error;
      });
      return member;
    });
    this.#free = [...this.#members];
  }

  async run(job: Job): Promise<Report> {
    const member = this.#free.pop() ?? (await new Promise<Member>((resolve) => this.#waiting.push(resolve)));
    const report = await new Promise<Report>((resolve) => {
      member.answered = resolve;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
      member.worker.postMessage(job);
    });
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(member);
    else next(member);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }
}
