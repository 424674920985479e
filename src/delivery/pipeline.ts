import type { Database, Transaction } from '../database/database.ts';
import { shardOf } from '../database/shard.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Logger } from '../runtime/logger.ts';
import { momentOf } from '../runtime/moment.ts';
import type { Timers } from '../runtime/timers.ts';
import type { Random } from '../runtime/random.ts';
import type { WebhookDirectory } from '../webhooks/webhook-directory.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import type { DeliveryMetrics } from './delivery-metrics.ts';
import { claimHeads, wantsLatest, type Claimed } from './claim.ts';
import { releaseDeliveries, type Result } from './delivery-store.ts';
import type { Holding, Owner } from './owner.ts';
import { settlement, type Delivery } from './delivery.ts';
import { nextAttempt, parseRetryAfter } from './retry-schedule.ts';
import { LastDelivered } from './last-delivered.ts';
import { judge, type Outcome, type Report } from './outcome.ts';
import type { PushRequest, RequestBuilder } from './request.ts';
import type { Sender } from './sender.ts';
import { isPassing, Settler } from './settler.ts';

/** Who may be called, as of a transaction or as of now. */
export interface WebhookSource {
  in(tx: Transaction): Promise<WebhookDirectory>;
  current(): Promise<WebhookDirectory>;
}

export interface PipelineParts {
  readonly database: Database;
  readonly webhooks: WebhookSource;
  readonly build: RequestBuilder;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly at: CrashPoints;
  readonly metrics: DeliveryMetrics;
  readonly logger: Logger;
  readonly owner: Owner;
}

/** What the dispatcher hears of a delivery that it handed in; `left` always comes, and comes last. */
export interface PipelineEvents {
  /** Its request has ended; the result is not durable yet. */
  answered(delivery: Delivery, answer: Answer): void;
  left(delivery: Delivery, end: PipelineEnd): void;
  /** A delivery waits for its next attempt, until this Unix millisecond. */
  waits(dueAt: number): void;
}

export interface Answer {
  readonly outcome: Outcome;
  readonly webhook: Webhook;
  readonly retryAfterSeconds: number | undefined;
}

/**
 * `ended`: durably, so its successor may go · `overtook`: so did it, and others of its lane may have with it ·
 * `rested`: it waits for its next attempt, and its lane with it · `refused`: it was not pending, or not the head of its lane · `suspended`:
 * its webhook may not send · `unclaimed`: the database could not, or claims have stopped · `released`: given back.
 */
export type PipelineEnd = 'ended' | 'overtook' | 'rested' | 'refused' | 'suspended' | 'unclaimed' | 'released';

