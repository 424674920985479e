import { precedes, type Delivery } from './delivery.ts';
import type { Head } from './lane-store.ts';

/** Deliveries of one webhook that wait in memory, and lanes of it that are known there. */
const heldPerWebhookMax = 1_000;
const lanesPerWebhookMax = 1_000;
/** So many each webhook may always hold, so that the backlog of others cannot keep it from its turn. */
const heldPerWebhookMin = 8;
/** Over all webhooks: deliveries that wait in memory, and characters of their payloads. */
const heldMax = 20_000;
const heldCharactersMax = 64_000_000;
/** More heads are read when fewer than this are ready. */
const readyLow = 32;

/** What all webhooks hold in memory together. */
export class Held {
  count = 0;
  characters = 0;

  hasRoomFor(delivery: Delivery): boolean {
    return this.count < heldMax && this.characters + delivery.payload.length <= heldCharactersMax;
  }

  add(delivery: Delivery): void {
    this.count += 1;
    this.characters += delivery.payload.length;
  }

  remove(delivery: Delivery): void {
    this.count -= 1;
    this.characters -= delivery.payload.length;
  }
}

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
}

/**
 * The lanes of one webhook, as far as they are in memory. The database is the truth; this is what is known of it. While
 * it is not `behind`, every open delivery of the webhook is here or in flight, so a hint can be used as it comes.
 * Otherwise lanes may exist that are not here, and a hint only says where to look.
 */
export class WebhookLanes {
  readonly webhookId: number;
  readonly #held: Held;
  readonly #isOurs: (entityId: string) => boolean;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  readonly #wanting = new Set<Lane>();
  #heldHere = 0;
  #behind: boolean;
  #scanning = false;
  #scannedTo = '';
  #missed = false;
  #suspended = false;
  /** The last page brought nothing that there was room for: reading again is of no use before a head has moved. */
  #stalled = false;

