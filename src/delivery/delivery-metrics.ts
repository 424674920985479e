import type { Metrics } from '../runtime/metrics.ts';
import type { OpenState } from './delivery.ts';
import { reasons, type Outcome } from './outcome.ts';

/** What the dispatcher knows at any moment. */
export interface DeliveryGauges {
  inFlight(): number;
  held(): number;
  /** As of the last sweep; counted up to a limit. */
  open(): ReadonlyMap<OpenState, number>;
}

export interface DeliveryMetrics {
  attempted(outcome: Outcome, durationMs: number, lagMs: number): void;
  watch(gauges: DeliveryGauges): void;
}

const durationSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const lagSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600, 86_400];

export function createDeliveryMetrics(metrics: Metrics): DeliveryMetrics {
  const attempts = metrics.counterBy(
    'tocsin_delivery_attempts_total',
    'Attempts that ended, by why they ended as they did.',
    'reason',
    reasons,
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
  return {
    attempted(outcome, durationMs, lagMs) {
      attempts.add(outcome.reason);
      duration.observe(durationMs / 1000);
      lag.observe(Math.max(0, lagMs) / 1000);
    },
    watch(gauges) {
      metrics.gauge('tocsin_deliveries_in_flight', 'Deliveries claimed and not yet settled.', gauges.inFlight);
      metrics.gauge('tocsin_deliveries_held', 'Deliveries that wait in memory for their turn.', gauges.held);
      metrics.gaugeBy(
        'tocsin_deliveries_open',
        'Deliveries still to be done, by state, counted up to 10,000, as of the last sweep.',
        'state',
        gauges.open,
      );
    },
  };
}