/** The way of a delivery: claim → prepare → send → judge → settle → wake the successor. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #events: PipelineEvents;
  readonly #settler: Settler;
  /** Claims whose commit is in doubt. Nothing was sent under them, so they are given back before anything is claimed. */
  #doubtful: Delivery[] = [];
  readonly #lastDelivered = new LastDelivered();
  #stopped = false;

  constructor(parts: PipelineParts, events: PipelineEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#settler = new Settler(parts, (result, counted) => this.#wake(result, counted));
  }

  /** Carries heads through; resolves when they are claimed, or not, with whether the database could. */
  async run(heads: readonly Delivery[]): Promise<boolean> {
    const holding = this.#parts.owner.holding(momentOf(this.#parts.clock));
    const claims = await this.#claim(heads, holding);
    if (claims === undefined) return false;
    this.#parts.at('send.after-claim');
    if (this.#stopped) return this.#giveBack(claims);
    for (const claim of claims) this.#send(claim, holding);
    return true;
  }

  /** What is known of lanes may be out of date: another node may have sent in them. */
  forget(): void {
    this.#lastDelivered.forget();
  }

  /** Claims that are not begun yet are given back. */
  stop(): void {
    this.#stopped = true;
  }

  /** A claim of this shard, or of any, is in doubt: who took the shard over now would have to take it for sent. */
  isInDoubt(shard?: number): boolean {
    return this.#doubtful.some(
      ({ webhookId, entityId }) => shard === undefined || shardOf(webhookId, entityId) === shard,
    );
  }

  /** Gives back the claims in doubt, when no other claim comes that would do it. @returns whether the database could. */
  async giveBackDoubtful(): Promise<boolean> {
    const doubtful = this.#doubtful;
    if (doubtful.length === 0) return true;
    try {
      await this.#parts.database.transaction((tx) => releaseDeliveries(tx, doubtful));
      this.#doubtful = [];
      return true;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#parts.logger.warn({ deliveries: doubtful.length, error }, 'deliveries.not_released');
      return false;
    }
  }

  /**
   * One transaction, which reads again whether each webhook may still be called, and how.
   * @returns undefined when the database could not.
   */
  async #claim(heads: readonly Delivery[], { lease }: Holding): Promise<readonly Claimed[] | undefined> {
    const { database, webhooks, clock, at } = this.#parts;
    const doubtful = this.#doubtful;
    let inDoubt: Delivery[] = [];
    try {
      const { granted, denied } = await database.transaction(async (tx) => {
        inDoubt = [];
        const directory = await webhooks.in(tx);
        await releaseDeliveries(tx, doubtful);
        const context = { dialect: database.dialect, directory, lease, now: clock.now() };
        const claims = await claimHeads(tx, context, heads);
        inDoubt = claims.granted.map(({ delivery }) => delivery);
        at('claim.before-commit');
        return claims;
      });
      this.#doubtful = [];
      for (const [head, denial] of denied) this.#events.left(head, denial === 'expired' ? 'ended' : denial);
      if (denied.some(([, denial]) => denial === 'refused')) this.#parts.owner.doubt();
      return granted;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#doubtful = [...doubtful, ...inDoubt];
      this.#parts.logger.warn({ deliveries: heads.length, error }, 'deliveries.not_claimed');
      for (const head of heads) this.#events.left(head, 'unclaimed');
      return undefined;
    }
  }

  #giveBack(claims: readonly Claimed[]): true {
    const notBegun: Report = { ...unsent, fault: { kind: 'window', code: '', message: 'the service is stopping' } };
    const now = this.#parts.clock.now();
    for (const claimed of claims) this.#judge({ ...claimed, startedAt: now }, notBegun);
    return true;
  }

  #send(claimed: Claimed, holding: Holding): void {
    const push: Push = { ...claimed, startedAt: this.#parts.clock.now() };
    let request: PushRequest;
    try {
      request = this.#prepare(push);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#judge(push, { ...unsent, fault: { kind: 'error', code: '', message } });
      return;
    }
    const { target, headers, body, timeoutMs } = request;
    const window = holding.window(shardOf(push.delivery.webhookId, push.delivery.entityId));
    const outgoing = { target, headers, body, timeoutMs, window };
    this.#parts.sender.send(outgoing, (report) => this.#judge({ ...push, request }, report));
  }

  #prepare({ delivery, webhook, superseded, startedAt }: Push): PushRequest {
    return this.#parts.build({
      webhook,
      eventId: delivery.eventId,
      payload: delivery.payload,
      attempt: delivery.attempt,
      sequence: delivery.sequence,
      previousSequence: this.#lastDelivered.before(delivery),
      generation: delivery.generation,
      superseded,
      now: startedAt,
    });
  }

  #judge(push: Push, report: Report): void {
    const { head, delivery, webhook, request, startedAt } = push;
    const { clock, random } = this.#parts;
    const outcome = judge(report);
    const retryAfterSeconds = retryAfterOf(report, clock.now());
    this.#events.answered(delivery, { outcome, webhook, retryAfterSeconds });
    const tries = { attempt: delivery.attempt, createdAt: delivery.createdAt, now: clock.now(), retryAfterSeconds };
    this.#settler.add({
      delivery,
      overtook: head.deliveryId !== delivery.deliveryId || wantsLatest(delivery, webhook),
      outcome,
      settlement: settlement(delivery.mode, outcome, () =>
        nextAttempt(webhook.retry, outcome, { ...tries, fraction: random.fraction() }),
      ),
      endpoint: webhook.endpoint,
      startedAt,
      durationMs: report.durationMs,
      maybeSent: report.maybeSent,
      requestHeadersJson: request?.redactedHeaders() ?? '',
      requestBody: '',
      responseHeadersJson: report.responseHeadersJson,
      responseBody: report.responseBody,
    });
  }

  #wake(result: Result, counted: boolean): void {
    const { delivery, settlement } = result;
    if (settlement.state === 'delivered') this.#lastDelivered.note(delivery);
    if (settlement.state !== 'pending') this.#tell(result, counted);
    this.#events.left(delivery, endOf(result));
    if (settlement.state === 'retry_wait') this.#events.waits(settlement.dueAt);
  }

  /** One wide line for each attempt; the ordinary one only for who asks for it. */
  #tell({ delivery, outcome, startedAt, durationMs, maybeSent }: Result, counted: boolean): void {
    const { metrics, logger } = this.#parts;
    const lagMs = startedAt - delivery.eventTime;
    metrics.attempted(outcome, durationMs, lagMs);
    const line = {
      delivery_id: delivery.deliveryId,
      webhook_id: delivery.webhookId,
      event_id: delivery.eventId,
      event_type: delivery.eventType,
      entity_id: delivery.entityId,
      sequence: delivery.sequence,
      attempt: delivery.attempt,
      outcome: outcome.state,
      reason: counted ? outcome.reason : 'late',
      status_code: outcome.statusCode,
      duration_ms: durationMs,
      lag_ms: lagMs,
      maybe_sent: maybeSent,
    };
    if (outcome.state === 'delivered') logger.debug(line, 'delivery.attempted');
    else logger.info({ ...line, why: outcome.message }, 'delivery.attempted');
  }
}

interface Push extends Claimed {
  readonly startedAt: number;
  /** Absent when it could not be made. */
  readonly request?: PushRequest;
}

function endOf({ settlement, overtook }: Result): PipelineEnd {
  if (settlement.state === 'pending') return 'released';
  if (settlement.state === 'retry_wait') return 'rested';
  return overtook === true ? 'overtook' : 'ended';
}

/** Only where a receiver means it: with a 429 or a 503. */
function retryAfterOf({ statusCode, responseHeadersJson }: Report, now: number): number | undefined {
  if (statusCode !== 429 && statusCode !== 503) return undefined;
  const headers = JSON.parse(responseHeadersJson) as Record<string, string>;
  return parseRetryAfter(headers['retry-after'] ?? '', now);
}

const unsent: Omit<Report, 'fault'> = {
  phase: 'prepare',
  maybeSent: false,
  statusCode: 0,
  timeoutMs: 0,
  durationMs: 0,
  responseHeadersJson: '',
  responseBody: '',
};
