import type { ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { Webhook } from '../api/operations.ts';
import { DeliveryChart, useStats } from '../parts/delivery-chart.tsx';
import { moment } from '../parts/delivery-filters.ts';
import { StateMark } from '../parts/delivery-mark.tsx';
import { FilterBar } from '../parts/filter-bar.tsx';
import { RangePicker } from '../parts/range-picker.tsx';
import { choice } from '../parts/search-params.ts';
import { Loading } from '../parts/states.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { rangeNames } from '../time/range.ts';
import { showDuration } from '../time/show.ts';
import './health-tab.css';

const params = { range: choice(rangeNames, '24h'), from: moment, to: moment };
const outcomes = ['delivered', 'failed', 'unknown', 'expired', 'cancelled', 'superseded'] as const;

/** How a webhook did in a time: outcomes, durations below the timeout, and the reasons. */
export function HealthTab({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useTranslations();
  const locale = useLocale();
  const filters = useFilters(params);
  const { range, from, to } = filters.values;
  const { stats } = useStats(webhook.integration_id, { range, from, to });
  const number = new Intl.NumberFormat(locale);
  return (
    <div className="health">
      <FilterBar changed={filters.changed} onClear={filters.clear} dropped={filters.dropped}>
        <RangePicker ofHistory value={{ range, from, to }} onChange={(next) => filters.set(next)} />
      </FilterBar>
      <section className="panel panel-part">
        <DeliveryChart
          webhookId={webhook.integration_id}
          range={{ range, from, to }}
          timeoutMs={webhook.timeout_ms}
          height={140}
          onNarrow={(span) => filters.set(span)}
        />
      </section>
      {stats === undefined ? (
        <Loading />
      ) : (
        <div className="health-parts">
          <section className="panel panel-part">
            <h2>{t('health.outcomes')}</h2>
            <dl className="facts">
              {outcomes.map((one) => (
                <div className="facts-line" key={one}>
                  <dt>
                    <StateMark state={one} />
                  </dt>
                  <dd>{number.format(stats.totals[one])}</dd>
                </div>
              ))}
            </dl>
          </section>
          <section className="panel panel-part">
            <h2>{t('health.reasons')}</h2>
            {stats.by_reason.length === 0 ? <p className="muted">{t('health.noReasons')}</p> : null}
            <dl className="facts">
              {stats.by_reason.map(({ reason, count }) => (
                <div className="facts-line" key={reason}>
                  <dt>{t.has(`reasonNames.${reason as 'dns'}`) ? t(`reasonNames.${reason as 'dns'}`) : reason}</dt>
                  <dd>{number.format(count)}</dd>
                </div>
              ))}
            </dl>
          </section>
          <section className="panel panel-part">
            <h2>{t('health.now')}</h2>
            <p className="muted">{t('webhooks.failingWhy')}</p>
            <p>{t('health.waiting', { count: stats.waiting })}</p>
            <p>
              {t('health.behind', {
                count: stats.behind.entities,
                oldest: showDuration(stats.behind.oldest_ms, locale),
              })}
            </p>
            {stats.waiting === 0 ? null : (
              <p className="muted">
                {t('health.severities', {
                  critical: stats.behind.by_severity.Critical,
                  warning: stats.behind.by_severity.Warning,
                  info: stats.behind.by_severity.Info,
                })}
              </p>
            )}
          </section>
        </div>
      )}
    </div>
  );
}
