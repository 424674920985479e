import type { Database } from '../database/database.ts';
import type { HandOff } from '../delivery/store/hand-off.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import { Periodic } from '../runtime/periodic.ts';
import type { Timers } from '../runtime/timers.ts';
import type { WebhookSource } from '../webhooks/webhook-index.ts';
import { lookBack, paceOf, tailWaitMs, waitMaxMs, type ReplayPace } from './replay-pace.ts';
import {
  countOpen,
  lockReplay,
  makeGenerations,
  purgeReplays,
  readLastReasons,
  readRunning,
  saveReplay,
} from './replay-store.ts';
import type { Replay } from './replay.ts';
import { readCandidates, type Candidate } from './selection-store.ts';

export interface ReplayRunnerParts {
  readonly database: Database;
  readonly webhooks: WebhookSource;
  readonly handOff: HandOff;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly at: CrashPoints;
  /** Days that a replay is kept after its end. */
  readonly historyDays: number;
  /** A replay has got further, as a hint. */
  readonly changed: (progress: ReplayProgress) => void;
}

export interface ReplayProgress {
  readonly replay: Replay;
  /** Its deliveries that have ended. */
  readonly done: number;
}

/** Finds replays that were begun on other nodes, or before this process. */
export const lookEveryMs = 2_000;
const dayMs = 86_400_000;
const purgeEveryMs = 3_600_000;
/** Replays that one transaction forgets. */
const purgedTogetherMax = 500;

/**
 * Carries replays on, piece by piece. A piece is one transaction: the new deliveries and the place up to which the
 * history is done. So a process that dies loses nothing and makes nothing twice, and what it made goes out like any other
 * delivery. The row's lock and due time let one node at a time make a piece, at the pace asked for.
 */
export class ReplayRunner {
  readonly #parts: ReplayRunnerParts;
  readonly #periodic: Periodic;
  readonly #reported = new Map<string, string>();
  #purgedAt = 0;

  constructor(parts: ReplayRunnerParts) {
    this.#parts = parts;
    this.#periodic = new Periodic(parts.timers, 'replays', () => this.#round());
  }

  start(): void {
    this.#periodic.start();
  }

  /** Resolves when no piece is being made. */
  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  /** Something is to be done now. */
  wake(): void {
    this.#periodic.runIn(0);
  }

  async #round(): Promise<number> {
    const { database, clock, logger } = this.#parts;
    let nextAt = clock.now() + lookEveryMs;
    try {
      const running = await readRunning(database.read, 0);
      for (const replay of running) {
        nextAt = Math.min(nextAt, waits(replay, clock.now()) ? replay.dueAt : await this.#step(replay));
      }
      this.#forgetOthers(running);
      await this.#purge();
    } catch (error) {
      logger.warn({ error }, 'replay.not_read');
    }
    return Math.max(0, nextAt - clock.now());
  }

  /** One failure delays no other. @returns when the next step is due. */
  async #step(replay: Replay): Promise<number> {
    try {
      return await this.#piece(replay);
    } catch (error) {
      this.#parts.logger.warn({ error, replay_id: replay.replayId }, 'replay.not_continued');
      return this.#parts.clock.now() + lookEveryMs;
    }
  }

  async #piece(replay: Replay): Promise<number> {
    const { database } = this.#parts;
    const open = await countOpen(database.read, replay.replayId);
    const lastReasons = await readLastReasons(database.read, replay.replayId, lookBack);
    const pace = paceOf({ ...replay, open, lastReasons });
    const candidates = pace.records === 0 ? [] : await readCandidates(database, replay, pace.records);
    const isOver = pace.records > 0 && candidates.length === 0;
    const next = isOver ? { ...pace, waitMs: tailWaitMs } : pace;
    const after = await this.#advance(replay, candidates, next, isOver && open === 0);
    // Another node was quicker, or it was cancelled.
    if (after === undefined) return this.#parts.clock.now() + lookEveryMs;
    this.#report({ replay: after, done: after.made - open - (after.made - replay.made) });
    return after.state === 'running' ? after.dueAt : this.#parts.clock.now() + lookEveryMs;
  }

  /** The transaction of one piece. @returns `undefined` when it is not this node's to do any more. */
  #advance(
    read: Replay,
    candidates: readonly Candidate[],
    pace: ReplayPace,
    isDone: boolean,
  ): Promise<Replay | undefined> {
    const { database, webhooks, handOff, clock, ids, at } = this.#parts;
    return database.transaction(async (tx) => {
      const replay = await lockReplay(tx, database.dialect, read.replayId);
      const now = clock.now();
      const isSame = replay?.cursor.id === read.cursor.id && replay.dueAt === read.dueAt;
      if (replay?.state !== 'running' || !isSame) return undefined;
      const webhook = (await webhooks.in(tx)).find(replay.webhookId);
      if (webhook === undefined || webhook.status === 'disabled') {
        const message = `the webhook was ${webhook === undefined ? 'deleted' : 'disabled'}`;
        const failed: Replay = { ...replay, state: 'failed', message, finishedAt: now };
        await saveReplay(tx, failed);
        return failed;
      }
      const wanted = candidates.filter(({ replaced }) => !replaced).map(({ deliveryId }) => deliveryId);
      const deliveries = await makeGenerations(tx, database.dialect, wanted, {
        webhook,
        replayId: replay.replayId,
        now,
        recordId: ids.record,
      });
      const last = candidates.at(-1);
      const next: Replay = {
        ...replay,
        made: replay.made + deliveries.length,
        skipped: replay.skipped + candidates.length - deliveries.length,
        cursor: last === undefined ? replay.cursor : { time: last.eventTime, id: last.deliveryId },
        dueAt: now + pace.waitMs,
        pauseMs: pace.pauseMs,
        ...(isDone ? { state: 'done' as const, finishedAt: now } : {}),
      };
      await saveReplay(tx, next);
      at('replay.before-commit');
      tx.hint(() => handOff.enqueue(deliveries));
      return next;
    });
  }

  /** Only what is new. */
  #report(progress: ReplayProgress): void {
    const { replayId, state, made } = progress.replay;
    const said = `${state} ${made} ${progress.done}`;
    if (this.#reported.get(replayId) === said) return;
    this.#reported.set(replayId, said);
    this.#parts.changed(progress);
  }

  #forgetOthers(running: readonly Replay[]): void {
    const ids = new Set(running.map(({ replayId }) => replayId));
    for (const replayId of this.#reported.keys()) if (!ids.has(replayId)) this.#reported.delete(replayId);
  }

  async #purge(): Promise<void> {
    const { database, clock, historyDays } = this.#parts;
    if (clock.monotonic() - this.#purgedAt < purgeEveryMs && this.#purgedAt > 0) return;
    this.#purgedAt = clock.monotonic();
    const before = clock.now() - historyDays * dayMs;
    while ((await database.transaction((tx) => purgeReplays(tx, before, purgedTogetherMax))) === purgedTogetherMax);
  }
}

/** A due time that is further ahead than the longest wait was set before the clock was put back: it is due. */
function waits({ dueAt }: Replay, now: number): boolean {
  return dueAt > now && dueAt <= now + waitMaxMs;
}
