import { precedes, urgencyOf, type Delivery, type Urgency } from './delivery.ts';
import type { Held } from './held.ts';
import type { Head } from './lane-store.ts';
import { ReadyLanes } from './ready-lanes.ts';
import { Scan } from './scan.ts';

/** Deliveries of one webhook that wait in memory, and lanes of it that are known there. */
const heldPerWebhookMax = 1_000;
const lanesPerWebhookMax = 1_000;
/** So many more are there for lanes with something Critical, so that one is not left out while others fill the room. */
const criticalMoreMax = 256;
/** So many each webhook may always hold, so that the backlog of others cannot keep it from its turn. */
const heldPerWebhookMin = 8;
/** More heads are read when fewer than this are ready: of the Critical ones, and of the others. */
const readyLow = 32;

/**
 * `ready`: its head waits for a turn · `busy`: its head is claimed or in flight · `wanting`: its head must be read ·
 * `reading`: it is being read.
 */
interface Lane {
  readonly entityId: string;
  state: 'ready' | 'busy' | 'wanting' | 'reading';
  /** The next ones in order, while `busy` without the head. */
  readonly waiting: Delivery[];
  /** `waiting` is all there is: nothing of this lane is only in the database. */
  complete: boolean;
  /** Something came up while its head was wanted or read, so an empty answer may be old. */
  missed: boolean;
  /** The most urgent of what waits in it, as far as that is known: an ordinary head goes for what is behind it. */
  urgency: Urgency;
}

/** Which page of heads is to be read. */
export interface Page {
  /** Only lanes with something Critical. */
  readonly critical: boolean;
  readonly after: string;
}

/**
 * The lanes of one webhook, as far as they are in memory. The database is the truth; this is what is known of it. While
 * it is not `behind`, every open delivery of the webhook is here or in flight, so a hint can be used as it comes.
 * Otherwise lanes may exist that are not here, and a hint only says where to look. Those with something Critical are
 * looked for first, in a scan of their own, and have some room of their own.
 */
export class WebhookLanes {
  readonly webhookId: number;
  readonly #held: Held;
  readonly #isOurs: (entityId: string) => boolean;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new ReadyLanes<Lane>();
  readonly #wanting = new Set<Lane>();
  #heldHere = 0;
  readonly #critical: Scan;
  readonly #all: Scan;
  /** A page of it is being read. */
  #reading: Scan | undefined;
  /** The Critical scan has come to its end and begins anew: before that, the other has a page. */
  #othersNext = false;
  #suspended = false;

  /** @param isOurs says which lanes are this node's work, where there are several nodes; that may change. */
  constructor(webhookId: number, held: Held, behind: boolean, isOurs: (entityId: string) => boolean = () => true) {
    this.webhookId = webhookId;
    this.#held = held;
    this.#critical = new Scan(behind);
    this.#all = new Scan(behind);
    this.#isOurs = isOurs;
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  get readyCount(): number {
    return this.#ready.size;
  }

  /** A delivery was committed. */
  offer(delivery: Delivery): void {
    const lane = this.#lanes.get(delivery.entityId);
    if (lane === undefined) return this.#offerNew(delivery);
    if (!this.#extend(lane, delivery)) {
      lane.complete = false;
      lane.missed = true;
    }
    this.#raise(lane, delivery.urgency);
  }

  /** The next head, which is in flight from now on. */
  take(): Delivery | undefined {
    const lane = this.#ready.take();
    const delivery = lane?.waiting.shift();
    if (lane === undefined || delivery === undefined) return undefined;
    lane.state = 'busy';
    if (lane.complete && delivery.urgency === lane.urgency) lane.urgency = mostUrgent(lane);
    this.#moved();
    this.#drop(delivery);
    return delivery;
  }

  /** The head of a lane has ended, so its successor may go. */
  ended(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane?.state !== 'busy') return;
    this.#moved();
    if (lane.waiting.length > 0) this.#makeReady(lane);
    else if (lane.complete) this.#lanes.delete(entityId);
    else this.#want(lane);
  }

