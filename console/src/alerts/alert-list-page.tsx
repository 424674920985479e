import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import { call } from '../api/call.ts';
import { useEndless, type Part } from '../api/endless.ts';
import type { Alert } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { ChannelFilter } from '../parts/channel-filter.tsx';
import { TimeStamp } from '../parts/clock.tsx';
import { DataList, type Column } from '../parts/data-list.tsx';
import { moment } from '../parts/delivery-filters.ts';
import { FilterBar, FilterChecks, FilterSelect, SearchFilter } from '../parts/filter-bar.tsx';
import { Page } from '../parts/page.tsx';
import { RangePicker } from '../parts/range-picker.tsx';
import { choice, choices, numberOrNone, text } from '../parts/search-params.ts';
import { Severity } from '../parts/severity.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { useFilters, type Filters } from '../parts/use-filters.ts';
import { rangeNames, spanOf } from '../time/range.ts';
import './alert-list-page.css';

const severities = ['Critical', 'Warning', 'Info'] as const;

const alertFilters = {
  active: choice(['active', 'ended']),
  severity: choices(severities),
  channel: numberOrNone,
  source: numberOrNone,
  q: text,
  range: choice(rangeNames, '24h'),
  from: moment,
  to: moment,
};

const pageRows = 100;

/** What the sources of alerts have said. */
export function AlertListPage(): ReactNode {
  const t = useTranslations();
  const navigate = useNavigate();
  const locale = new Intl.NumberFormat(useLocale());
  const filters = useFilters(alertFilters);
  const { active, severity, channel, source, q, range, from, to } = filters.values;
  const key = ['/alert/list', active, severity, channel, source, q, range, from, to];
  const filter = () => {
    const span = spanOf({ range, from, to }, Date.now());
    return {
      start_time: Math.floor(span.from / 1000),
      end_time: Math.ceil(span.to / 1000),
      alert_severity: severity.join(','),
      channel_ids: channel === 0 ? [] : [channel],
      integration_ids: source === 0 ? [] : [source],
      title: q,
      ...(active === '' ? {} : { is_active: active === 'active' }),
    };
  };
  const load = async (cursor: string, signal: AbortSignal): Promise<Part<Alert, string>> => {
    const page = { limit: pageRows, ...(cursor === '' ? {} : { search_after_ctx: cursor }) };
    const reply = await call('/alert/list', { ...filter(), ...page }, { signal });
    const next = reply.has_next_page ? reply.search_after_ctx : undefined;
    return { items: reply.items, total: reply.total, next: next === '' ? undefined : next };
  };
  const list = useEndless(key, '', load, {
    topics: ['alert'],
    rowKey: (one) => one.alert_id,
    keyOf: (hint) => String(hint.data['alert_id']),
    // A report that changes nothing of an alert is no event of it, and counts.
    polls: true,
    follows: {
      async changed(ids: readonly string[]) {
        const [changed, all] = await Promise.all([
          call('/alert/list', { ...filter(), alert_ids: [...ids], limit: pageRows }),
          call('/alert/list', { ...filter(), limit: 1 }),
        ]);
        return { items: changed.items, total: all.total };
      },
      order: newestFirst,
    },
  });
  const columns = useColumns();
  const status =
    list.total < 0
      ? ''
      : t('incidents.count', { shown: locale.format(list.rows.length), total: locale.format(list.total) });
  return (
    <Page title={t('frame.alerts')}>
      <AlertFilterBar filters={filters} status={status} />
      {list.error === null ? null : <Failed error={list.error} onRetry={list.refetch} />}
      {list.isPending ? <Loading /> : null}
      {list.total === 0 ? (
        <Empty
          title={filters.changed ? t('incidents.emptyAlertsFiltered') : t('incidents.emptyAlerts')}
          action={filters.changed ? <Button onClick={filters.clear}>{t('states.clearFilters')}</Button> : undefined}
        />
      ) : null}
      {list.rows.length > 0 ? (
        <DataList
          className="alert-list"
          label={t('frame.alerts')}
          rows={list.rows}
          rowKey={(alert) => alert.alert_id}
          columns={columns}
          total={list.total}
          stale={list.isStale}
          onEnd={list.more}
          loadingMore={list.loadingMore}
          onOpen={(alert) => void navigate({ to: `/alert/detail/${alert.alert_id}` })}
        />
      ) : null}
    </Page>
  );
}

/** Ids begin with the time of their making. */
function newestFirst(one: Alert, other: Alert): number {
  return other.alert_id < one.alert_id ? -1 : 1;
}

interface AlertFilterBarProps {
  readonly filters: Filters<typeof alertFilters>;
  readonly status: string;
}

function AlertFilterBar({ filters, status }: AlertFilterBarProps): ReactNode {
  const t = useTranslations('incidents');
  const { values, set } = filters;
  return (
    <FilterBar changed={filters.changed} onClear={filters.clear} dropped={filters.dropped} status={status}>
      <SearchFilter value={values.q} hint={t('alertSearchHint')} onChange={(q) => set({ q })} />
      <FilterSelect
        label={t('active')}
        value={values.active}
        choices={(['active', 'ended'] as const).map((value) => ({ value, label: t(`actives.${value}`) }))}
        onChange={(active) => set({ active })}
      />
      <FilterChecks
        label={t('severityLabel')}
        values={values.severity}
        choices={severities.map((value) => ({ value, label: t(`severity.${value}`) }))}
        onChange={(severity) => set({ severity })}
      />
      <SourceFilter value={values.source} onChange={(source) => set({ source })} />
      <ChannelFilter value={values.channel} onChange={(channel) => set({ channel })} />
      <RangePicker
        value={{ range: values.range, from: values.from, to: values.to }}
        onChange={({ range, from, to }) => set({ range, from, to })}
      />
    </FilterBar>
  );
}

function useColumns(): Column<Alert>[] {
  const t = useTranslations('incidents');
  return useMemo(
    () => [
      { id: 'severity', head: t('column.severity'), cell: (one) => <Severity value={one.alert_status} /> },
      {
        id: 'title',
        head: t('column.title'),
        cell: (one) => (
          <>
            <Link to={`/alert/detail/${one.alert_id}`} className="alert-title">
              {one.title}
            </Link>
            <span className="muted one-line">{one.channel_name === '' ? t('noChannel') : one.channel_name}</span>
          </>
        ),
      },
      {
        id: 'source',
        head: t('column.source'),
        cell: (one) => <span className="one-line">{one.integration_name}</span>,
      },
      { id: 'events', head: t('column.events'), cell: (one) => one.event_cnt },
      { id: 'last', head: t('column.last'), cell: (one) => <TimeStamp ms={one.last_time * 1000} /> },
    ],
    [t],
  );
}

const sourcesMax = 100;

function SourceFilter({
  value,
  onChange,
}: {
  readonly value: number;
  readonly onChange: (source: number) => void;
}): ReactNode {
  const t = useTranslations('incidents');
  const sources = useRead('/integration/list', { limit: sourcesMax });
  return (
    <FilterSelect
      label={t('allSources')}
      value={value === 0 ? '' : String(value)}
      choices={(sources.data?.items ?? []).map((one) => ({ value: String(one.integration_id), label: one.name }))}
      onChange={(source) => onChange(Number(source))}
    />
  );
}
