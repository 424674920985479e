import { Failure } from '../../runtime/failure.ts';

/** Reading calls of one member that are worked on at once; lists and searches have few threads or connections. */
export const readsAtOnceMax = 4;
/** Those that wait behind them. */
export const readsWaitingMax = 100;

const retryAfterSeconds = 1;

/** The reading calls of each member go in turn, so that one who asks for a hundred lists makes nobody else wait for them. */
export class ReadsInTurn {
  readonly #members = new Map<number, Reads>();

  /** @throws Failure `RequestTooFrequently` when too many of this member wait. */
  async run<Result>(memberId: number, work: () => Promise<Result>): Promise<Result> {
    const reads = this.#members.get(memberId) ?? { running: 0, waiting: [] };
    this.#members.set(memberId, reads);
    await begin(reads);
    try {
      return await work();
    } finally {
      const next = reads.waiting.shift();
      if (next === undefined) reads.running -= 1;
      else next();
      if (reads.running === 0) this.#members.delete(memberId);
    }
  }
}

interface Reads {
  running: number;
  /** Each begins when it is called. */
  readonly waiting: (() => void)[];
}

async function begin(reads: Reads): Promise<void> {
  if (reads.running < readsAtOnceMax) {
    reads.running += 1;
    return;
  }
  if (reads.waiting.length >= readsWaitingMax) {
    const message = `too many calls at once: ${readsAtOnceMax} lists or details of a member are read at a time, and ${readsWaitingMax} may wait`;
    throw new Failure('RequestTooFrequently', message, { retryAfterSeconds });
  }
  await new Promise<void>((resolve) => reads.waiting.push(resolve));
}
