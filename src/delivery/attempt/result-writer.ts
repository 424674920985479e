import { isConflict, isTransient, type Database, type Transaction } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CrashPoints } from '../../runtime/crash-points.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import type { Claimer, Claiming, Claims } from './claimer.ts';
import type { Timers } from '../../runtime/timers.ts';
import { named } from '../../runtime/work.ts';
import type { Delivery, DeliveryState } from '../store/delivery.ts';
import { settleDeliveries, settleInTime, type AttemptResult } from '../store/delivery-store.ts';

/** Results per transaction. */
const batchMax = 500;
/** The pause after a database error; results wait in memory, at most one per slot. */
const retryMs = 500;

export interface ResultWriterParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly at: CrashPoints;
  readonly metrics: DeliveryMetrics;
  readonly logger: Logger;
  /** A change of a delivery's state, as a hint: nothing may depend on it. */
  readonly changed?: ((change: DeliveryChange) => void) | undefined;
}

/** A delivery has another state, durably. */
export type DeliveryChange = Pick<Delivery, 'webhookId' | 'deliveryId' | 'entityId' | 'channelId'> & {
  readonly state: DeliveryState;
  readonly reason: string;
  readonly statusCode: number;
  readonly durationMs: number;
};

/** It was made, durably. */
export function madeAs(state: 'pending' | 'sending', delivery: Delivery): DeliveryChange {
  const { webhookId, deliveryId, entityId, channelId } = delivery;
  return { webhookId, deliveryId, entityId, channelId, state, reason: '', statusCode: 0, durationMs: 0 };
}

/** Those that come after ended deliveries in their lanes, and are claimed in the commit of their results. */
export interface Successors {
  /** @param ended the head whose result is about to be written. */
  of(ended: Delivery, result: AttemptResult): Delivery | undefined;
  claimed(claims: Claims): void;
  /** Neither the result of this head was written nor its successor claimed. */
  notClaimed(ended: Delivery): void;
}

interface WaitingResult {
  readonly head: Delivery;
  readonly result: AttemptResult;
  /** Called when the result is durable, with whether it counted. */
  recorded(counted: boolean): void;
}

/**
 * Writes results in batches, one transaction at a time, and claims what comes after them. It gives a result up
 * only when the database is gone for good.
 */
export class ResultWriter {
  readonly #parts: ResultWriterParts;
  readonly #claimer: Claimer;
  readonly #successors: Successors;
  #waiting: WaitingResult[] = [];
  #busy = false;
  #gone = false;

  constructor(parts: ResultWriterParts, claimer: Claimer, successors: Successors) {
    this.#parts = parts;
    this.#claimer = claimer;
    this.#successors = successors;
    void parts.database.gone?.then(() => (this.#gone = true));
  }

  /** Resolves when the result is durable, or when nothing can be any more. It never rejects. */
  async record(head: Delivery, result: AttemptResult): Promise<void> {
    const counted = await new Promise<boolean>((recorded) => this.#add({ head, result, recorded }));
    if (result.settlement.state === 'pending') this.#parts.metrics.unsent('released', 1);
    else reportAttempt(this.#parts, result, counted);
    if (counted) this.#parts.changed?.(changeOf(result));
  }

  #add(waiting: WaitingResult): void {
    this.#waiting.push(waiting);
    if (this.#busy) return;
    this.#busy = true;
    // Attempts that end in this turn of the loop share the transaction.
    this.#parts.timers.soon(() => void named('delivery results', () => this.#flush()));
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax);
      try {
        await this.#write(batch);
      } catch (error) {
        if (!isTransient(error)) throw error;
        if (this.#gone) {
          this.#giveUp(batch, error);
          continue;
        }
        this.#parts.logger.warn({ waiting: batch.length + this.#waiting.length, error }, 'results.not_written');
        this.#waiting = [...batch, ...this.#waiting];
        this.#parts.timers.after(retryMs, () => void this.#flush());
        return;
      }
    }
    this.#busy = false;
  }

  /** Otherwise the process would wait for them for ever. */
  #giveUp(batch: readonly WaitingResult[], error: unknown): void {
    this.#parts.logger.error({ results: batch.length, error }, 'results.lost');
    for (const { recorded } of batch) recorded(false);
  }

  /** One commit for the results, and for the claims of their successors. */
  async #write(batch: WaitingResult[]): Promise<void> {
    const { database, clock, at } = this.#parts;
    const results = batch.map(({ result }) => result);
    const successors = batch.map((one) => this.#successors.of(one.head, one.result)).filter((one) => one !== undefined);
    const claiming = this.#claimer.begin(successors);
    try {
      await database.transaction(async (tx) => {
        await settleInTime(tx, results, clock.now());
        await claiming.run(tx);
        countOnlyClaims(tx, claiming);
        at('settle.before-commit');
      });
    } catch (error) {
      if (isTransient(error)) claiming.failed();
      for (const { head } of batch) this.#successors.notClaimed(head);
      if (isTransient(error)) throw error;
      return isConflict(error) ? this.#writeSome(batch) : this.#writeSingly(batch, error);
    }
    for (const { recorded } of batch) recorded(true);
    this.#successors.claimed(claiming.committed());
  }

  /** Some of the batch are late, or written already. */
  async #writeSome(batch: WaitingResult[]): Promise<void> {
    let counted: readonly boolean[];
    try {
      counted = await this.#settle(batch.map(({ result }) => result));
    } catch (error) {
      if (isTransient(error)) throw error;
      return this.#writeSingly(batch, error);
    }
    for (const [index, { recorded }] of batch.entries()) recorded(counted[index] === true);
  }

