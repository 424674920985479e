import type { Transaction, TransactionEnd, TransactionMark } from '../../database/database.ts';
import { shardOf } from '../../database/shard.ts';
import type { Clock } from '../../runtime/clock.ts';
import { momentOf } from '../../runtime/moment.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import { insertClaimed, type Claim } from '../store/claim-store.ts';
import { insertDeliveries } from '../store/delivery-store.ts';
import type { Delivery } from '../store/delivery.ts';
import type { ClaimContext, ShardOwnership } from '../store/ownership.ts';
import { wantsLatest } from './claim.ts';
import type { ClaimedDelivery, Claimer, Claims } from './claimer.ts';
import { madeAs, type ResultWriterParts } from './result-writer.ts';

/** Claims deliveries in the transaction that makes them, so that they leave after one commit. */
export interface Births {
  begin(tx: Transaction): Pick<BirthClaims, 'insert'>;
}

/** A delivery that is about to be inserted. */
export interface NewDelivery {
  readonly delivery: Delivery;
  readonly webhook: Webhook;
  /** Nothing of its lane is open, as the transaction sees it. */
  readonly isAlone: boolean;
}

/** The slots that such claims need. */
export interface BirthSlots {
  /** Takes a slot for it, if it may go at once. */
  take(delivery: Delivery): boolean;
  /** The change is on the disk. */
  claimed(claims: Claims): void;
  /** Gives the slot back. */
  release(delivery: Delivery, end: 'unborn' | 'inDoubt' | 'notClaimed'): void;
  /** It is certain now whether this delivery, whose claim was in doubt, is there. */
  certain(delivery: Delivery): void;
}

export interface BirthClaimsParts {
  readonly clock: Clock;
  readonly owner: ShardOwnership;
  readonly claimer: Claimer;
  readonly slots: BirthSlots;
  readonly changed?: ResultWriterParts['changed'];
}

/**
 * The claims of one run of a change's transaction. Each slot is given back when the run ends without a commit, however it
 * ends; a run that begins anew takes its own.
 */
export class BirthClaims {
  readonly #parts: BirthClaimsParts;
  readonly #tx: Transaction;
  readonly #taken: Omit<NewDelivery, 'isAlone'>[] = [];
  /** As they are if granted. */
  readonly #claims = new Map<string, Claim>();
  readonly #granted = new Set<string>();
  /** Something of these waits already, and goes before what comes after it. */
  readonly #full = new Set<number>();
  #context: ClaimContext | undefined;
  #mark: TransactionMark = 0;
  #isOver = false;

  constructor(parts: BirthClaimsParts, tx: Transaction) {
    this.#parts = parts;
    this.#tx = tx;
  }

  /** Inserts these, and claims those that may go at once. @returns the others. */
  async insert(made: readonly NewDelivery[], endpointOf: (webhookId: number) => string): Promise<Delivery[]> {
    const inTurn =
      made.length === 1 ? made : made.toSorted((one, other) => one.delivery.urgency - other.delivery.urgency);
    const born = inTurn.filter((one) => this.#take(one)).map(({ delivery }) => delivery);
    if (born.length === 0) {
      const all = made.map(({ delivery }) => delivery);
      await insertDeliveries(this.#tx, all, endpointOf);
      return all;
    }
    const taken = new Set(born);
    const waiting = made.flatMap(({ delivery }) => (taken.has(delivery) ? [] : delivery));
    this.#mark = await this.#tx.mark();
    await Promise.all([this.#insertClaimed(born, endpointOf), insertDeliveries(this.#tx, waiting, endpointOf)]);
    return waiting;
  }

  #take({ delivery, webhook, isAlone }: NewDelivery): boolean {
    // With the latest only, its claim looks for what it replaces.
    if (!isAlone || webhook.status !== 'enabled' || wantsLatest(delivery, webhook)) return false;
    this.#begin();
    if (this.#isOver || this.#full.has(delivery.webhookId)) return false;
    if (!this.#parts.slots.take(delivery)) {
      this.#full.add(delivery.webhookId);
      return false;
    }
    this.#taken.push({ delivery, webhook });
    return true;
  }

  /** Before the first slot is taken. */
  #begin(): void {
    if (this.#context !== undefined) return;
    this.#tx.whenEnded((end) => this.#ended(end));
    this.#context = this.#parts.owner.claimContext(momentOf(this.#parts.clock));
  }

  async #insertClaimed(born: readonly Delivery[], endpointOf: (webhookId: number) => string): Promise<void> {
    const terms = { endpointOf, now: this.#parts.clock.now(), lease: this.#leaseFor(born), granted: this.#grant };
    const claims = await insertClaimed(this.#tx, born, terms);
    for (const [deliveryId, claim] of claims) this.#claims.set(deliveryId, claim);
  }

  readonly #grant = (deliveryIds: readonly string[]): void => {
    for (const deliveryId of deliveryIds) this.#granted.add(deliveryId);
  };

  /** Without the leases that these do not need: the statement locks each. */
  #leaseFor(born: readonly Delivery[]): ClaimContext['lease'] {
    const lease = this.#context?.lease;
    if (lease === undefined) return undefined;
    const shards = new Set(born.map(({ webhookId, entityId }) => shardOf(webhookId, entityId)));
    return { ...lease, leases: lease.leases.filter(({ shard }) => shards.has(shard)) };
  }

  #ended(end: TransactionEnd): void {
    this.#isOver = true;
    if (this.#taken.length === 0) return;
    if (end === 'committed') return this.#committed();
    for (const { delivery } of this.#taken) {
      if (end === 'rolled back') this.#parts.slots.release(delivery, 'unborn');
      else this.#doubt(delivery);
    }
  }

  #committed(): void {
    const { slots, owner, changed } = this.#parts;
    const granted: ClaimedDelivery[] = [];
    const denied: [Delivery, 'notClaimed'][] = [];
    for (const { delivery: head, webhook } of this.#taken) {
      const claim = this.#granted.has(head.deliveryId) ? this.#claims.get(head.deliveryId) : undefined;
      const sendWindow = this.#context?.window(shardOf(head.webhookId, head.entityId));
      if (claim === undefined || sendWindow === undefined) denied.push([head, 'notClaimed']);
      else granted.push({ head, delivery: { ...head, ...claim }, webhook, sendWindow });
      changed?.(madeAs(claim === undefined ? 'pending' : 'sending', head));
    }
    if (denied.length > 0) owner.reportRefusedClaim();
    slots.claimed({ granted, denied });
  }

  /**
   * Whether the change has happened is not known, nor whether the claim was granted: its lane waits, without a slot, until the claim is given back.
   */
  #doubt(delivery: Delivery): void {
    const { slots, claimer } = this.#parts;
    const claim = this.#claims.get(delivery.deliveryId);
    if (claim === undefined) return slots.release(delivery, 'unborn');
    claimer.doubtBirth({ ...delivery, ...claim }, this.#mark, () => slots.certain(delivery));
    return slots.release(delivery, 'inDoubt');
  }
}
