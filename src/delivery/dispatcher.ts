import type { HandOff } from './store/hand-off.ts';
import { isTransient, type Database } from '../database/database.ts';
import { shardOf } from '../database/shard.ts';
import { reportUnsent, type Report } from '../egress/report.ts';
import type { HttpClient } from '../egress/http-client.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import { TurnQueue } from '../runtime/turns.ts';
import { named } from '../runtime/work.ts';
import type { WebhookSource } from '../webhooks/webhook-index.ts';
import type { DeliveryMetrics } from './metrics.ts';
import { attemptResult, retryAfterOf } from './attempt/attempt-result.ts';
import { BirthClaims, type Births, type BirthSlots } from './attempt/birth-claims.ts';
import { Claimer, type ClaimedDelivery, type Claims } from './attempt/claimer.ts';
import { endOf, type End } from './attempt/end.ts';
import { buildOrError, type PushRequest, type RequestBuilder } from './attempt/push-request.ts';
import { ResultWriter, type ResultWriterParts } from './attempt/result-writer.ts';
import { BacklogSweep } from './maintenance/backlog-sweep.ts';
import { RetryScheduler } from './maintenance/retry-scheduler.ts';
import { untestedBreaker, viewOf, type BreakerView } from './queue/circuit-breaker.ts';
import { FairScheduler, type InFlight, type WebhookLimits } from './queue/fair-scheduler.ts';
import type { LaneQueue } from './queue/lane-queue.ts';
import type { QueueLimits } from './queue/memory-budget.ts';
import { WebhookQueues } from './queue/webhook-queues.ts';
import type { Delivery } from './store/delivery.ts';
import type { AttemptResult } from './store/delivery-store.ts';
import { isOwnFault, judge, type Outcome } from './store/outcome.ts';
import type { ShardOwnership } from './store/ownership.ts';
import type { Lane } from './store/retry-store.ts';

/** Heads of healthy webhooks claimed in one transaction; a few of the others come on top. */
const claimMax = 256;
/** Requests begun in one turn of the event loop. One whose send window ends before its turn gives its claim back. */
const begunMax = 16;
/** The pause after a database error, and after a fault of this machine. */
const retryMs = 250;
/** While stopping: a claim that cannot be given back by then is taken for sent by the next owner of its lane. */
const giveBackTriesMax = 20;

export interface DispatcherParts {
  readonly database: Database;
  readonly webhooks: WebhookSource;
  readonly build: RequestBuilder;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly at: CrashPoints;
  readonly metrics: DeliveryMetrics;
  readonly logger: Logger;
  readonly owner: ShardOwnership;
  readonly changed?: ResultWriterParts['changed'];
  /** Other than the usual ones. */
  readonly queueLimits?: QueueLimits;
}

/**
 * The hot path: pick → claim → deliver. Heads of lanes go in fair turns, each successor when its predecessor has ended. The
 * database is the truth; a hand-off saves reading it. One transaction claims all heads of a turn.
 */