  /**
   * One result of the batch cannot be stored: the others must not fail, and its outcome matters more than its bodies.
   */
  async #writeSingly(batch: WaitingResult[], cause: unknown): Promise<void> {
    this.#parts.logger.error({ results: batch.length, error: cause }, 'results.written_singly');
    // Written ones are left out when the rest has to be tried again.
    for (let one = batch[0]; one !== undefined; one = batch[0]) {
      const { result, recorded } = one;
      const bare = { ...result, responseHeadersJson: '', responseBody: '[could not be stored]' };
      const counted = await this.#settle([result]).catch((error: unknown) => {
        if (isTransient(error)) throw error;
        return this.#settle([bare]);
      });
      recorded(counted[0] === true);
      batch.shift();
    }
  }

  async #settle(results: readonly AttemptResult[]): Promise<boolean[]> {
    const { database, clock, at } = this.#parts;
    const claiming = this.#claimer.begin([]);
    const counted = await database.transaction(async (tx) => {
      const counts = await settleDeliveries(tx, database.dialect, results, clock.now());
      await claiming.run(tx);
      countOnlyClaims(tx, claiming);
      at('settle.before-commit');
      return counts;
    });
    claiming.committed();
    return counted;
  }
}

/** Without its results a delivery is `sending`, as after a death of the process. */
function countOnlyClaims(tx: Transaction, { writes }: Claiming): void {
  if (!writes) tx.needsNoCount();
}

function changeOf({ delivery, settlement, outcome, durationMs }: AttemptResult): DeliveryChange {
  const { webhookId, deliveryId, entityId, channelId } = delivery;
  const { reason, statusCode } = outcome;
  return { webhookId, deliveryId, entityId, channelId, state: settlement.state, reason, statusCode, durationMs };
}

/** One log line per attempt; at the debug level for a delivered one. */
function reportAttempt({ metrics, logger }: ResultWriterParts, result: AttemptResult, counted: boolean): void {
  const { delivery, outcome, startedAt, durationMs, maybeSent } = result;
  const lagMs = startedAt - delivery.eventTime;
  const reason = counted ? outcome.reason : 'late';
  if (delivery.replayId === '') metrics.attempted({ webhookId: delivery.webhookId, reason, durationMs, lagMs });
  else metrics.replayed(reason);
  const line = {
    delivery_id: delivery.deliveryId,
    webhook_id: delivery.webhookId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    entity_id: delivery.entityId,
    sequence: delivery.sequence,
    ...(delivery.replayId === '' ? {} : { replay_id: delivery.replayId }),
    attempt: delivery.attempt,
    outcome: outcome.state,
    reason,
    status_code: outcome.statusCode,
    duration_ms: durationMs,
    lag_ms: lagMs,
    maybe_sent: maybeSent,
  };
  if (outcome.state === 'delivered') logger.debug(line, 'delivery.attempted');
  else logger.info({ ...line, why: outcome.message }, 'delivery.attempted');
}
