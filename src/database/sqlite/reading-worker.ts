import { parentPort, workerData } from 'node:worker_threads';
import { BackgroundPace } from '../../runtime/background-pace.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { goBehind } from '../../runtime/thread-priority.ts';
import { DatabaseFailure } from '../database.ts';
import { LongReader } from './long-reader.ts';
import type { ReadingAnswer, ReadingRequest } from './reading-thread.ts';

/** How often the search index is brought up to date while nobody asks. */
const everyMs = 1_000;
/** How long it works on the index in one go: who asks meanwhile waits for that. */
const stepMs = 25;
/** How long a search waits for the index to catch up. */
const findBudgetMs = 100;

/** Runs in a thread: reads what may take long, and keeps the search index. Where processors are few, pushes go first. */
goBehind();
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

const pace = new BackgroundPace(systemClock);

function keepUp(): void {
  pace.begin();
  const isUpToDate = reader.advance(stepMs);
  const pauseMs = pace.end();
  systemTimers.after(isUpToDate ? everyMs : pauseMs, keepUp);
}

systemTimers.after(everyMs, keepUp);
