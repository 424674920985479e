import type { Labelled, Metrics } from '../runtime/metrics.ts';
import { attemptReasons, endReasons, type AttemptReason, type EndReason } from './store/outcome.ts';
import { ShownWebhooks } from './shown-webhooks.ts';

/** The current numbers of the dispatcher. */
export interface DeliveryGauges {
  inFlight(): number;
  held(): number;
}

/** The open deliveries in the database, and the reasons for their waiting. */
export interface OpenGauges {
  /** By state. */
  open(): Promise<Labelled>;
  /** Each by the id of the webhook. */
  webhooks(): Promise<WebhookGauges>;
}

export interface WebhookGauges {
  readonly waiting: Labelled;
  readonly behindSeconds: Labelled;
  readonly breaker: Labelled;
}

export interface CountedAttempt {
  readonly webhookId: number;
  readonly reason: AttemptReason;
  readonly durationMs: number;
  readonly lagMs: number;
}

export interface DeliveryMetrics {
  attempted(attempt: CountedAttempt): void;
  /** Attempts without a request of this process: given back before it began, or left by a process that died. */
  unsent(reason: 'released' | 'interrupted', count: number): void;
  ended(reason: EndReason, count: number): void;
  /** Attempts that dead processes left, and deliveries that a restore ended, since the start. */
  recovered(): { readonly interrupted: number; readonly restored: number };
  /** Which webhooks have their own series. */
  readonly shown: ShownWebhooks;
  /** An attempt of a replay, which is no sign of how new events do. */
  replayed(reason: AttemptReason): void;
  watch(gauges: DeliveryGauges): void;
  watchOpen(gauges: OpenGauges): void;
}

const durationSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const lagSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600, 86_400];

export function createDeliveryMetrics(metrics: Metrics): DeliveryMetrics {
  const attempts = metrics.counterBy(
    'tocsin_delivery_attempts_total',
    'Attempts that ended, by why they ended as they did.',
    'reason',
    attemptReasons,
  );
  const replayed = metrics.counterBy(
    'tocsin_replay_attempts_total',
    'Attempts of replays that ended, by why they ended as they did.',
    'reason',
    attemptReasons,
  );
  const duration = metrics.histogram(
    'tocsin_delivery_duration_seconds',
    'From dial to the end of the response headers, or to the fault.',
    durationSeconds,
  );
  const lag = metrics.histogram(
    'tocsin_delivery_lag_seconds',
    'From the event to the start of the attempt.',
    lagSeconds,
  );
  let interrupted = 0;
  const ended = new Map<EndReason, number>(endReasons.map((reason) => [reason, 0]));
  metrics.countedBy(
    'tocsin_deliveries_ended_total',
    'Deliveries that ended without an attempt, by the reason.',
    'outcome',
    () => ended,
  );
  const shown = new ShownWebhooks();
  metrics.countedBy(
    'tocsin_webhook_failures_total',
    'Failed attempts, by webhook: those in trouble first, the rest together.',
    'webhook_id',
    () => shown.failures(),
  );
  return {
    shown,
    attempted({ webhookId, reason, durationMs, lagMs }) {
      attempts.add(reason);
      duration.observe(durationMs / 1000);
      lag.observe(Math.max(0, lagMs) / 1000);
      if (reason !== 'ok') shown.failed(webhookId);
    },
    unsent(reason, count) {
      attempts.add(reason, count);
      if (reason === 'interrupted') interrupted += count;
    },
    ended: (reason, count) => void ended.set(reason, (ended.get(reason) ?? 0) + count),
    recovered: () => ({ interrupted, restored: ended.get('restored') ?? 0 }),
    replayed: (reason) => replayed.add(reason),
    watch(gauges) {
      metrics.gauge('tocsin_deliveries_in_flight', 'Deliveries claimed and not yet settled.', gauges.inFlight);
      metrics.gauge('tocsin_deliveries_held', 'Deliveries that wait in memory for their turn.', gauges.held);
    },
    watchOpen(gauges) {
      metrics.gaugeBy('tocsin_deliveries_open', 'Deliveries that have not ended, by state.', 'state', () =>
        gauges.open(),
      );
      const byWebhook = (name: string, help: string, of: (all: WebhookGauges) => Labelled) =>
        metrics.gaugeBy(name, help, 'webhook_id', async () => of(await gauges.webhooks()));
      byWebhook('tocsin_webhook_waiting', 'Deliveries of a webhook that have not ended.', (all) => all.waiting);
      byWebhook(
        'tocsin_webhook_behind_seconds',
        'The age of the oldest delivery of a webhook that has not ended.',
        (all) => all.behindSeconds,
      );
      byWebhook(
        'tocsin_webhook_breaker_state',
        '0: the breaker is closed, 1: half open, 2: open, nothing is sent.',
        (all) => all.breaker,
      );
    },
  };
}