  /** @param isOurs says which lanes are this node's work, where there are several nodes; that may change. */
  constructor(webhookId: number, held: Held, behind: boolean, isOurs: (entityId: string) => boolean = () => true) {
    this.webhookId = webhookId;
    this.#held = held;
    this.#behind = behind;
    this.#isOurs = isOurs;
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  get readyCount(): number {
    return this.#ready.length;
  }

  /** A delivery was committed. */
  offer(delivery: Delivery): void {
    const lane = this.#lanes.get(delivery.entityId);
    if (lane === undefined) this.#offerNew(delivery);
    else if (!this.#extend(lane, delivery)) {
      lane.complete = false;
      lane.missed = true;
    }
  }

  /** The next head, which is in flight from now on. */
  take(): Delivery | undefined {
    const lane = this.#ready.shift();
    const delivery = lane?.waiting.shift();
    if (lane === undefined || delivery === undefined) return undefined;
    lane.state = 'busy';
    this.#stalled = false;
    this.#drop(delivery);
    return delivery;
  }

  /** The head of a lane has ended, so its successor may go. */
  ended(entityId: string): void {
    const lane = this.#lanes.get(entityId);
    if (lane?.state !== 'busy') return;
    this.#stalled = false;
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
    this.#stalled = false;
    this.#forget(lane);
    this.#lanes.delete(entityId);
  }

  /** The head of a lane that rested may go. */
  due(entityId: string): void {
    if (this.#suspended) return;
    const lane = this.#lanes.get(entityId);
    if (lane !== undefined) lane.missed = true;
    else if (this.#hasRoom()) this.#want(this.#addLane(entityId, 'wanting', false));
    else this.#fallBehind();
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
    }
    const ready = this.#ready.filter((lane) => this.#lanes.get(lane.entityId) === lane);
    this.#ready.splice(0, this.#ready.length, ...ready);
  }

  /** What was taken could not be claimed for now. */
  putBack(delivery: Delivery): void {
    const lane = this.#lanes.get(delivery.entityId);
    if (lane?.state !== 'busy') return;
    lane.waiting.unshift(delivery);
    this.#hold(delivery);
    this.#makeReady(lane);
  }

  /** The webhook may not send: what waits stays in the database. */
  suspend(): void {
    this.#suspended = true;
    this.#fallBehind();
    for (const lane of this.#lanes.values()) {
      this.#forget(lane);
      if (lane.state !== 'busy') this.#lanes.delete(lane.entityId);
    }
    this.#ready.length = 0;
    this.#wanting.clear();
  }

  /** It may send again, or something may have been missed: look at the database once more. */
  resume(): void {
    this.#suspended = false;
    this.#stalled = false;
    this.#fallBehind();
  }

  /** Lanes whose heads must be read; the answer goes to `foundHeads`. */
  wanted(max: number): string[] {
    const entityIds: string[] = [];
    for (const lane of this.#wanting) {
      if (entityIds.length === max) break;
      this.#wanting.delete(lane);
      lane.state = 'reading';
      lane.missed = false;
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
      if (head?.state === 'pending') this.#begin(lane, head.delivery);
      else if (lane.missed) this.#want(lane);
      else this.#lanes.delete(entityId);
    }
  }

  /** Where to read on, when more heads are needed; the answer goes to `foundPage`. */
  nextPage(): string | undefined {
    const needed = this.#behind && !this.#suspended && !this.#scanning && this.#ready.length < readyLow;
    if (!needed || this.#stalled || !this.#hasRoom()) return undefined;
    if (this.#scannedTo === '') this.#missed = false;
    this.#scanning = true;
    return this.#scannedTo;
  }

  /** @param last no lanes come after these. */
  foundPage(heads: readonly Head[], last: boolean): void {
    this.#scanning = false;
    if (this.#suspended) return;
    const readyBefore = this.#ready.length;
    for (const { delivery, state } of heads) {
      const known = this.#lanes.has(delivery.entityId);
      if (!known && state === 'pending' && this.#isOurs(delivery.entityId)) {
        if (!this.#hasRoom() || !this.#hasRoomFor(delivery)) {
          this.#stalled = this.#ready.length === readyBefore;
          return;
        }
        this.#begin(this.#addLane(delivery.entityId, 'reading', false), delivery);
      }
      this.#scannedTo = delivery.entityId;
    }
    if (!last) return;
    this.#scannedTo = '';
    this.#behind = this.#missed;
  }

  /** A read failed: what was asked for is asked for again. */
  readFailed(entityIds: readonly string[]): void {
    for (const entityId of entityIds) {
      const lane = this.#lanes.get(entityId);
      if (lane?.state === 'reading') this.#want(lane);
    }
  }

  pageFailed(): void {
    this.#scanning = false;
  }

  #offerNew(delivery: Delivery): void {
    if (this.#suspended) return;
    if (this.#behind) {
      // Earlier ones of its lane may be in the database only.
      if (this.#hasRoom()) this.#want(this.#addLane(delivery.entityId, 'wanting', false));
      else this.#missed = true;
    } else if (this.#hasRoom() && this.#hasRoomFor(delivery)) {
      this.#begin(this.#addLane(delivery.entityId, 'ready', true), delivery);
    } else {
      this.#fallBehind();
    }
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
    const lane: Lane = { entityId, state, waiting: [], complete, missed: false };
    this.#lanes.set(entityId, lane);
    return lane;
  }

  #begin(lane: Lane, head: Delivery): void {
    lane.waiting.push(head);
    this.#hold(head);
    this.#makeReady(lane);
  }

  #makeReady(lane: Lane): void {
    lane.state = 'ready';
    this.#ready.push(lane);
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

  #fallBehind(): void {
    this.#behind = true;
    this.#missed = true;
    this.#scannedTo = '';
  }

  #hasRoom(): boolean {
    return this.#lanes.size < lanesPerWebhookMax;
  }

  #hasRoomFor(delivery: Delivery): boolean {
    if (this.#heldHere < heldPerWebhookMin) return true;
    return this.#heldHere < heldPerWebhookMax && this.#held.hasRoomFor(delivery);
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
