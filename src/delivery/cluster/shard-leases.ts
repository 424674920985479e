import { type SharedDatabase, isTransient } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { elapsedMs, momentOf, type Moment } from '../../runtime/moment.ts';
import type { Cancel, Timers } from '../../runtime/timers.ts';
import {
  announceNode,
  freeShardsOf,
  prepareShards,
  readLeases,
  releaseShards,
  removeNode,
  renewShards,
  takeShards,
  type Leases as LeasesRead,
} from '../store/shard-lease-store.ts';
import { canReadTimeline } from './failover.ts';
import { isTimelineUnchanged, checkTimeline, type DatabaseTimeline } from '../store/failover-store.ts';
import type { ClaimContext, ShardOwnership, SendWindow, ShardLease } from '../store/ownership.ts';
import { planShardBalance } from './shard-balance.ts';

/** Renewals within a lease period: a few may fail without a loss. */
const renewalsPerLease = 5;
/** The send window ends this part of a lease earlier: clocks run at slightly different speeds. */
const marginPart = 0.2;
/** The interval of checking whether shards being released are idle. */
const releaseLookMs = 20;
/** The shortest time between two checks on request. */
const checkSoonMinMs = 50;
/** The same after a refused claim: most often a predecessor was in the way, and no lease is lost. */
const refusedClaimMinMs = 500;

export interface ShardLeasesParts {
  readonly shared: SharedDatabase;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Differs with every start. */
  readonly nodeId: string;
  /** The prefix of the node's former ids, where their process has certainly ended. */
  readonly formerly?: string | undefined;
  readonly leaseMs: number;
}

/** The consequences of lease changes. */
export interface LeaseEvents {
  /** A failover: deliveries that may have been sent before must be ended first. */
  settle(timeline: DatabaseTimeline): Promise<void>;
  /** Shards were taken: recover the claims of their last owner before anything is sent. */
  recover(shards: readonly number[]): Promise<unknown>;
  /** Acquired shards may hold work. */
  shardsAcquired(): void;
  /** Shards were lost: forget their lanes. */
  shardsLost(): void;
  /** Whether an attempt is in flight in the shard. */
  isBusy(shard: number): boolean;
  /** Shards were released for others. */
  released(): void;
}

interface Held extends ShardLease {
  /** `taken`: not recovered yet · `held` · `leaving`: nothing new begins. */
  state: 'taken' | 'held' | 'leaving';
  /** A moment at or before the last renewal, from which the window counts. */
  readonly window: { since: Moment; readonly ms: number };
}

/**
 * The shards that this node holds on a shared database: a fair share of all, by leases that are renewed on a separate
 * connection. This only saves queries: each claim checks the database, and each request checks its window right before
 * it is written.
 */
export class ShardLeases implements ShardOwnership {
  readonly #parts: ShardLeasesParts;
  readonly #events: LeaseEvents;
  readonly #held = new Map<number, Held>();
  readonly #losses: { add(count?: number): void };
  #nodes = 1;
  /** Absent before the first check, and where the server does not show it. */
  #timeline: DatabaseTimeline | undefined;
  #comparesTimeline = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;
  #releasing: Promise<void> | undefined;
  #running = false;
  #leaving = false;
  #cancelLook: Cancel = () => {};
  #cancelRelease: Cancel = () => {};

