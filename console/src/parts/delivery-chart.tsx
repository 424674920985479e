import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Reply } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { showMoment } from '../time/show.ts';
import { spanOf, within, type Range } from '../time/range.ts';
import { Chart } from './chart.tsx';
import { useTimeStyle } from './clock.tsx';

type Stats = Reply<'/webhook/stats'>;

interface DeliveryChartProps {
  /** 0 = all. */
  readonly webhookId: number;
  readonly range: Range;
  /** Shows the lines of how long it took, below the timeout. */
  readonly timeoutMs?: number;
  readonly height?: number;
  readonly onNarrow: (span: { from: number; to: number }) => void;
}

const stepsMax = 120;
const spanMaxMs = 31 * 86_400_000;
/** The window of the request moves by steps of this length, so that not every second asks anew. */
const roundMs = 10_000;

export function useStats(webhookId: number, range: Range): { stats: Stats | undefined; stepMs: number } {
  const { history_days: days } = useSession();
  const { now } = useTimeStyle();
  const until = Math.ceil(now / roundMs) * roundMs;
  const asked = spanOf(range, until);
  const span = days > 0 ? within(asked, days, until) : asked;
  const from = Math.max(span.from, span.to - spanMaxMs);
  const stepSeconds = Math.max(1, Math.ceil((span.to - from) / 1000 / stepsMax));
  const { data } = useRead(
    '/webhook/stats',
    { integration_id: webhookId, start_time: from, end_time: span.to, step_seconds: stepSeconds },
    { keep: true, live: { topics: ['delivery'], everyMs: 2000 } },
  );
  return { stats: data, stepMs: stepSeconds * 1000 };
}

/** What became of the deliveries of a time; a chosen bucket becomes the range. */
export function DeliveryChart({
  webhookId,
  range,
  timeoutMs = 0,
  height = 72,
  onNarrow,
}: DeliveryChartProps): ReactNode {
  const t = useTranslations('deliveries');
  const style = useTimeStyle();
  const { stats, stepMs } = useStats(webhookId, range);
  const withTimes = timeoutMs > 0;
  const buckets = (stats?.buckets ?? []).map((one) => ({
    t: one.t,
    counts: [one.delivered, one.failed, one.unknown, one.expired + one.cancelled + one.superseded],
    lines: withTimes ? [one.p50, one.p95] : [],
  }));
  const describe = (index: number): string => {
    const bucket = buckets[index];
    const [delivered = 0, failed = 0, unknown = 0, other = 0] = bucket?.counts ?? [];
    return t('bucket', { when: showMoment(bucket?.t ?? 0, style), delivered, failed, unknown, other });
  };
  return (
    <div className="delivery-chart" style={{ minBlockSize: height + 44 }}>
      {stats === undefined ? null : (
        <Chart
          label={t('chart')}
          buckets={buckets}
          height={height}
          series={[
            { id: 'delivered', name: t('state.delivered') },
            { id: 'failed', name: t('state.failed') },
            { id: 'unknown', name: t('state.unknown') },
            { id: 'other', name: t('otherOutcomes') },
          ]}
          lines={
            withTimes
              ? [
                  { id: 'p50', name: 'p50' },
                  { id: 'p95', name: 'p95' },
                ]
              : []
          }
          limitMs={timeoutMs}
          limitName={t('timeout')}
          describe={describe}
          onChoose={(index) => {
            const from = buckets[index]?.t ?? 0;
            if (stepMs > 1000) onNarrow({ from, to: from + stepMs });
          }}
        />
      )}
    </div>
  );
}
