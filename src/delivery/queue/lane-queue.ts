import { precedes, urgencyOf, type Delivery, type Urgency } from '../store/delivery.ts';
import type { Head, Place } from '../store/backlog-store.ts';
import { AgeCursors } from './age-cursor.ts';
import { isOvertaken, leave, mostUrgent, newLane, type Lane, type Page } from './lane.ts';
import { MemoryShare, queueLimitsDefault, type MemoryBudget, type QueueLimits } from './memory-budget.ts';
import { HeadReading } from './head-reading.ts';
import { PageReading } from './page-reading.ts';
import { PriorityQueue, urgencies } from './priority-queue.ts';

/**
 * The lanes of one webhook, as far as they are in memory; the database is the truth. Of each class the oldest lanes are
 * here. While more wait than there is room for, what comes up stays in the database until a cursor gets to it by age, and
 * nothing goes that is newer than what the cursor has reached: so the oldest of a class goes first wherever it waits. While
 * no cursor is behind, each open delivery of the webhook is here or in flight, and what is handed on is used as it comes.
 */
export class LaneQueue {
  readonly webhookId: number;
  readonly #held: MemoryShare;
  readonly #isOurs: (entityId: string) => boolean;
  readonly #limits: QueueLimits;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new PriorityQueue<Lane>();
  readonly #heads = new HeadReading();
  /** Of the lanes whose heads are wanted or read, those whose places are known: nothing newer goes before them. */
  readonly #unread = new PriorityQueue<Lane>();
  /** Lanes in each class. */
  readonly #known: Record<Urgency, number> = { 0: 0, 1: 0, 2: 0 };
  readonly #cursors: AgeCursors;
  readonly #pages = new PageReading();
  #suspended = false;

