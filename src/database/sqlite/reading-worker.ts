import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { DatabaseFailure } from '../database.ts';
import { LongReader } from './long-reader.ts';
import type { ReadingAnswer, ReadingRequest } from './reading-thread.ts';

/** How often the search index is brought up to date while nobody asks. */
const everyMs = 1_000;
/** How long it works on the index in one go: who asks meanwhile waits for that. */
const stepMs = 25;
/** The share of its time that it works while it is behind: little beside pushes, which need the machine. */
const share = { idle: 1 / 3, busy: 1 / 20 };
/** The other threads of the process use more of one processor than this while the service is busy. */
const busyFrom = 0.5;
/** How long a search waits for the index to catch up. */
const findBudgetMs = 100;

/** Runs in a thread: reads what may take long, and keeps the search index. */
const { file } = workerData as { file: string };
const reader = new LongReader(file, systemClock, {
  warn: (fields, message) => parentPort?.postMessage({ warning: { fields, message } } satisfies ReadingAnswer),
});

parentPort?.on('message', (request: ReadingRequest) => {
  parentPort?.postMessage(answer(request));
});

function answer(request: ReadingRequest): ReadingAnswer {
  const { id } = request;
  try {
    if ('sought' in request) return { id, found: reader.find(request.kind, request.sought, request.max, findBudgetMs) };
    return { id, rows: reader.execute(request.text, request.parameters).rows };
  } catch (error) {
    const kind = error instanceof DatabaseFailure ? error.kind : undefined;
    return { id, failure: { kind, message: error instanceof Error ? error.message : String(error) } };
  }
}

function keepUp(): void {
  const others = othersShare();
  const started = systemClock.monotonic();
  const isUpToDate = reader.advance(stepMs);
  const workedMs = systemClock.monotonic() - started;
  const pauseMs = workedMs / (others > busyFrom ? share.busy : share.idle) - workedMs;
  systemTimers.after(isUpToDate ? everyMs : pauseMs, keepUp);
}

let last = { at: systemClock.monotonic(), others: 0 };

/** How much of one processor the other threads of the process have used since the last question. */
function othersShare(): number {
  const at = systemClock.monotonic();
  const others = cpuMs(process.cpuUsage()) - cpuMs(process.threadCpuUsage());
  const used = (others - last.others) / (at - last.at);
  last = { at, others };
  return used;
}

function cpuMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

systemTimers.after(everyMs, keepUp);
