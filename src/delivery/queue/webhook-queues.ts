import { shardOf } from '../../database/shard.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { Lane } from '../store/retry-store.ts';
import { BacklogReader, type BacklogReaderParts } from './backlog-reader.ts';
import { FairScheduler, type WebhookLimits, type WebhookQueue } from './fair-scheduler.ts';
import { LaneQueue } from './lane-queue.ts';
import { MemoryBudget, type QueueLimits } from './memory-budget.ts';
import { WakeTimer } from './wake-timer.ts';

/** Until a first request has ended. It is the default of the setting. */
const limitsDefault: WebhookLimits = { maxInFlight: 32, rateLimitPerSecond: 0 };

export interface WebhookQueuesParts extends BacklogReaderParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly owner: { holds(shard: number): boolean };
  readonly queueLimits?: QueueLimits;
}

/** What becomes of the queues' needs. */
export interface QueueEvents {
  /** Something may be ready, or has to be read. */
  needed(): void;
  /** A read has ended, and whether the database could. */
  read(could: boolean): void;
  /** The database may hold a backlog of webhooks that are not known here yet. */
  mayBeBehind(): boolean;
}

/** The queues of all webhooks. Each is enlisted when it has something ready, at its time, or has to be read from the database. */
export class WebhookQueues {
  readonly #parts: WebhookQueuesParts;
  readonly #scheduler: FairScheduler;
  readonly #events: QueueEvents;
  readonly #reader: BacklogReader;
  readonly #wakeTimer: WakeTimer<WebhookQueue>;
  readonly #budget = new MemoryBudget();
  readonly #all = new Map<number, WebhookQueue>();
  /** Those that may have to read the database. */
  readonly #readers = new Set<WebhookQueue>();

  constructor(parts: WebhookQueuesParts, scheduler: FairScheduler, events: QueueEvents) {
    this.#parts = parts;
    this.#scheduler = scheduler;
    this.#events = events;
    this.#reader = new BacklogReader(parts);
    this.#wakeTimer = new WakeTimer(parts, (queue) => this.enlist(queue));
  }

  /** Deliveries that wait in memory. */
  get held(): number {
    return this.#budget.count;
  }

  get isReading(): boolean {
    return this.#reader.isBusy;
  }

  close(): void {
    this.#wakeTimer.close();
  }

  known(webhookId: number): WebhookQueue | undefined {
    return this.#all.get(webhookId);
  }

  of(webhookId: number): WebhookQueue {
    let queue = this.#all.get(webhookId);
    if (queue === undefined) {
      const isOurs = (entityId: string) => this.#parts.owner.holds(shardOf(webhookId, entityId));
      const behind = this.#events.mayBeBehind();
      const lanes = new LaneQueue(webhookId, this.#budget, behind, isOurs, this.#parts.queueLimits);
      queue = FairScheduler.queueFor(lanes, limitsDefault);
      this.#all.set(webhookId, queue);
    }
    return queue;
  }

  /** The webhook may have something to send, or room to send it, or something to read. */
  enlist(queue: WebhookQueue): void {
    const opensAt = this.#scheduler.enlist(queue, this.#parts.clock.monotonic());
    if (opensAt !== undefined) this.#wakeTimer.shut(queue, opensAt);
    this.#readers.add(queue);
    this.#events.needed();
  }

  change(webhookId: number, change: (known: LaneQueue) => void): void {
    const queue = this.of(webhookId);
    change(queue.lanes);
    this.enlist(queue);
  }

  onEach(lanes: readonly Lane[], change: (known: LaneQueue, entityId: string) => void): void {
    for (const { webhookId, entityId } of lanes) this.change(webhookId, (known) => change(known, entityId));
  }

  /** Some lanes are another's work: forgets what is known of them. */
  leaveOthers(): void {
    for (const queue of this.#all.values()) queue.lanes.leaveOthers();
  }

  /** Begins the reads that are needed, as many as may go on at a time. */
  read(): void {
    for (const queue of this.#readers) {
      if (!this.#reader.mayRead) return;
      this.#readers.delete(queue);
      for (const read of this.#reader.begin(queue.lanes)) void this.#afterRead(queue, read);
    }
  }

  async #afterRead(queue: WebhookQueue, read: Promise<boolean>): Promise<void> {
    this.#events.read(await read);
    this.enlist(queue);
  }
}