  /** What was taken was not the head, or is no longer there: the database must say what is. */
  refused(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane?.state !== 'busy') return;
    this.#forget(lane);
    this.#want(lane);
  }

  /** The head of a lane waits for its next attempt: what is behind it waits in the database. */
  rested(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane?.state !== 'busy') return;
    this.#moved();
    this.#forget(lane);
    this.#lanes.delete(entityId);
  }

  /** The head of a lane that rested may go. */
  due(entityId: string): void {
    if (this.#suspended) return;
    const lane = this.#lanes.get(entityId);
    if (lane !== undefined) lane.missed = true;
    else if (this.#hasRoom(urgencyOf.Info)) this.#want(this.#addLane(entityId, 'wanting', false));
    else this.#miss(urgencyOf.Critical);
  }

  /** Something was committed in a lane that may not have been offered: on another node. */
  stir(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane !== undefined) lane.complete = false;
    this.due(entityId);
  }

  /** Some lanes may no longer be ours: those that are not are forgotten, all but what is in flight. */
  leaveOthers(): void {
    for (const lane of this.#lanes.values()) {
      if (this.#isOurs(lane.entityId)) continue;
      this.#forget(lane);
      if (lane.state === 'busy') continue;
      this.#lanes.delete(lane.entityId);
      this.#wanting.delete(lane);
      this.#ready.delete(lane, lane.urgency);
    }
  }

  /** What was taken could not be claimed for now. */
  putBack(delivery: Delivery): void {
    const lane = this.#lanes.get(delivery.entityId);
    if (lane?.state !== 'busy') return;
    lane.waiting.unshift(delivery);
    this.#hold(delivery);
    this.#raise(lane, delivery.urgency);
    this.#makeReady(lane);
  }

  /** The webhook may not send: what waits stays in the database. */
  suspend(): void {
    this.#suspended = true;
    this.#startAnew();
    for (const lane of this.#lanes.values()) {
      this.#forget(lane);
      if (lane.state !== 'busy') this.#lanes.delete(lane.entityId);
    }
    this.#ready.clear();
    this.#wanting.clear();
  }

  /** It may send again, or something may have been missed: look at the database once more. */
  resume(): void {
    this.#suspended = false;
    this.#moved();
    this.#startAnew();
  }

  /** Lanes whose heads must be read; the answer goes to `foundHeads`. */
  wanted(max: number): string[] {
    const entityIds: string[] = [];
    for (const lane of this.#wanting) {
      if (entityIds.length === max) break;
      this.#wanting.delete(lane);
      lane.state = 'reading';
      lane.missed = false;
      lane.urgency = urgencyOf.Info;
      entityIds.push(lane.entityId);
    }
    return entityIds;
  }

  foundHeads(entityIds: readonly string[], heads: readonly Head[]): void {
    const byEntity = new Map(heads.map((head) => [head.delivery.entityId, head]));
    for (const entityId of entityIds) {
      const lane = this.#lanes.get(entityId);
      if (lane?.state !== 'reading') continue;
      const head = byEntity.get(entityId);
      if (head?.state === 'pending') this.#begin(lane, head.delivery, head.urgency);
      else if (lane.missed) this.#want(lane);
      else this.#lanes.delete(entityId);
    }
  }

  /** Where to read on, when more heads are needed; the answer goes to `foundPage`. */
  nextPage(): Page | undefined {
    if (this.#suspended || this.#reading !== undefined) return undefined;
    const needsOthers = this.#needsMore(this.#all, this.#otherCount, urgencyOf.Info);
    const needsCritical = this.#needsMore(this.#critical, this.#ready.criticalCount, urgencyOf.Critical);
    if (!needsCritical && !needsOthers) return undefined;
    const critical = needsCritical && !(needsOthers && this.#othersNext);
    if (!critical) this.#othersNext = false;
    const scan = critical ? this.#critical : this.#all;
    this.#reading = scan;
    return { critical, after: scan.begin() };
  }

  /** @param last no lanes come after these. */
  foundPage(heads: readonly Head[], last: boolean): void {
    const scan = this.#reading;
    this.#reading = undefined;
    if (this.#suspended || scan === undefined) return;
    const readyBefore = this.#ready.size;
    for (const { delivery, state, urgency } of heads) {
      const known = this.#lanes.has(delivery.entityId);
      if (!known && state === 'pending' && this.#isOurs(delivery.entityId)) {
        if (scan === this.#all && urgency === urgencyOf.Critical && this.#critical.behind) {
          // It is for the other scan to bring, which may have passed it: here it would take the room of the ordinary.
          this.#critical.miss();
        } else if (this.#hasRoom(urgency) && this.#hasRoomFor(delivery, this.#moreFor(urgency))) {
          this.#begin(this.#addLane(delivery.entityId, 'reading', false), delivery, urgency);
        } else {
          if (this.#ready.size === readyBefore) scan.stall();
          return;
        }
      }
      scan.passed(delivery.entityId);
    }
    if (!last) return;
    scan.end();
    this.#othersNext = scan === this.#critical;
  }

  /** A read failed: what was asked for is asked for again. */
  readFailed(entityIds: readonly string[]): void {
    for (const entityId of entityIds) {
      const lane = this.#lanes.get(entityId);
      if (lane?.state === 'reading') this.#want(lane);
    }
  }

  pageFailed(): void {
    this.#reading = undefined;
  }

  #offerNew(delivery: Delivery): void {
    if (this.#suspended) return;
    const { entityId, urgency } = delivery;
    // While it is behind, earlier ones of its lane may be in the database only.
    const behind = this.#critical.behind || this.#all.behind;
    if (!this.#hasRoom(urgency)) this.#miss(urgency);
    else if (behind) this.#want(this.#addLane(entityId, 'wanting', false));
    else if (!this.#hasRoomFor(delivery, this.#moreFor(urgency))) this.#miss(urgency);
    else this.#begin(this.#addLane(entityId, 'reading', true), delivery, urgency);
  }

  #extend(lane: Lane, delivery: Delivery): boolean {
    const last = lane.waiting.at(-1);
    const inOrder = last === undefined || precedes(last, delivery);
    if (!lane.complete || !inOrder || !this.#hasRoomFor(delivery)) return false;
    lane.waiting.push(delivery);
    this.#hold(delivery);
    return true;
  }

  #addLane(entityId: string, state: Lane['state'], complete: boolean): Lane {
    const lane: Lane = { entityId, state, waiting: [], complete, missed: false, urgency: urgencyOf.Info };
    this.#lanes.set(entityId, lane);
    return lane;
  }

  #begin(lane: Lane, head: Delivery, urgency: Urgency): void {
    lane.waiting.push(head);
    this.#hold(head);
    this.#raise(lane, urgency);
    this.#makeReady(lane);
  }

  #makeReady(lane: Lane): void {
    lane.state = 'ready';
    this.#ready.add(lane, lane.urgency);
  }

  /** Something of this urgency waits in the lane; one that is ready goes to the end of the more urgent class. */
  #raise(lane: Lane, urgency: Urgency): void {
    if (urgency >= lane.urgency) return;
    const wasReady = this.#ready.delete(lane, lane.urgency);
    lane.urgency = urgency;
    if (wasReady) this.#ready.add(lane, urgency);
  }

  #want(lane: Lane): void {
    if (this.#suspended || !this.#isOurs(lane.entityId)) {
      this.#lanes.delete(lane.entityId);
      return;
    }
    lane.state = 'wanting';
    this.#wanting.add(lane);
  }

  #forget(lane: Lane): void {
    for (const delivery of lane.waiting) this.#drop(delivery);
    lane.waiting.length = 0;
    lane.complete = false;
  }

  /** A lane stays in the database for want of room. @param urgency at most so urgent is what is in it. */
  #miss(urgency: Urgency): void {
    if (urgency === urgencyOf.Critical) this.#critical.miss();
    this.#all.miss();
  }

  #startAnew(): void {
    this.#critical.startAnew();
    this.#all.startAnew();
  }

  #moved(): void {
    this.#critical.moved();
    this.#all.moved();
  }

  #needsMore(scan: Scan, ready: number, urgency: Urgency): boolean {
    return scan.needed && ready < readyLow && this.#hasRoom(urgency);
  }

  get #otherCount(): number {
    return this.#ready.size - this.#ready.criticalCount;
  }

  /** Lanes, and their heads, over what a webhook may have otherwise. What is Critical does not crowd out all others. */
  #moreFor(urgency: Urgency): number {
    if (urgency === urgencyOf.Critical) return criticalMoreMax;
    const crowded = this.#ready.criticalCount > 0 && this.#otherCount < readyLow;
    return crowded ? criticalMoreMax + readyLow : 0;
  }

  #hasRoom(urgency: Urgency): boolean {
    return this.#lanes.size < lanesPerWebhookMax + this.#moreFor(urgency);
  }

  #hasRoomFor(delivery: Delivery, more = 0): boolean {
    if (this.#heldHere < heldPerWebhookMin) return true;
    return this.#heldHere < heldPerWebhookMax + more && this.#held.hasRoomFor(delivery);
  }

  #hold(delivery: Delivery): void {
    this.#heldHere += 1;
    this.#held.add(delivery);
  }

  #drop(delivery: Delivery): void {
    this.#heldHere -= 1;
    this.#held.remove(delivery);
  }
}

/** Nothing that waits is more urgent than the lane was known for, so over the life of a lane each is looked at thrice at most. */
function mostUrgent(lane: Lane): Urgency {
  let found: Urgency = urgencyOf.Info;
  for (const { urgency } of lane.waiting) {
    if (urgency < found) found = urgency;
    if (found <= lane.urgency) break;
  }
  return found;
}
