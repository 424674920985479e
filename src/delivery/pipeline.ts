import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Logger } from '../runtime/logger.ts';
import { momentOf, type Moment } from '../runtime/moment.ts';
import type { Timers } from '../runtime/timers.ts';
import type { WebhookDirectory } from '../webhooks/webhook-directory.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import type { DeliveryMetrics } from './delivery-metrics.ts';
import { claimDeliveries, releaseDeliveries, type Claim, type Result } from './delivery-store.ts';
import { settlement, type Delivery } from './delivery.ts';
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
  readonly at: CrashPoints;
  readonly metrics: DeliveryMetrics;
  readonly logger: Logger;
}

/** What the dispatcher hears of a delivery that it handed in; `left` always comes, and comes last. */
export interface PipelineEvents {
  /** Its request has ended; the result is not durable yet. */
  answered(delivery: Delivery, outcome: Outcome, webhook: Webhook): void;
  left(delivery: Delivery, end: PipelineEnd): void;
}

/**
 * `ended`: durably, so its successor may go · `refused`: it was not pending, or not the head of its lane · `suspended`:
 * its webhook may not send · `unclaimed`: the database could not, or claims have stopped · `released`: given back.
 */
export type PipelineEnd = 'ended' | 'refused' | 'suspended' | 'unclaimed' | 'released';

/** How long a claim allows to begin writing. A process that was paused for longer may no longer be the one in charge. */
const claimGoodForMs = 30_000;

/** The way of a delivery: claim → prepare → send → judge → settle → wake the successor. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #events: PipelineEvents;
  readonly #settler: Settler;
  /** Claims whose commit is in doubt. Nothing was sent under them, so they are given back before anything is claimed. */
  #doubtful: Delivery[] = [];
  #stopped = false;

  constructor(parts: PipelineParts, events: PipelineEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#settler = new Settler(parts, (result, counted) => this.#wake(result, counted));
  }

  /** Carries heads through; resolves when they are claimed, or not, with whether the database could. */
  async run(heads: readonly Delivery[]): Promise<boolean> {
    const since = momentOf(this.#parts.clock);
    const claims = await this.#claim(heads);
    if (claims === undefined) return false;
    this.#parts.at('send.after-claim');
    if (this.#stopped) return this.#giveBack(claims);
    for (const claim of claims) this.#send(claim, since);
    return true;
  }

  /** Claims that are not begun yet are given back. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * One transaction, which reads again whether each webhook may still be called, and how.
   * @returns undefined when the database could not.
   */
  async #claim(heads: readonly Delivery[]): Promise<Claimed[] | undefined> {
    const { database, webhooks, clock, at } = this.#parts;
    const doubtful = this.#doubtful;
    let inDoubt: Delivery[] = [];
    try {
      const { claims, directory } = await database.transaction(async (tx) => {
        inDoubt = [];
        const directory = await webhooks.in(tx);
        await releaseDeliveries(tx, doubtful);
        const ids = heads.filter((head) => maySend(directory, head)).map((head) => head.deliveryId);
        const claims = await claimDeliveries(tx, database.dialect, ids, clock.now());
        inDoubt = heads.flatMap((head) => claimedAs(head, claims) ?? []);
        at('claim.before-commit');
        return { claims, directory };
      });
      this.#doubtful = [];
      return this.#granted(heads, claims, directory);
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#doubtful = [...doubtful, ...inDoubt];
      this.#parts.logger.warn({ deliveries: heads.length, error }, 'deliveries.not_claimed');
      for (const head of heads) this.#events.left(head, 'unclaimed');
      return undefined;
    }
  }

  #granted(heads: readonly Delivery[], claims: ReadonlyMap<string, Claim>, directory: WebhookDirectory): Claimed[] {
    const granted: Claimed[] = [];
    for (const head of heads) {
      const webhook = directory.find(head.webhookId);
      const delivery = claimedAs(head, claims);
      if (delivery !== undefined && webhook !== undefined) granted.push({ delivery, webhook });
      else this.#events.left(head, maySend(directory, head) ? 'refused' : 'suspended');
    }
    return granted;
  }

  #giveBack(claims: readonly Claimed[]): true {
    const notBegun: Report = { ...unsent, fault: { kind: 'window', code: '', message: 'the service is stopping' } };
    const now = this.#parts.clock.now();
    for (const { delivery, webhook } of claims) this.#judge({ delivery, webhook, startedAt: now }, notBegun);
    return true;
  }

  #send({ delivery, webhook }: Claimed, since: Moment): void {
    const startedAt = this.#parts.clock.now();
    const push: Push = { delivery, webhook, startedAt };
    let request: PushRequest;
    try {
      request = this.#prepare(delivery, webhook, startedAt);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#judge(push, { ...unsent, fault: { kind: 'error', code: '', message } });
      return;
    }
    const { target, headers, body, timeoutMs } = request;
    const outgoing = { target, headers, body, timeoutMs, window: { since, ms: claimGoodForMs } };
    this.#parts.sender.send(outgoing, (report) => this.#judge({ ...push, request }, report));
  }

  #prepare(delivery: Delivery, webhook: Webhook, now: number): PushRequest {
    return this.#parts.build({
      webhook,
      eventId: delivery.eventId,
      payload: delivery.payload,
      attempt: delivery.attempt,
      sequence: delivery.sequence,
      previousSequence: undefined,
      generation: delivery.generation,
      now,
    });
  }

  #judge(push: Push, report: Report): void {
    const { delivery, webhook, request, startedAt } = push;
    const outcome = judge(report);
    this.#events.answered(delivery, outcome, webhook);
    this.#settler.add({
      delivery,
      outcome,
      settlement: settlement(delivery.mode, outcome),
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
    const back = result.settlement.state === 'pending';
    if (!back) this.#tell(result, counted);
    this.#events.left(result.delivery, back ? 'released' : 'ended');
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

interface Claimed {
  /** As its claim left it. */
  readonly delivery: Delivery;
  readonly webhook: Webhook;
}

interface Push extends Claimed {
  readonly startedAt: number;
  /** Absent when it could not be made. */
  readonly request?: PushRequest;
}

/** The delivery as its claim left it. */
function claimedAs(head: Delivery, claims: ReadonlyMap<string, Claim>): Delivery | undefined {
  const claim = claims.get(head.deliveryId);
  return claim === undefined ? undefined : { ...head, ...claim };
}

function maySend(directory: WebhookDirectory, delivery: Delivery): boolean {
  return directory.find(delivery.webhookId)?.status === 'enabled';
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