  constructor(parts: ShardLeasesParts, events: LeaseEvents) {
    this.#parts = parts;
    this.#events = events;
    parts.metrics.gauge('tocsin_shards_held', 'Shards of all 64 that this node sends in.', () => this.shards.length);
    this.#losses = parts.metrics.counter(
      'tocsin_lease_losses_total',
      'Shards that this node lost because it could not renew their leases in time.',
    );
  }

  /** Takes the free part of this node's share, and recovers it. More comes when others release it. */
  async start(): Promise<void> {
    this.#running = true;
    const { shared, formerly, logger } = this.#parts;
    this.#comparesTimeline = await canReadTimeline(shared, logger);
    await shared.transaction(prepareShards);
    // A node that was paused while taking some of it over holds a lock: wait for it for a while, then let it expire.
    if (formerly !== undefined) await this.#trying(() => shared.transaction((tx) => freeShardsOf(tx, formerly)));
    await this.#look();
    await this.#recovering;
  }

  /** Releases all shards, each when idle; leases are renewed until then. */
  async leave(): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    for (const held of this.#held.values()) held.state = 'leaving';
    this.#events.shardsLost();
    await this.#trying(() => this.#parts.shared.transaction((tx) => removeNode(tx, this.#parts.nodeId)));
    this.#release();
  }

  /** Nothing is in flight. Leases that cannot be released now expire. */
  async stop(): Promise<void> {
    await this.leave();
    this.#running = false;
    this.#cancelLook();
    this.#cancelRelease();
    await Promise.all([this.#looking, this.#recovering, this.#releasing]);
    await this.#giveBack([...this.#held.values()]);
  }

  /** No other node is known. */
  get alone(): boolean {
    return this.#nodes <= 1;
  }

  get shards(): readonly number[] {
    return [...this.#held.keys()].filter((shard) => this.holds(shard));
  }

  holds(shard: number): boolean {
    const held = this.#held.get(shard);
    return held?.state === 'held' && !this.#isOver(held);
  }

  claimContext(since: Moment): ClaimContext {
    const leases = [...this.#held.values()].filter(({ state }) => state === 'held');
    const windows = new Map(leases.map(({ shard, window }): [number, SendWindow] => [shard, window]));
    return {
      lease: { nodeId: this.#parts.nodeId, leases, timeline: this.#timeline },
      window: (shard) => windows.get(shard) ?? { since, ms: 0 },
    };
  }

  reportRefusedClaim(): void {
    this.#lookSoon(refusedClaimMinMs);
  }

  /** Leases may have changed: check at once. */
  checkSoon(): void {
    this.#lookSoon(checkSoonMinMs);
  }

  #lookSoon(afterLastMs: number): void {
    if (!this.#running || this.#looking !== undefined) return;
    const sinceLastMs = this.#parts.clock.monotonic() - this.#lookedAt;
    this.#lookAfter(Math.min(this.#parts.leaseMs / renewalsPerLease, Math.max(0, afterLastMs - sinceLastMs)));
  }

  #isOver({ window }: Held): boolean {
    return elapsedMs(this.#parts.clock, window.since) >= window.ms;
  }

  #lookAfter(delayMs: number): void {
    this.#cancelLook();
    this.#cancelLook = this.#parts.timers.after(delayMs, () => void this.#look());
  }

  #look(): Promise<void> {
    this.#looking ??= this.#trying(() => this.#renewAndShare()).then(() => {
      this.#looking = undefined;
      this.#lookedAt = this.#parts.clock.monotonic();
      if (this.#running) this.#lookAfter(this.#parts.leaseMs / renewalsPerLease);
    });
    return this.#looking;
  }

  async #renewAndShare(): Promise<void> {
    const { shared, nodeId, leaseMs, clock } = this.#parts;
    const asked = [...this.#held.values()];
    const since = momentOf(clock);
    const { timeline, renewed, leases } = await shared.transaction(async (tx) => {
      if (!this.#leaving) await announceNode(tx, nodeId);
      return {
        timeline: this.#comparesTimeline ? await checkTimeline(tx, leaseMs) : undefined,
        renewed: await renewShards(tx, nodeId, asked, leaseMs),
        leases: await readLeases(tx, leaseMs),
      };
    });
    this.#nodes = leases.expected;
    this.#compareTimeline(timeline);
    this.#renewed(asked, renewed, since);
    if (!this.#leaving) await this.#share(leases);
    this.#recover();
    this.#release();
  }

  /** After a failover, treat held shards as newly acquired: recent claims may be lost. */
  #compareTimeline(timeline: DatabaseTimeline | undefined): void {
    const before = this.#timeline;
    this.#timeline = timeline;
    if (before === undefined || before.fenceFloor === timeline?.fenceFloor) return;
    for (const held of this.#held.values()) if (held.state === 'held') held.state = 'taken';
    this.#events.shardsLost();
  }

  #renewed(asked: readonly Held[], renewed: readonly ShardLease[], since: Moment): void {
    const fences = new Map(renewed.map(({ shard, fence }) => [shard, fence]));
    let lost = 0;
    let regained = false;
    for (const held of asked) {
      if (this.#held.get(held.shard) !== held) continue;
      if (fences.get(held.shard) === held.fence) {
        regained ||= held.state === 'held' && this.#isOver(held);
        held.window.since = since;
      } else {
        this.#held.delete(held.shard);
        lost += 1;
      }
    }
    if (lost > 0) {
      this.#losses.add(lost);
      this.#parts.logger.warn({ shards: lost, left: this.#held.size }, 'shards.lost');
      this.#events.shardsLost();
    }
    if (regained) this.#events.shardsAcquired();
  }

  async #share({ nodes, free }: LeasesRead): Promise<void> {
    const { shared, nodeId, leaseMs, clock, logger } = this.#parts;
    const kept = [...this.#held.values()].filter(({ state }) => state !== 'leaving').map(({ shard }) => shard);
    const { take, giveUp } = planShardBalance({ nodeId, nodes, free, held: kept });
    for (const shard of giveUp) {
      const held = this.#held.get(shard);
      if (held !== undefined) held.state = 'leaving';
    }
    if (giveUp.length > 0) this.#events.shardsLost();
    if (take.length === 0) return;
    const since = momentOf(clock);
    const timeline = this.#timeline;
    const taken = await shared.transaction(async (tx) => {
      if (timeline !== undefined && !(await isTimelineUnchanged(tx, timeline))) return [];
      return takeShards(tx, nodeId, take, leaseMs);
    });
    for (const { shard, fence } of taken) {
      const window = { since, ms: leaseMs * (1 - marginPart) };
      this.#held.set(shard, { shard, fence, state: this.#leaving ? 'leaving' : 'taken', window });
    }
    if (taken.length > 0)
      logger.info({ shards: taken.length, held: this.#held.size, nodes: nodes.length }, 'shards.taken');
  }

  /** Runs beside the renewals, which must not wait for it. Failures are tried again with the next check. */
  #recover(): void {
    const taken = [...this.#held.values()].filter(({ state }) => state === 'taken');
    const timeline = this.#timeline;
    const isSettled = timeline?.until === undefined;
    if ((isSettled && taken.length === 0) || this.#recovering !== undefined) return;
    this.#recovering = this.#trying(async () => {
      if (!isSettled) await this.#events.settle(timeline);
      await this.#events.recover(taken.map(({ shard }) => shard));
      // It may have changed again meanwhile; another run settles that.
      if (this.#timeline?.fenceFloor !== timeline?.fenceFloor) return;
      for (const held of taken) if (held.state === 'taken') held.state = 'held';
      this.#events.shardsAcquired();
    }).then(() => {
      this.#recovering = undefined;
    });
  }

  #release(): void {
    const leaving = [...this.#held.values()].filter(({ state }) => state === 'leaving');
    if (leaving.length === 0 || !this.#running || this.#releasing !== undefined) return;
    const idle = leaving.filter(({ shard }) => !this.#events.isBusy(shard));
    this.#releasing = this.#giveBack(idle).then(() => {
      this.#releasing = undefined;
      this.#cancelRelease();
      if (this.#running) this.#cancelRelease = this.#parts.timers.after(releaseLookMs, () => this.#release());
    });
  }

  async #giveBack(held: readonly Held[]): Promise<void> {
    if (held.length === 0) return;
    await this.#trying(async () => {
      await this.#parts.shared.transaction((tx) => releaseShards(tx, this.#parts.nodeId, held));
      for (const one of held) if (this.#held.get(one.shard) === one) this.#held.delete(one.shard);
      this.#events.released();
    });
  }

  async #trying(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.#parts.logger.warn({ error }, 'leases.not_changed');
    }
  }
}
