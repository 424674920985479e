import type { SharedDatabase } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { elapsedMs, momentOf, type Moment } from '../runtime/moment.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
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
} from './lease-store.ts';
import { tellsLineage } from './lineage.ts';
import { doesLineageStand, heedLineage, type Lineage } from './lineage-store.ts';
import type { Holding, Owner, SendWindow, Tenure } from './owner.ts';
import { isPassing } from './settler.ts';
import { planShares } from './shares.ts';

/** Leases are renewed so often within the time that they last: a few renewals may fail without a loss. */
const renewalsPerLease = 5;
/** What a node may still begin under a lease ends this part of it earlier: clocks do not run at quite the same speed. */
const marginPart = 0.2;
/** Between looks at whether what is in flight in shards that are given up has ended. */
const releaseLookMs = 20;
/** Asked to look again, it does so no sooner than this after the last look. */
const nudgeMinMs = 50;
/** The same after a claim that was not granted: most often a predecessor was in the way, and no lease is lost. */
const doubtMinMs = 500;

export interface LeasesParts {
  readonly shared: SharedDatabase;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Another one with every start. */
  readonly nodeId: string;
  /** What the node's former ids begin with, where it is certain that their process has ended. */
  readonly formerly?: string | undefined;
  readonly leaseMs: number;
}

/** What follows from leases. */
export interface LeaseEvents {
  /** The database went on as another one: what may have been sent before is to be settled before anything else. */
  settle(lineage: Lineage): Promise<void>;
  /** Shards were taken: what their last owner left is to be settled before anything is sent. */
  recover(shards: readonly number[]): Promise<unknown>;
  /** Work may have come with shards that are held now. */
  gained(): void;
  /** Some are held no more: what is known of their lanes is not to be used again. */
  lost(): void;
  /** Something is in flight in one of these. */
  isBusy(shard: number): boolean;
  /** There may be free shards for others. */
  released(): void;
}

interface Held extends Tenure {
  /** `taken`: not recovered yet · `held` · `leaving`: nothing new begins. */
  state: 'taken' | 'held' | 'leaving';
  /** When the lease was last renewed, as late as is certain. */
  readonly window: { since: Moment; readonly ms: number };
}

/**
 * The shards that this node holds, on a database that several nodes share: a fair part of all, by leases that are renewed
 * on a connection of their own. What is known here only saves asking: each claim asks the database, and each request
 * looks at its window right before it is written.
 */
export class Leases implements Owner {
  readonly #parts: LeasesParts;
  readonly #events: LeaseEvents;
  readonly #held = new Map<number, Held>();
  readonly #losses: { add(count?: number): void };
  #nodes = 1;
  /** Absent before the first look, and where the server does not tell it. */
  #lineage: Lineage | undefined;
  #comparesLineage = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;
  #releasing: Promise<void> | undefined;
  #running = false;
  #leaving = false;
  #cancelLook: Cancel = () => {};
  #cancelRelease: Cancel = () => {};