  /** @param isOurs says which lanes are this node's work; that may change. */
  constructor(
    webhookId: number,
    held: MemoryBudget,
    behind: boolean,
    isOurs: (entityId: string) => boolean = () => true,
    limits = queueLimitsDefault,
  ) {
    this.webhookId = webhookId;
    this.#held = new MemoryShare(held, limits);
    this.#cursors = new AgeCursors(behind);
    this.#isOurs = isOurs;
    this.#limits = limits;
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  /** Lanes whose heads may go. */
  get readyCount(): number {
    return this.#readyIn(0) + this.#readyIn(1) + this.#readyIn(2);
  }

  /** A delivery was committed. */
  enqueue(delivery: Delivery): void {
    const lane = this.#lanes.get(delivery.entityId);
    if (lane === undefined) return this.#offerNew(delivery);
    const left = this.#extend(lane, delivery) ? [] : leave(lane, delivery);
    for (const later of left) this.#held.remove(later);
    this.#raise(lane, delivery.urgency, delivery.deliveryId);
    if (lane.state === 'ready' && lane.waiting.length === 0) this.#readAgain(lane);
  }

  /** A delivery that is being made is in flight from now on, unless something of its lane or of the webhook goes first. */
  admit({ entityId }: Delivery): boolean {
    if (this.#suspended || this.#lanes.has(entityId) || !this.#isOurs(entityId)) return false;
    const nothingWaits = this.#ready.isEmpty && this.#heads.isIdle && !this.#cursors.anyBehind;
    if (!nothingWaits || !this.#hasRoom(urgencyOf.Info)) return false;
    Object.assign(this.#addLane(entityId, urgencyOf.Info, ''), { state: 'busy', complete: true });
    return true;
  }

  /** The next head, which is in flight from now on. */
  take(): Delivery | undefined {
    const lane = this.#ready.take(this.#limitOf);
    const delivery = lane?.waiting.shift();
    if (lane === undefined || delivery === undefined) return undefined;
    lane.state = 'busy';
    if (delivery.deliveryId >= lane.since) this.#rank(lane);
    this.#cursors.slotFreed();
    this.#held.remove(delivery);
    return delivery;
  }

  /** The head's result is about to be written: its successor, in flight from now on, unless another lane goes first. */
  follow(entityId: string): Delivery | undefined {
    const lane = this.#lanes.get(entityId);
    if (lane?.state !== 'busy' || lane.waiting.length === 0 || !this.#isOurs(entityId)) return undefined;
    this.#makeReady(lane);
    if (this.#ready.next(this.#limitOf) === lane) return this.take();
    this.#ready.delete(lane);
    lane.state = 'busy';
    return undefined;
  }

  /** It was not claimed after all, and the result of the one before it is not written. */
  unfollowed(successor: Delivery): void {
    const lane = this.#lanes.get(successor.entityId);
    if (lane?.state === 'busy' && !this.#suspended && !isOvertaken(lane, successor)) this.#putBack(lane, successor);
  }

  /** The head of a lane has ended, so its successor may go. */
  ended(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane?.state !== 'busy') return;
    this.#cursors.slotFreed();
    if (lane.waiting.length > 0) this.#makeReady(lane);
    else if (lane.complete) this.#remove(lane);
    else {
      this.#place(lane, lane.urgency, '');
      this.#want(lane);
    }
  }

  /** The taken delivery was not the head, or is no longer there: the head must be read from the database. */
  notClaimed(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane?.state !== 'busy') return;
    this.#forget(lane);
    this.#want(lane);
  }

  /** The head of a lane waits for its next attempt: the rest of the lane waits in the database. */
  waitsForRetry(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane?.state !== 'busy') return;
    this.#cursors.slotFreed();
    this.#forget(lane);
    this.#remove(lane);
  }

  /** A delivery that waited for its next attempt may go: it is the head of its lane, and the ready ones come after it. */
  due(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane?.state === 'ready') this.#readAgain(lane);
    else this.mayGo(entityId);
  }

  /** The head of a lane may go. */
  mayGo(entityId: string): void {
    if (this.#suspended) return;
    const lane = this.#lanes.get(entityId);
    if (lane !== undefined) lane.missed = true;
    // Its class is not known yet, so it may take the room of any.
    else if (this.#lanes.size < urgencies.length * this.#limits.lanesPerClassMax) {
      this.#want(this.#addLane(entityId, urgencyOf.Info, ''));
    } else this.#cursors.lookAgain();
  }

  /** Something was committed in a lane and is not offered: on another node, or while the lease of this one had run out. */
  laneChanged(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane !== undefined) Object.assign(lane, { complete: false, missed: true });
    else if (this.#isOurs(entityId)) this.mayGo(entityId);
  }

  /** Some lanes may no longer be ours: those that are not are forgotten, all but what is in flight. */
  leaveOthers(): void {
    for (const lane of this.#lanes.values()) {
      if (this.#isOurs(lane.entityId)) continue;
      this.#forget(lane);
      if (lane.state !== 'busy') this.#remove(lane);
    }
  }

  /** The taken deliveries could not be claimed for now. */
  unclaimed(delivery: Delivery): void {
    const lane = this.#lanes.get(delivery.entityId);
    if (lane?.state !== 'busy') return;
    if (this.#suspended) return this.#remove(lane);
    this.#putBack(lane, delivery);
    this.#makeReady(lane);
    if (isOvertaken(lane, delivery)) this.#readAgain(lane);
  }

  /** The webhook may not send: its deliveries stay in the database. */
  suspend(): void {
    this.#suspended = true;
    this.#pages.abandon();
    this.#cursors.startAnew();
    for (const lane of this.#lanes.values()) {
      this.#forget(lane);
      if (lane.state !== 'busy') this.#remove(lane);
    }
  }

  /** It may send again, or something may have been missed: look at the database once more. */
  resume(): void {
    this.#suspended = false;
    this.#cursors.slotFreed();
    this.#cursors.lookAgain();
  }

  /** Lanes whose heads must be read, the most urgent first; the answer goes to `foundHeads` before more are asked for. */
  wanted(max: number): string[] {
    return this.#heads.begin(max).map(({ entityId }) => entityId);
  }

  foundHeads(entityIds: readonly string[], heads: readonly Head[]): void {
    this.#heads.end();
    this.#cursors.slotFreed();
    const byEntity = new Map(heads.map((head) => [head.delivery.entityId, head]));
    for (const entityId of entityIds) {
      const lane = this.#lanes.get(entityId);
      if (lane?.state !== 'reading') continue;
      const head = byEntity.get(entityId);
      if (head?.state === 'pending' && !isOvertaken(lane, head.delivery)) {
        this.#raise(lane, head.urgency, head.since);
        this.#begin(lane, head.delivery);
      } else if (lane.missed) this.#want(lane);
      else this.#remove(lane);
    }
  }

  /** Where to read on, when more is needed; the answer goes to `foundPage`. */
  nextPage(): Page | undefined {
    if (this.#suspended) return undefined;
    return this.#pages.begin((urgency) => (this.#needsMore(urgency) ? this.#cursors.of(urgency).begin() : undefined));
  }

  /** @param last nothing waits after these. */
  foundPage(page: Page, places: readonly Place[], last: boolean): void {
    const read = this.#pages.end(page);
    if (read === undefined) return;
    const cursor = this.#cursors.of(page.urgency);
    if (this.#passAll(page.urgency, places) && last && read.arrived !== undefined) cursor.end();
    // A lane that came up since may have been passed over.
    if (read.arrived === undefined) cursor.lookAgain();
    else for (const delivery of read.arrived) this.enqueue(delivery);
  }

  /** @returns whether nothing between these places is left in the database unknown. */
  #passAll(urgency: Urgency, places: readonly Place[]): boolean {
    const cursor = this.#cursors.of(urgency);
    let left = '';
    for (const { deliveryId, entityId, state } of places) {
      const lane = this.#lanes.get(entityId);
      if (lane !== undefined) this.#raise(lane, urgency, deliveryId);
      else if (state === 'pending' && this.#isOurs(entityId)) {
        const hasRoom = this.#hasRoom(urgency);
        const newest = hasRoom ? undefined : this.#makeRoom(urgency, deliveryId);
        if (!hasRoom && newest === undefined) {
          cursor.stall(deliveryId);
          return false;
        }
        if (newest !== undefined && newest > left) left = newest;
        this.#want(this.#addLane(entityId, urgency, deliveryId));
      }
      cursor.passed(deliveryId);
    }
    // What left memory may be newer than the page.
    return left <= (places.at(-1)?.deliveryId ?? '');
  }

  /** A read failed: it is asked for again. */
  readFailed(entityIds: readonly string[]): void {
    this.#heads.end();
    for (const entityId of entityIds) {
      const lane = this.#lanes.get(entityId);
      if (lane?.state === 'reading') this.#want(lane);
    }
  }

  pageFailed(page: Page): void {
    this.#pages.end(page);
  }

  #offerNew(delivery: Delivery): void {
    if (this.#suspended) return;
    const { deliveryId, entityId, urgency } = delivery;
    if (this.#cursors.of(urgency).behind || !this.#hasRoom(urgency)) {
      this.#cursors.of(urgency).leave(deliveryId);
      return this.#pages.note(delivery);
    }
    const lane = this.#addLane(entityId, urgency, deliveryId);
    // Where another class is behind, the database alone may have earlier ones of its lane.
    lane.complete = !this.#cursors.anyBehind;
    if (lane.complete) this.#begin(lane, delivery);
    else this.#want(lane);
  }

  #extend(lane: Lane, delivery: Delivery): boolean {
    const last = lane.waiting.at(-1);
    const inOrder = last === undefined || precedes(last, delivery);
    if (!lane.complete || !inOrder || !this.#held.hasRoomFor(delivery)) return false;
    lane.waiting.push(delivery);
    this.#held.add(delivery);
    return true;
  }

  #addLane(entityId: string, urgency: Urgency, since: string): Lane {
    const lane = newLane(entityId, urgency, since);
    this.#lanes.set(entityId, lane);
    this.#known[urgency] += 1;
    if (since !== '') this.#unread.add(lane);
    return lane;
  }

  #remove(lane: Lane): void {
    if (lane.state === 'ready') this.#ready.delete(lane);
    this.#unread.delete(lane);
    this.#heads.forget(lane);
    if (this.#lanes.delete(lane.entityId)) this.#known[lane.urgency] -= 1;
  }

  #begin(lane: Lane, head: Delivery): void {
    this.#unread.delete(lane);
    lane.waiting.push(head);
    this.#held.add(head);
    this.#makeReady(lane);
  }

  #putBack(lane: Lane, delivery: Delivery): void {
    lane.waiting.unshift(delivery);
    this.#held.add(delivery);
    this.#raise(lane, delivery.urgency, delivery.deliveryId);
  }

  #makeReady(lane: Lane): void {
    lane.state = 'ready';
    this.#ready.add(lane);
  }

  /** Something of this class waits in the lane, at this place. */
  #raise(lane: Lane, urgency: Urgency, since: string): void {
    if (urgency > lane.urgency) return;
    if (urgency === lane.urgency && lane.since !== '' && lane.since <= since) return;
    this.#place(lane, urgency, since);
  }

  #place(lane: Lane, urgency: Urgency, since: string): void {
    const queue = lane.state === 'ready' ? this.#ready : this.#unread;
    const isThere = queue.delete(lane);
    this.#known[lane.urgency] -= 1;
    this.#known[urgency] += 1;
    Object.assign(lane, { urgency, since });
    if (isThere) queue.add(lane);
  }

  /** What it went for was taken. Of a lane that is not complete, something as urgent may wait in the database. */
  #rank(lane: Lane): void {
    const next = mostUrgent(lane);
    const urgency = next === undefined || lane.complete ? next?.urgency : lane.urgency;
    this.#place(lane, urgency ?? urgencyOf.Info, next?.deliveryId ?? '');
  }