export class Dispatcher implements HandOff {
  readonly births: Births;
  readonly #parts: DispatcherParts;
  readonly #scheduler = new FairScheduler();
  readonly #claimer: Claimer;
  readonly #results: ResultWriter;
  readonly #queues: WebhookQueues;
  readonly #sweep: BacklogSweep;
  readonly #retries: RetryScheduler;
  /** By the head that was picked. */
  readonly #inFlight = new Map<Delivery, InFlight>();
  #running = false;
  #claiming = false;
  #scheduled = false;
  readonly #claims: TurnQueue<ClaimedDelivery>;
  #cancelRetry: Cancel | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#claimer = new Claimer(parts);
    this.#claims = new TurnQueue(parts.timers, begunMax, (claim) => void this.#deliver(claim));
    this.#results = new ResultWriter(parts, this.#claimer, {
      of: (head, result) => this.#follow(head, result),
      claimed: (claims) => this.#claimed(claims),
      notClaimed: (head) => this.#unfollow(head),
    });
    const slots: BirthSlots = {
      take: (delivery) => this.#takeAtBirth(delivery),
      claimed: (claims) => this.#claimed(claims),
      release: (delivery, end) => this.#release(delivery, end),
      certain: ({ webhookId, entityId }) => this.#queues.change(webhookId, (known) => known.notClaimed(entityId)),
    };
    this.births = { begin: (tx) => new BirthClaims({ ...parts, claimer: this.#claimer, slots }, tx) };
    this.#queues = new WebhookQueues(parts, this.#scheduler, {
      needed: () => this.#schedule(),
      read: (could) => this.#wasRead(could),
      mayBeBehind: () => !this.#sweep.hasSucceeded,
    });
    this.#sweep = new BacklogSweep(parts, (webhookId) => this.resume(webhookId));
    this.#retries = new RetryScheduler(parts, (lane) => this.#onEach([lane], (known, entityId) => known.due(entityId)));
    parts.metrics.watch({ inFlight: () => this.inFlight, held: () => this.#queues.held });
  }

  /** Begins to send. What a dead process left behind must have been recovered before. */
  async start(): Promise<void> {
    this.#running = true;
    await this.#sweep.start();
    this.#retries.start();
  }

  /** Claims nothing more, and resolves when all that is in flight has its result written. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelRetry?.();
    this.#queues.close();
    await Promise.all([this.#sweep.stop(), this.#retries.stop()]);
    if (this.#isBusy) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    for (let tries = 1; !(await this.#claimer.giveBackDoubtful()) && tries < giveBackTriesMax; tries += 1) {
      await new Promise<void>((resolve) => void this.#parts.timers.after(retryMs, resolve));
    }
  }

  /** Takes committed deliveries into memory. */
  enqueue(deliveries: readonly Delivery[]): void {
    if (!this.#running) return;
    for (const delivery of deliveries) this.#queues.change(delivery.webhookId, (known) => known.enqueue(delivery));
  }

  /** A webhook was edited. On other nodes its next claim brings the new limits. */
  limit(webhookId: number, limits: WebhookLimits): void {
    const queue = this.#queues.known(webhookId);
    if (queue !== undefined) queue.limits = limits;
  }

  /** A webhook was resumed, enabled or edited: its deliveries may be allowed to go now. */
  resume(webhookId: number, anew = false): void {
    if (!this.#running) return;
    this.#queues.change(webhookId, (known) => {
      if (anew) known.suspend();
      known.resume();
    });
  }

  /** Waits of a webhook were ended: looks for them, and probes its receiver if its breaker is open. */
  retryNow(webhookId: number): void {
    const queue = this.#queues.of(webhookId);
    queue.breaker = { ...queue.breaker, closedUntil: 0 };
    this.resume(webhookId);
  }

  resumeIfSuspended(webhookId: number): void {
    if (this.#queues.known(webhookId)?.lanes.isSuspended === true) this.resume(webhookId);
  }

  /** Something was committed in these lanes, which may be another node's. */
  laneChanged(lanes: readonly Lane[]): void {
    this.#onEach(lanes, (known, entityId) => known.laneChanged(entityId));
  }

  /** The heads of these lanes may go. */
  mayGo(lanes: readonly Lane[]): void {
    this.#onEach(lanes, (known, entityId) => known.mayGo(entityId));
  }

  /** This node holds more shards, recovered: looks for their lanes. */
  shardsAcquired(): void {
    if (!this.#running) return;
    void this.#sweep.sweep();
    this.#retries.expect(this.#parts.clock.now());
  }

  /** Some lanes are no longer this node's work: forgets what it knows of them. */
  shardsLost(): void {
    this.#queues.leaveOthers();
  }

  get inFlight(): number {
    return this.#scheduler.inFlight;
  }

  /** Something is in flight there, or may be claimed. */
  isBusy(shard: number): boolean {
    if (this.#claimer.isInDoubt(shard)) return true;
    for (const { queue, entityId } of this.#inFlight.values()) {
      if (shardOf(queue.lanes.webhookId, entityId) === shard) return true;
    }
    return false;
  }

  async #claim(): Promise<void> {
    const picked = this.#scheduler.pick(claimMax, this.#parts.clock.monotonic());
    // A lane that has become another node's is not claimed again here; a claim of it that is in doubt is given back anyway.
    if (picked.size === 0 && !this.#claimer.isInDoubt()) return;
    this.#claiming = true;
    for (const [head, slot] of picked) this.#inFlight.set(head, slot);
    const claims = await this.#claimer.claim([...picked.keys()]);
    this.#claiming = false;
    if (claims === undefined) {
      for (const head of picked.keys()) this.#release(head, 'unclaimed');
      return this.#retryLater();
    }
    this.#claimed(claims);
    this.#schedule();
  }

  /** Not while this machine lacks something, and not beside claims in doubt, which hold no slots. */
  get #mayClaimOutOfTurn(): boolean {
    return this.#running && this.#cancelRetry === undefined && !this.#claimer.isInDoubt();
  }

  #takeAtBirth(delivery: Delivery): boolean {
    if (!this.#mayClaimOutOfTurn) return false;
    const queue = this.#queues.known(delivery.webhookId);
    const slot = queue && this.#scheduler.admit(queue, delivery, this.#parts.clock.monotonic());
    if (slot !== undefined) this.#inFlight.set(delivery, slot);
    return slot !== undefined;
  }

  /** The claims are on the disk, so their requests may leave. */
  #claimed({ granted, denied }: Claims): void {
    for (const [head, denial] of denied) this.#release(head, denial);
    for (const { head, webhook } of granted) this.#slotOf(head).queue.limits = webhook;
    if (granted.length > 0) this.#parts.at('send.after-claim');
    this.#claims.add(granted);
  }

  /** One claimed delivery, from its request to its durable result, whose commit may claim the next of its lane. */
  async #deliver(claim: ClaimedDelivery): Promise<void> {
    const { clock, random } = this.#parts;
    const slot = this.#slotOf(claim.head);
    const startedAt = clock.now();
    const { webhook, delivery: push } = claim;
    const request = buildOrError(this.#parts.build, { webhook, push, now: startedAt });
    const report = await this.#send(claim, request, slot);
    const outcome = judge(report);
    if (isOwnFault(report)) this.#pauseFor(outcome.message);
    const now = clock.now();
    this.#requestEnded(slot, claim, outcome, retryAfterOf(report, now));
    const sent = request instanceof Error ? undefined : request;
    const fraction = random.fraction();
    const result = attemptResult({ claim, request: sent, report, outcome, startedAt, now, fraction });
    await this.#results.record(claim.head, result);
    this.#release(claim.head, endOf(result));
    if (result.settlement.state === 'retry_wait') this.#retries.expect(result.settlement.dueAt);
  }

  #send(claim: ClaimedDelivery, request: PushRequest | Error, slot: InFlight): Promise<Report> | Report {
    if (request instanceof Error) return reportUnsent({ kind: 'error', code: '', message: request.message });
    // A claim under which nothing is begun is given back.
    if (!this.#running) return reportUnsent({ kind: 'window', code: '', message: 'the service is stopping' });
    if (!this.#scheduler.goesTo(slot, request.target.origin)) {
      return reportUnsent({ kind: 'window', code: '', message: 'its origin has not answered the requests before' });
    }
    const atMostOnce = claim.delivery.mode === 'at_most_once';
    return this.#parts.http.send({ ...request, window: claim.sendWindow, atMostOnce });
  }

  /** What this node knows of a webhook's receiver. */
  breakerOf(webhookId: number): BreakerView {
    return viewOf(this.#queues.known(webhookId)?.breaker ?? untestedBreaker, this.#parts.clock);
  }

  /** Frees the webhook's place for another request, and feeds its breaker. */
  #requestEnded(slot: InFlight, { delivery }: ClaimedDelivery, outcome: Outcome, after?: number): void {
    const now = this.#parts.clock.monotonic();
    const woken = this.#scheduler.requestEnded(slot, outcome, now, after, delivery.replayId !== '');
    for (const queue of [slot.queue, ...woken]) this.#queues.enlist(queue);
  }

  /** The result of this head is about to be written: the next of its lane, to be claimed with it, if it may go. */
  #follow(head: Delivery, result: AttemptResult): Delivery | undefined {
    if (!this.#mayClaimOutOfTurn || endOf(result) !== 'ended') return undefined;
    const slot = this.#slotOf(head);
    const [next, taken] = this.#scheduler.follow(slot, this.#parts.clock.monotonic()) ?? [];
    if (next !== undefined && taken !== undefined) this.#inFlight.set(next, taken);
    return (slot.successor = next);
  }

  /** Neither the result of this head was written nor its successor claimed. */
  #unfollow(head: Delivery): void {
    const slot = this.#slotOf(head);
    const { successor } = slot;
    if (successor === undefined) return;
    slot.successor = undefined;
    this.#freeSlot(successor);
    slot.queue.lanes.unfollowed(successor);
  }

  #slotOf(head: Delivery): InFlight {
    const slot = this.#inFlight.get(head);
    if (slot === undefined) throw new Error(`${head.deliveryId} was not picked`);
    return slot;
  }

  #freeSlot(head: Delivery): InFlight {
    const slot = this.#slotOf(head);
    this.#inFlight.delete(head);
    for (const queue of this.#scheduler.released(slot)) this.#queues.enlist(queue);
    return slot;
  }

  /** Frees the slot, and lets the lane go on, unless its successor is in flight. */
  #release(head: Delivery, end: End): void {
    const { queue, successor } = this.#freeSlot(head);
    if (successor === undefined) this.#leave(queue.lanes, head, end);
    this.#queues.enlist(queue);
    this.#checkIdle();
  }

  /** Lets the lane go on: with its successor, after its wait, or by reading it again. */
  #leave(lanes: LaneQueue, delivery: Delivery, end: End): void {
    switch (end) {
      case 'ended':
      case 'expired':
      case 'unborn':
        lanes.ended(delivery.entityId);
        break;
      case 'inDoubt':
        break;
      case 'waitsForRetry':
        lanes.waitsForRetry(delivery.entityId);
        break;
      case 'coalesced':
      case 'notClaimed':
      case 'givenBack':
        lanes.notClaimed(delivery.entityId);
        if (end === 'notClaimed') this.#sweep.soon();
        break;
      case 'unclaimed':
        lanes.unclaimed(delivery);
        break;
      case 'suspended':
        lanes.suspend();
        lanes.ended(delivery.entityId);
        void this.#resumeIfEnabled(delivery.webhookId);
        break;
    }
  }

  #onEach(lanes: readonly Lane[], change: (known: LaneQueue, entityId: string) => void): void {
    if (this.#running) this.#queues.onEach(lanes, change);
  }

  #schedule(): void {
    if (this.#scheduled || !this.#running) return;
    this.#scheduled = true;
    this.#parts.timers.soon(() => {
      this.#scheduled = false;
      if (this.#running) named('delivery', () => this.#turn());
    });
  }

  #turn(): void {
    if (this.#cancelRetry !== undefined) return;
    this.#queues.read();
    if (!this.#claiming) void this.#claim();
  }

  #wasRead(could: boolean): void {
    if (!could) this.#retryLater();
    this.#checkIdle();
  }

  /** This machine lacks something: nothing more is claimed for a while. */
  #pauseFor(message: string): void {
    if (this.#cancelRetry === undefined) this.#parts.logger.warn({ message, pauseMs: retryMs }, 'deliveries.held_back');
    this.#retryLater();
  }

  #retryLater(): void {
    if (!this.#running) return;
    this.#cancelRetry ??= this.#parts.timers.after(retryMs, () => {
      this.#cancelRetry = undefined;
      this.#schedule();
    });
  }

  /** It may have been resumed after the claim looked and before it was suspended here. */
  async #resumeIfEnabled(webhookId: number): Promise<void> {
    const directory = await this.#parts.webhooks.current().catch((error: unknown) => {
      // The sweep looks again.
      if (!isTransient(error)) throw error;
    });
    if (directory?.find(webhookId)?.status === 'enabled') this.resume(webhookId);
  }

  get #isBusy(): boolean {
    return this.#inFlight.size > 0 || this.#queues.isReading;
  }

  #checkIdle(): void {
    if (!this.#isBusy) this.#whenIdle?.();
  }
}
