import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../runtime/clock.ts';
import { SlowStatements } from './slow-statements.ts';
import { openWriterHandle } from './sqlite-file.ts';
import { SqliteWork } from './sqlite-writer.ts';
import { lockWaitMs, thrownOf, type Answer, type Call, type WriterSetup } from './writer-protocol.ts';

/** Runs in a thread of its own: holds the one connection that writes, and does what it is told, in order. */
const { slowMs, ...setup } = workerData as WriterSetup;
const port = parentPort;
if (port === null) throw new Error('this is the thread that writes: the service starts it');

let answers: Answer[] = [];

function attempt(work: () => unknown): void {
  try {
    answers.push(['done', work()]);
  } catch (error) {
    answers.push(['failed', thrownOf(error)]);
  }
}

function send(): void {
  port?.postMessage(answers);
  answers = [];
}

attempt(() => {
  const logger = {
    warn: (fields: Readonly<Record<string, unknown>>, message: string) => answers.push(['slow', fields, message]),
  };
  const handle = openWriterHandle(setup, new SlowStatements({ clock: systemClock, logger, slowMs }));
  handle.exec(`pragma busy_timeout = ${lockWaitMs}`);
  const work = new SqliteWork(handle);
  port.on('message', (calls: readonly Call[]) => {
    for (const [name, ...parameters] of calls) {
      attempt(() => (work[name] as (...given: unknown[]) => unknown).apply(work, parameters));
      // Somebody waits for it, and need not wait for what comes after it.
      if (name === 'commit') send();
    }
    if (answers.length > 0) send();
    if (calls.at(-1)?.[0] === 'close') port.close();
  });
});
send();
