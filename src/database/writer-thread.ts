import { Worker } from 'node:worker_threads';
import { atEndOfTurn } from '../runtime/timers.ts';
import { DatabaseFailure } from './database.ts';
import type { DatabaseLogger } from './slow-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import { errorOf, type Answer, type Call, type WriterSetup } from './writer-protocol.ts';

/**
 * Starts the thread that writes, so that neither statements nor the sync of a commit hold the event loop.
 * @throws DatabaseFailure when the file cannot be used.
 */
export async function startWriterThread(setup: WriterSetup, logger: DatabaseLogger): Promise<SqliteWriter> {
  const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), { workerData: setup });
  const thread = new WriterThread(worker, logger);
  try {
    await thread.opened;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    // Nothing waits for what is told again by what follows it.
    begin: async () => thread.tell(['begin']),
    open: async () => thread.tell(['open']),
    execute: (text, parameters) => thread.call(['execute', text, parameters]),
    executeEach: (text, lists) => thread.call(['executeEach', text, lists]),
    writeEach: async (text, lists) => thread.tell(['executeEach', text, lists]),
    keep: () => thread.call<void>(['keep']),
    undo: () => thread.call<boolean>(['undo']),
    commit: () => thread.call<void>(['commit']),
    close: async () => {
      await thread.call<void>(['close']);
      await worker.terminate();
    },
  };
}

class WriterThread {
  /** Resolves when the file is open. */
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #logger: DatabaseLogger;
  /** Calls without an answer, the oldest first from `#oldest` on. */
  #asked: Asked[] = [];
  #oldest = 0;
  /** Calls of this turn, not sent yet. */
  #calls: Call[] = [];

  constructor(worker: Worker, logger: DatabaseLogger) {
    this.#worker = worker;
    this.#logger = logger;
    this.opened = new Promise((resolve, reject) => {
      this.#asked.push({ resolve: () => resolve(), reject });
    });
    worker.on('message', (answers: readonly Answer[]) => answers.forEach((answer) => this.#take(answer)));
    // An error that leaves the thread is a bug, as it would be here.
    worker.on('error', (error) => {
      throw error;
    });
    worker.on('exit', () => this.#end());
  }

  call<Result>(call: Call): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#ask(call, { resolve: resolve as Asked['resolve'], reject });
    });
  }

  /** A call whose answer nobody waits for. */
  tell(call: Call): void {
    this.#ask(call, nobody);
  }

  #ask(call: Call, asked: Asked): void {
    this.#asked.push(asked);
    if (this.#calls.push(call) === 1) atEndOfTurn(() => this.#send());
  }

  #send(): void {
    const calls = this.#calls;
    this.#calls = [];
    try {
      this.#worker.postMessage(calls);
    } catch {
      // Something in it cannot be sent at all. That call is made as one that is refused, the others as they are.
      this.#worker.postMessage(calls.map(sendable));
    }
  }

  #take(message: Answer): void {
    if (message[0] === 'slow') {
      this.#logger.warn(message[1], message[2]);
      return;
    }
    const asked = this.#asked[this.#oldest];
    if (asked === undefined) throw new Error('the thread that writes answered what it was not asked');
    this.#oldest += 1;
    if (this.#oldest === this.#asked.length) {
      this.#asked = [];
      this.#oldest = 0;
    }
    if (message[0] === 'done') asked.resolve(message[1]);
    else asked.reject(errorOf(message[1]));
  }

  #end(): void {
    const failure = new DatabaseFailure('unavailable', 'the thread that writes has ended');
    for (const { reject } of this.#asked.slice(this.#oldest)) reject(failure);
    this.#asked = [];
    this.#oldest = 0;
  }
}

interface Asked {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const nobody: Asked = { resolve: () => {}, reject: () => {} };

/** What cannot be sent to a thread is a value that no statement may be given, so any such value takes its place. */
function sendable(call: Call): Call {
  const [name, text, given] = call;
  if (name === 'execute') return [name, text, given.map(storable)];
  return name === 'executeEach' ? [name, text, given.map((list) => list.map(storable))] : call;
}

function storable(value: unknown): unknown {
  return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
}
