import type { Database, Transaction } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Failure } from '../../runtime/failure.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ActionCall, ActionCaller, ActionPush, ActionResult } from '../../webhooks/ports.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import { claimDeliveries } from '../store/claim-store.ts';
import { insertDeliveries, settleDeliveries, type AttemptResult } from '../store/delivery-store.ts';
import { urgencyOf, type Delivery } from '../store/delivery.ts';
import { judge, type Outcome } from '../store/outcome.ts';
import { type Report } from '../../egress/report.ts';
import { timingJson } from './attempt-result.ts';
import { withoutEchoes } from './echoed-secrets.ts';
import type { PushRequest, RequestBuilder } from './push-request.ts';
import type { HttpClient } from '../../egress/http-client.ts';

export interface ActionCallerParts {
  readonly database: Database;
  readonly build: RequestBuilder;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

/**
 * Calls custom actions through the same address guard and client as any push. Each call is a delivery that is claimed
 * when it is stored, so that no dispatcher takes it. A dead process's call becomes `unknown`: whatever the webhook's
 * mode, an action runs at most once.
 */
export function createActionCaller(parts: ActionCallerParts): ActionCaller {
  const running = new RunningCalls();
  return {
    async begin(tx, webhook, push) {
      // Before anything is waited for: calls that begin in the same moment see each other.
      running.add(webhook);
      // Where the commit is in doubt, nothing is sent either.
      tx.whenEnded((end) => void (end !== 'committed' && running.remove(webhook)));
      const delivery = await claimed(parts, tx, webhook, push);
      return {
        async send() {
          try {
            return await send(parts, { delivery, webhook, push });
          } finally {
            running.remove(webhook);
          }
        },
      } satisfies ActionCall;
    },
  };
}

/** The calls of each webhook, from the transaction that records one to the end of its exchange. */
class RunningCalls {
  readonly #counts = new Map<number, number>();

  add(webhook: Webhook): void {
    const count = this.#counts.get(webhook.webhookId) ?? 0;
    if (count >= webhook.maxInFlight) throw tooMany(webhook);
    this.#counts.set(webhook.webhookId, count + 1);
  }

  remove({ webhookId }: Webhook): void {
    const left = (this.#counts.get(webhookId) ?? 1) - 1;
    if (left > 0) this.#counts.set(webhookId, left);
    else this.#counts.delete(webhookId);
  }
}

interface Calling {
  readonly delivery: Delivery;
  readonly webhook: Webhook;
  readonly push: ActionPush;
}

function tooMany({ maxInFlight }: Webhook): Failure {
  const message = `${maxInFlight} calls of this custom action run at this moment, and it allows no more: try again`;
  return new Failure('RequestTooFrequently', message, { retryAfterSeconds: 1 });
}

/** In no lane: sequence 0 precedes all others and waits for none. */
async function claimed(
  { database, clock, ids }: ActionCallerParts,
  tx: Transaction,
  webhook: Webhook,
  push: ActionPush,
): Promise<Delivery> {
  const now = clock.now();
  const delivery: Delivery = {
    deliveryId: ids.record(),
    webhookId: webhook.webhookId,
    webhookType: webhook.type,
    eventId: push.eventId,
    generation: 0,
    entityId: push.entityId,
    sequence: 0,
    eventType: 'i_custom',
    eventTime: push.eventTime,
    channelId: push.channelId,
    mode: 'at_most_once',
    attempt: 0,
    fence: 0,
    createdAt: now,
    // It waits for no turn; a resend of it is an ordinary delivery.
    urgency: urgencyOf.Warning,
    previousSequence: 0,
    supersededTypes: [],
    firstAttemptAt: 0,
    replayId: '',
    payload: push.payload,
  };
  await insertDeliveries(tx, [delivery], () => webhook.endpoint);
  const claim = (await claimDeliveries(tx, database.dialect, [delivery.deliveryId], now)).get(delivery.deliveryId);
  if (claim === undefined) throw new Error(`${delivery.deliveryId} could not be claimed by who made it`);
  return { ...delivery, ...claim };
}

async function send(parts: ActionCallerParts, calling: Calling): Promise<ActionResult> {
  const { webhook, push } = calling;
  const startedAt = parts.clock.now();
  const request = parts.build({ webhook, push: { ...calling.delivery, sequence: push.sequence }, now: startedAt });
  const report = withoutEchoes(await parts.http.send({ ...request, atMostOnce: true }), request.secrets());
  const result = resultOf(calling, request, report, startedAt);
  const { state, reason, statusCode, message } = result.outcome;
  parts.logger.info(
    {
      delivery_id: calling.delivery.deliveryId,
      webhook_id: webhook.webhookId,
      event_id: push.eventId,
      entity_id: push.entityId,
      outcome: state,
      reason,
      status_code: statusCode,
      duration_ms: report.durationMs,
    },
    'action.called',
  );
  return {
    delivered: state === 'delivered',
    message,
    settle: async (tx) => {
      await settleDeliveries(tx, parts.database.dialect, [result], parts.clock.now());
    },
  };
}

function resultOf(
  { delivery, webhook, push }: Calling,
  request: PushRequest,
  report: Report,
  startedAt: number,
): AttemptResult {
  const judged = judge(report);
  // Its caller waits for the answer, so it is not given back.
  const outcome: Outcome = judged.reason === 'released' ? { ...judged, reason: 'connect' } : judged;
  return {
    delivery,
    outcome,
    settlement: { state: outcome.state },
    endpoint: webhook.endpoint,
    startedAt,
    durationMs: report.durationMs,
    maybeSent: report.maybeSent,
    timingJson: timingJson(report),
    requestHeadersJson: request.redactedHeaders(),
    // Stored separately, because the later event has no alerts.
    requestBody: push.payload,
    responseHeadersJson: report.responseHeadersJson,
    responseBody: report.responseBody,
  };
}