  /** The head of a ready lane is another one. Until that is read, nothing goes that is newer than the lane's place. */
  #readAgain(lane: Lane): void {
    this.#ready.delete(lane);
    this.#forget(lane);
    if (lane.since !== '') this.#unread.add(lane);
    this.#want(lane);
  }

  #want(lane: Lane): void {
    if (this.#suspended || !this.#isOurs(lane.entityId)) return this.#remove(lane);
    this.#heads.want(lane);
  }

  #forget(lane: Lane): void {
    for (const delivery of lane.waiting) this.#held.remove(delivery);
    lane.waiting.length = 0;
    lane.complete = false;
    if (lane.state === 'busy') this.#place(lane, urgencyOf.Info, '');
  }

  /** The place after which nothing of a class may go yet; undefined = everything may. */
  readonly #limitOf = (urgency: Urgency): string | undefined => {
    const { reached } = this.#cursors.of(urgency);
    const since = this.#unread.oldest(urgency)?.since;
    return since === undefined || (reached !== undefined && reached < since) ? reached : since;
  };

  #readyIn(urgency: Urgency): number {
    return this.#ready.count(urgency, this.#limitOf(urgency));
  }

  #needsMore(urgency: Urgency): boolean {
    const cursor = this.#cursors.of(urgency);
    const coming = this.#readyIn(urgency) + this.#unread.count(urgency, undefined);
    return cursor.needed && (cursor.mustRewind || coming < this.#limits.readyLow);
  }

  #hasRoom(urgency: Urgency): boolean {
    return this.#known[urgency] < this.#held.lanesMax(this.#cursors.anyBehind);
  }

  /** The newest ready lane of a class leaves memory for an older one; the cursor will get to it. @returns its place. */
  #makeRoom(urgency: Urgency, since: string): string | undefined {
    const newest = this.#ready.newest(urgency);
    if (newest === undefined || newest.since <= since) return undefined;
    // In its class nothing of it may be left, so that its head alone leads back to it.
    for (const head of newest.waiting.slice(0, 1)) this.#cursors.of(head.urgency).leave(head.deliveryId);
    this.#forget(newest);
    this.#remove(newest);
    return newest.since;
  }
}