  constructor(parts: LeasesParts, events: LeaseEvents) {
    this.#parts = parts;
    this.#events = events;
    parts.metrics.gauge('tocsin_shards_held', 'Shards of all 64 that this node sends in.', () => this.shards.length);
    this.#losses = parts.metrics.counter(
      'tocsin_lease_losses_total',
      'Shards that this node lost because it could not renew their leases in time.',
    );
  }

  /** Takes what is free of this node's share, and settles what was left there. More comes when others give it up. */
  async start(): Promise<void> {
    this.#running = true;
    const { shared, formerly, logger } = this.#parts;
    this.#comparesLineage = await tellsLineage(shared, logger);
    await shared.transaction(prepareShards);
    // A node that was paused while it took some of it over has a lock, which is waited for for a while: then it expires by itself.
    if (formerly !== undefined) await this.#trying(() => shared.transaction((tx) => freeShardsOf(tx, formerly)));
    await this.#look();
    await this.#recovering;
  }

  /** Gives up all shards, each as soon as nothing is in flight in it; leases are renewed until then. */
  async leave(): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    for (const held of this.#held.values()) held.state = 'leaving';
    this.#events.lost();
    await this.#trying(() => this.#parts.shared.transaction((tx) => removeNode(tx, this.#parts.nodeId)));
    this.#release();
  }

  /** Nothing is in flight any more. What cannot be given up now expires by itself. */
  async stop(): Promise<void> {
    await this.leave();
    this.#running = false;
    this.#cancelLook();
    this.#cancelRelease();
    await Promise.all([this.#looking, this.#recovering, this.#releasing]);
    await this.#giveBack([...this.#held.values()]);
  }

  /** No other node was heard of: all hints are one's own. */
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

  holding(since: Moment): Holding {
    const tenures = [...this.#held.values()].filter(({ state }) => state === 'held');
    const windows = new Map(tenures.map(({ shard, window }): [number, SendWindow] => [shard, window]));
    return {
      lease: { nodeId: this.#parts.nodeId, tenures, lineage: this.#lineage },
      window: (shard) => windows.get(shard) ?? { since, ms: 0 },
    };
  }

  doubt(): void {
    this.#lookSoon(doubtMinMs);
  }

  /** Leases may have changed: looks at once, and not only when it is time to. */
  nudge(): void {
    this.#lookSoon(nudgeMinMs);
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
    const { lineage, renewed, leases } = await shared.transaction(async (tx) => {
      if (!this.#leaving) await announceNode(tx, nodeId);
      return {
        lineage: this.#comparesLineage ? await heedLineage(tx, leaseMs) : undefined,
        renewed: await renewShards(tx, nodeId, asked, leaseMs),
        leases: await readLeases(tx, leaseMs),
      };
    });
    this.#nodes = leases.expected;
    this.#heed(lineage);
    this.#renewed(asked, renewed, since);
    if (!this.#leaving) await this.#share(leases);
    this.#recover();
    this.#release();
  }

  /** In another lineage, what is held is held as if just taken: what was believed of it may have been lost. */
  #heed(lineage: Lineage | undefined): void {
    const before = this.#lineage;
    this.#lineage = lineage;
    if (before === undefined || before.fenceFloor === lineage?.fenceFloor) return;
    for (const held of this.#held.values()) if (held.state === 'held') held.state = 'taken';
    this.#events.lost();
  }

  #renewed(asked: readonly Held[], renewed: readonly Tenure[], since: Moment): void {
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
      this.#events.lost();
    }
    if (regained) this.#events.gained();
  }

  async #share({ nodes, free }: LeasesRead): Promise<void> {
    const { shared, nodeId, leaseMs, clock, logger } = this.#parts;
    const kept = [...this.#held.values()].filter(({ state }) => state !== 'leaving').map(({ shard }) => shard);
    const { take, giveUp } = planShares({ nodeId, nodes, free, held: kept });
    for (const shard of giveUp) {
      const held = this.#held.get(shard);
      if (held !== undefined) held.state = 'leaving';
    }
    if (giveUp.length > 0) this.#events.lost();
    if (take.length === 0) return;
    const since = momentOf(clock);
    const lineage = this.#lineage;
    const taken = await shared.transaction(async (tx) => {
      if (lineage !== undefined && !(await doesLineageStand(tx, lineage))) return [];
      return takeShards(tx, nodeId, take, leaseMs);
    });
    for (const { shard, fence } of taken) {
      const window = { since, ms: leaseMs * (1 - marginPart) };
      this.#held.set(shard, { shard, fence, state: this.#leaving ? 'leaving' : 'taken', window });
    }
    if (taken.length > 0)
      logger.info({ shards: taken.length, held: this.#held.size, nodes: nodes.length }, 'shards.taken');
  }

  /** Beside the renewals, which must not wait for it. What fails is tried again with the next look. */
  #recover(): void {
    const taken = [...this.#held.values()].filter(({ state }) => state === 'taken');
    const lineage = this.#lineage;
    const isSettled = lineage?.until === undefined;
    if ((isSettled && taken.length === 0) || this.#recovering !== undefined) return;
    this.#recovering = this.#trying(async () => {
      if (!isSettled) await this.#events.settle(lineage);
      await this.#events.recover(taken.map(({ shard }) => shard));
      // It may have changed once more meanwhile, which another run settles.
      if (this.#lineage?.fenceFloor !== lineage?.fenceFloor) return;
      for (const held of taken) if (held.state === 'taken') held.state = 'held';
      this.#events.gained();
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
      if (!isPassing(error)) throw error;
      this.#parts.logger.warn({ error }, 'leases.not_changed');
    }
  }
}
