import { shardOf } from '../database/shard.ts';
import type { Cancel } from '../runtime/timers.ts';
import { cancelLeftOver } from './cancelling.ts';
import { openStates, type Delivery, type OpenState } from './delivery.ts';
import { Held } from './held.ts';
import { WebhookLanes, type Page } from './lanes.ts';
import { countOpen, readCriticalHeads, readHeads, readHeadsOf, readOpenWebhooks } from './lane-store.ts';
import { Pipeline, type Answer, type PipelineEnd, type PipelineParts } from './pipeline.ts';
import { isPassing } from './settler.ts';
import { Gates } from './gates.ts';
import { RetryClock } from './retry-clock.ts';
import type { Lane } from './retry-store.ts';
import { Turns, type Flight, type Lineup, type WebhookLimits } from './turns.ts';

/** Heads of healthy webhooks claimed in one transaction; a few of the others come on top. */
const claimMax = 256;
/** Lanes in one read. */
const pageMax = 64;
const webhooksPageMax = 1_000;
/** Reads at the same time, over all webhooks. */
const readsMax = 4;
/** After a database that could not. */
const retryMs = 250;
/** While stopping: what cannot be given back by then, the next owner of its lane has to take for sent. */
const giveBackTriesMax = 20;
/** Finds what a lost hint left lying. Nothing else waits for it. */
const sweepMs = 60_000;
/** How many open deliveries are counted for the metrics, over all webhooks. */
const countedMax = 10_000;
/** Until a first request has ended. It is the default of the setting. */
const limitsDefault: WebhookLimits = { maxInFlight: 8, rateLimitPerSecond: 0 };

/** Takes committed deliveries in memory, as a hint. */
export interface Hints {
  offer(deliveries: readonly Delivery[]): void;
}

/**
 * Sends what is owed: heads of lanes in fair turns, successors when their predecessor has ended. The database is the
 * truth; hints save reading it. What is picked in one turn is claimed in one transaction.
 */
