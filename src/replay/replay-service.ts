import { isConflict, type Database } from '../database/database.ts';
import type { DeliveryState } from '../delivery/store/delivery.ts';
import type { EventType } from '../events/event-types.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, notFound } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { WebhookSource } from '../webhooks/webhook-index.ts';
import type { DeliveriesOf } from '../webhooks/webhook-service.ts';
import type { ReplayProgress } from './replay-runner.ts';
import {
  cancelOpen,
  countOpen,
  countOutcomes,
  insertReplay,
  listReplays,
  lockReplay,
  readReplay,
  readRunning,
  saveReplay,
} from './replay-store.ts';
import type { Replay, ReplayOrder, Selection } from './replay.ts';
import { countSelection } from './selection-store.ts';

/** Pushes of one replay. More of them take several replays. */
export const pushesMax = 100_000;
/** Replays that run at the same time, over all webhooks: their receivers may hang, and hold connections. */
export const runningMax = 10;

export interface ReplayServiceParts {
  readonly database: Database;
  readonly webhooks: WebhookSource;
  readonly deliveries: Pick<DeliveriesOf, 'resume'>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Carries replays on. */
  readonly runner: { wake(): void };
  /** A replay was cancelled, as a hint. */
  readonly changed: (progress: ReplayProgress) => void;
}

export interface ReplayRequest {
  readonly webhookId: number;
  readonly selection: Selection;
  readonly order: ReplayOrder;
  readonly perSecond: number;
}

/** What a replay would send, or sends. */
export interface ReplayPlan {
  /** Records of the history that are selected. */
  readonly records: number;
  readonly pushes: number;
  readonly byType: readonly { readonly type: EventType; readonly count: number }[];
  /** Of the oldest event, Unix milliseconds; 0 = nothing is selected. */
  readonly oldest: number;
}

export interface KnownReplay {
  readonly replay: Replay;
  /** Its deliveries by their present state. */
  readonly outcomes: ReadonlyMap<DeliveryState, number>;
}

export class ReplayService {
  readonly #parts: ReplayServiceParts;

  constructor(parts: ReplayServiceParts) {
    this.#parts = parts;
  }

  /** Counts what a replay would send, and begins none. @throws Failure when the webhook cannot send. */
  async plan(request: ReplayRequest): Promise<ReplayPlan> {
    return this.#plan(request, this.#parts.clock.now());
  }

  /** @throws Failure when the webhook cannot send, has a replay running, or nothing or too much is selected. */
  async begin(request: ReplayRequest, memberId: number): Promise<{ replayId: string; plan: ReplayPlan }> {
    const { database, clock, ids, runner } = this.#parts;
    const now = clock.now();
    const plan = await this.#plan(request, now);
    if (plan.pushes === 0) throw new Failure('BadRequest', 'nothing is selected: there is nothing to send again');
    if (plan.pushes > pushesMax) {
      const message = `${plan.pushes} pushes are selected, and a replay may have ${pushesMax}: narrow the selection`;
      throw new Failure('BadRequest', message);
    }
    const replay: Replay = {
      replayId: ids.object(),
      ...request,
      memberId,
      state: 'running',
      total: plan.pushes,
      made: 0,
      skipped: 0,
      cursor: { time: 0, id: '' },
      message: '',
      dueAt: now,
      pauseMs: 0,
      createdAt: now,
      finishedAt: 0,
    };
    const insert = database.transaction(async (tx) => {
      const running = await readRunning(tx.query, 0);
      const other = running.find(({ webhookId }) => webhookId === request.webhookId);
      if (other !== undefined) throw runsAlready(other.replayId);
      if (running.length >= runningMax) {
        throw new Failure('BadRequest', `${runningMax} replays run already: wait for one of them, or cancel it`);
      }
      await insertReplay(tx, replay);
      tx.hint(() => runner.wake());
    });
    await insert.catch(async (error: unknown) => {
      // Another one of this webhook began in the same moment.
      if (!isConflict(error)) throw error;
      const [other] = await readRunning(database.read, request.webhookId);
      throw runsAlready(other?.replayId ?? '');
    });
    return { replayId: replay.replayId, plan };
  }

  /** Makes no more deliveries, and cancels those that wait; does nothing to one that has ended. @returns how many. */
  async cancel(replayId: string): Promise<number> {
    const { database, clock, deliveries, changed } = this.#parts;
    return database.transaction(async (tx) => {
      const replay = await lockReplay(tx, database.dialect, replayId);
      if (replay === undefined) throw notFound('replay', replayId);
      if (replay.state !== 'running') return 0;
      const now = clock.now();
      const stopped: Replay = { ...replay, state: 'cancelled', finishedAt: now };
      await saveReplay(tx, stopped);
      const cancelled = await cancelOpen(tx, replayId, now);
      const inFlight = await countOpen(tx.query, replayId);
      tx.hint(() => {
        // New events may wait behind what is cancelled.
        deliveries.resume(replay.webhookId);
        changed({ replay: stopped, done: replay.made - inFlight });
      });
      return cancelled;
    });
  }

  /** @throws Failure when there is none. */
  async find(replayId: string): Promise<KnownReplay> {
    const replay = await readReplay(this.#parts.database.read, replayId);
    if (replay === undefined) throw notFound('replay', replayId);
    const [known] = await this.#known([replay]);
    if (known === undefined) throw notFound('replay', replayId);
    return known;
  }

  /** The newest first. @param webhookId 0 = of all webhooks. */
  async list(
    webhookId: number,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly items: readonly KnownReplay[]; readonly total: number }> {
    const { items, total } = await listReplays(this.#parts.database.longRead, webhookId, page);
    return { items: await this.#known(items), total };
  }

  async #known(replays: readonly Replay[]): Promise<KnownReplay[]> {
    const counts = await countOutcomes(
      this.#parts.database,
      replays.map(({ replayId }) => replayId),
    );
    return replays.map((replay) => ({ replay, outcomes: counts.get(replay.replayId) ?? new Map() }));
  }

  async #plan({ webhookId, selection, order }: ReplayRequest, now: number): Promise<ReplayPlan> {
    const { database, webhooks } = this.#parts;
    const webhook = (await webhooks.current()).find(webhookId);
    if (webhook === undefined) throw notFound('webhook', webhookId);
    if (webhook.type === 'custom_action') {
      throw invalid([{ field: 'integration_id', message: 'is a custom action: somebody runs it again by hand' }]);
    }
    if (webhook.status === 'disabled')
      throw new Failure('BadRequest', `webhook ${webhookId} is disabled: enable it first`);
    const counts = await countSelection(database, webhookId, selection, order, now);
    const sum = (of: 'records' | 'pushes') => counts.reduce((total, one) => total + one[of], 0);
    return {
      records: sum('records'),
      pushes: sum('pushes'),
      byType: counts
        .map(({ type, records }) => ({ type, count: records }))
        .toSorted((one, other) => other.count - one.count || one.type.localeCompare(other.type)),
      oldest: counts.length === 0 ? 0 : Math.min(...counts.map(({ oldest }) => oldest)),
    };
  }
}

function runsAlready(replayId: string): Failure {
  return new Failure('BadRequest', `the replay ${replayId} of this webhook runs: wait for it, or cancel it`);
}