export class Dispatcher implements Hints {
  readonly #parts: PipelineParts;
  readonly #pipeline: Pipeline;
  readonly #retries: RetryClock;
  readonly #gates: Gates<Lineup>;
  readonly #turns = new Turns();
  readonly #held = new Held();
  readonly #lineups = new Map<number, Lineup>();
  readonly #flights = new Map<string, Flight>();
  /** Those that may have to read the database. */
  readonly #readers = new Set<Lineup>();
  #open: ReadonlyMap<OpenState, number> = new Map();
  #reads = 0;
  #running = false;
  /** Until the first look at the database, nothing says that a webhook has no backlog. */
  #known = false;
  #claiming = false;
  #scheduled = false;
  #cancelRetry: Cancel | undefined;
  #cancelSweep: Cancel = () => {};
  #whenIdle: (() => void) | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#pipeline = new Pipeline(parts, {
      answered: (delivery, answer) => this.#answered(delivery, answer),
      left: (delivery, end) => this.#left(delivery, end),
      waits: (dueAt) => this.#retries.expect(dueAt),
    });
    this.#retries = new RetryClock(parts, (lane) => this.due([lane]));
    this.#gates = new Gates(parts, (lineup) => this.#enlist(lineup));
    parts.metrics.watch({
      inFlight: () => this.#turns.inFlight,
      held: () => this.#held.count,
      open: () => this.#open,
    });
  }

  /** Begins to send. What a dead process left behind must have been recovered before. */
  async start(): Promise<void> {
    this.#running = true;
    await this.#sweep();
    this.#retries.start();
  }

  /** Claims nothing more, and resolves when all that is in flight has its result written. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#pipeline.stop();
    this.#cancelSweep();
    this.#cancelRetry?.();
    this.#gates.close();
    await this.#retries.stop();
    if (this.#busy) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    for (let tries = 1; !(await this.#pipeline.giveBackDoubtful()) && tries < giveBackTriesMax; tries += 1) {
      await new Promise<void>((resolve) => void this.#parts.timers.after(retryMs, resolve));
    }
  }

  offer(deliveries: readonly Delivery[]): void {
    if (!this.#running) return;
    for (const delivery of deliveries) {
      const lineup = this.#lineup(delivery.webhookId);
      lineup.lanes.offer(delivery);
      this.#enlist(lineup);
    }
  }

  /** Something about a webhook has changed that may let its deliveries go: it was resumed, enabled or edited. */
  wake(webhookId: number): void {
    if (!this.#running) return;
    const lineup = this.#lineup(webhookId);
    lineup.lanes.resume();
    this.#enlist(lineup);
  }

  /** As `wake`, when it was suspended: it may be enabled by now. */
  rouse(webhookId: number): void {
    if (this.#lineups.get(webhookId)?.lanes.isSuspended === true) this.wake(webhookId);
  }

  /** Something was committed in these lanes, on whichever node. */
  stir(lanes: readonly Lane[]): void {
    this.#onEach(lanes, (known, entityId) => known.stir(entityId));
  }

  /** The heads of these lanes may go. */
  due(lanes: readonly Lane[]): void {
    this.#onEach(lanes, (known, entityId) => known.due(entityId));
  }

  /** More lanes may be this node's work: looks for them, once what was left in them is settled. */
  gained(): void {
    if (!this.#running) return;
    this.#cancelSweep();
    void this.#sweep();
    this.#retries.expect(this.#parts.clock.now());
  }

  /** Some lanes are no longer this node's work: what is known of them is forgotten. */
  lost(): void {
    this.#pipeline.forget();
    for (const lineup of this.#lineups.values()) lineup.lanes.leaveOthers();
  }

  /** Something is in flight there, or may be claimed. */
  isBusy(shard: number): boolean {
    if (this.#pipeline.isInDoubt(shard)) return true;
    for (const { lineup, entityId } of this.#flights.values()) {
      if (shardOf(lineup.lanes.webhookId, entityId) === shard) return true;
    }
    return false;
  }

  get #busy(): boolean {
    return this.#flights.size > 0 || this.#reads > 0;
  }

  #lineup(webhookId: number): Lineup {
    let lineup = this.#lineups.get(webhookId);
    if (lineup === undefined) {
      const isOurs = (entityId: string) => this.#parts.owner.holds(shardOf(webhookId, entityId));
      lineup = Turns.lineup(new WebhookLanes(webhookId, this.#held, !this.#known, isOurs), limitsDefault);
      this.#lineups.set(webhookId, lineup);
    }
    return lineup;
  }

  #enlist(lineup: Lineup): void {
    const opensAt = this.#turns.enlist(lineup, this.#parts.clock.monotonic());
    if (opensAt !== undefined) this.#gates.shut(lineup, opensAt);
    this.#readers.add(lineup);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#running) return;
    this.#scheduled = true;
    this.#parts.timers.soon(() => {
      this.#scheduled = false;
      if (!this.#running) return;
      this.#read();
      if (!this.#claiming && this.#cancelRetry === undefined) void this.#claim();
    });
  }

  async #claim(): Promise<void> {
    const picked = this.#turns.pick(claimMax, this.#parts.clock.monotonic());
    // A lane that has become another node's is not claimed again here; what is in doubt of it is given back all the same.
    if (picked.size === 0 && !this.#pipeline.isInDoubt()) return;
    this.#claiming = true;
    for (const [delivery, flight] of picked) this.#flights.set(laneOf(delivery), flight);
    const could = await (picked.size > 0 ? this.#pipeline.run([...picked.keys()]) : this.#pipeline.giveBackDoubtful());
    this.#claiming = false;
    if (could) this.#schedule();
    else this.#retryLater();
  }

  #retryLater(): void {
    if (!this.#running) return;
    this.#cancelRetry ??= this.#parts.timers.after(retryMs, () => {
      this.#cancelRetry = undefined;
      this.#schedule();
    });
  }

  #answered(delivery: Delivery, { outcome, webhook, retryAfterSeconds }: Answer): void {
    const flight = this.#flights.get(laneOf(delivery));
    if (flight === undefined) return;
    flight.lineup.limits = webhook;
    this.#turns.answered(flight, outcome, this.#parts.clock.monotonic(), retryAfterSeconds);
    this.#enlist(flight.lineup);
  }

  #left(delivery: Delivery, end: PipelineEnd): void {
    const flight = this.#flights.get(laneOf(delivery));
    if (flight === undefined) return;
    this.#flights.delete(laneOf(delivery));
    this.#turns.left(flight);
    const { lineup } = flight;
    switch (end) {
      case 'ended':
        lineup.lanes.ended(delivery.entityId);
        break;
      case 'rested':
        lineup.lanes.rested(delivery.entityId);
        break;
      case 'overtook':
      case 'refused':
      case 'released':
        lineup.lanes.refused(delivery.entityId);
        break;
      case 'unclaimed':
        lineup.lanes.putBack(delivery);
        break;
      case 'suspended':
        lineup.lanes.suspend();
        lineup.lanes.ended(delivery.entityId);
        void this.#wakeIfEnabled(delivery.webhookId);
        break;
    }
    this.#enlist(lineup);
    if (!this.#busy) this.#whenIdle?.();
  }

  #onEach(lanes: readonly Lane[], tell: (known: WebhookLanes, entityId: string) => void): void {
    if (!this.#running) return;
    for (const { webhookId, entityId } of lanes) {
      const lineup = this.#lineup(webhookId);
      tell(lineup.lanes, entityId);
      this.#enlist(lineup);
    }
  }

  /** It may have been resumed after the claim looked and before it was suspended here. */
  async #wakeIfEnabled(webhookId: number): Promise<void> {
    const directory = await this.#reading(() => this.#parts.webhooks.current());
    if (directory?.find(webhookId)?.status === 'enabled') this.wake(webhookId);
  }

  /** Reads what is missing in memory: the heads of known lanes, then pages of lanes that are not known. */
  #read(): void {
    for (const lineup of this.#readers) {
      if (this.#reads >= readsMax || this.#cancelRetry !== undefined) return;
      this.#readers.delete(lineup);
      const entityIds = lineup.lanes.wanted(pageMax);
      if (entityIds.length > 0) void this.#readHeadsOf(lineup, entityIds);
      const page = lineup.lanes.nextPage();
      if (page !== undefined) void this.#readPage(lineup, page);
    }
  }

  async #readHeadsOf(lineup: Lineup, entityIds: readonly string[]): Promise<void> {
    const { lanes } = lineup;
    const heads = await this.#reading(() => readHeadsOf(this.#parts.database.read, lanes.webhookId, entityIds));
    if (heads === undefined) lanes.readFailed(entityIds);
    else lanes.foundHeads(entityIds, heads);
    this.#enlist(lineup);
  }

  async #readPage(lineup: Lineup, { critical, after }: Page): Promise<void> {
    const { lanes } = lineup;
    const next = critical ? readCriticalHeads : readHeads;
    const heads = await this.#reading(() => next(this.#parts.database.read, lanes.webhookId, after, pageMax));
    if (heads === undefined) lanes.pageFailed();
    else lanes.foundPage(heads, heads.length < pageMax);
    this.#enlist(lineup);
  }

  /** @returns undefined when the database could not. */
  async #reading<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
    this.#reads += 1;
    try {
      return await read();
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#parts.logger.warn({ error }, 'deliveries.not_read');
      this.#retryLater();
      return undefined;
    } finally {
      this.#reads -= 1;
      if (!this.#busy) this.#whenIdle?.();
    }
  }

  async #sweep(): Promise<void> {
    const open = await this.#reading(() => this.#openWebhooks());
    if (!this.#running) return;
    if (open !== undefined) this.#known = true;
    for (const webhookId of open?.enabled ?? []) this.wake(webhookId);
    for (const webhookId of open?.off ?? []) await this.#reading(() => cancelLeftOver(this.#parts, webhookId));
    if (!this.#running) return;
    // Two may run at the same time.
    this.#cancelSweep();
    this.#cancelSweep = this.#parts.timers.after(open === undefined ? retryMs : sweepMs, () => void this.#sweep());
  }

  /** Those that have something open: who of them may send, and who is off for good or until it is enabled. */
  async #openWebhooks(): Promise<{ enabled: number[]; off: number[] }> {
    const { database, webhooks } = this.#parts;
    const directory = await webhooks.current();
    const webhookIds: number[] = [];
    for (let page: number[] | undefined; page === undefined || page.length === webhooksPageMax;) {
      page = await readOpenWebhooks(database.read, webhookIds.at(-1) ?? 0, webhooksPageMax);
      webhookIds.push(...page);
    }
    this.#open = await this.#countOpen(webhookIds);
    const status = (webhookId: number) => directory.find(webhookId)?.status ?? 'disabled';
    return {
      enabled: webhookIds.filter((webhookId) => status(webhookId) === 'enabled'),
      off: webhookIds.filter((webhookId) => status(webhookId) === 'disabled'),
    };
  }

  async #countOpen(webhookIds: readonly number[]): Promise<Map<OpenState, number>> {
    const counts = new Map<OpenState, number>(openStates.map((state) => [state, 0]));
    let left = countedMax;
    for (const webhookId of webhookIds) {
      if (left <= 0) break;
      for (const [state, count] of await countOpen(this.#parts.database.read, webhookId, left)) {
        counts.set(state, (counts.get(state) ?? 0) + count);
        left -= count;
      }
    }
    return counts;
  }
}

/** In each lane one delivery is in flight at the most. */
function laneOf({ webhookId, entityId }: Delivery): string {
  return `${webhookId} ${entityId}`;
}
