import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { Integration } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { ChannelFilter } from '../parts/channel-filter.tsx';
import { TimeStamp, useTimeStyle } from '../parts/clock.tsx';
import { DataList, type Column } from '../parts/data-list.tsx';
import { FilterBar, FilterSelect, SearchFilter } from '../parts/filter-bar.tsx';
import { Page } from '../parts/page.tsx';
import { choice, numberOrNone, text } from '../parts/search-params.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { sourceTypes } from '../parts/source-snippets.ts';
import { useTypeName } from '../parts/source-type-name.ts';
import './source-list-page.css';

const params = { q: text, type: choice(sourceTypes), channel: numberOrNone };
const rowsMax = 100;
/** A source that sent and is silent for longer is worth a look. */
const silentMs = 86_400_000;

export function SourceListPage(): ReactNode {
  const t = useTranslations();
  const navigate = useNavigate();
  const mayEdit = useMay('admin');
  const filters = useFilters(params);
  const { q, type, channel } = filters.values;
  const typeName = useTypeName();
  const columns = useColumns();
  const list = useRead(
    '/integration/list',
    {
      limit: rowsMax,
      query: q.slice(0, 100),
      ...(type === '' ? {} : { type }),
      ...(channel === 0 ? {} : { channel_id: channel }),
    },
    { poll: true, keep: true },
  );
  const rows = list.data?.items ?? [];
  const total = list.data?.total ?? -1;
  const add = (
    <ButtonLink look="primary" icon="plus" to="/integration-center/source/new">
      {t('sources.new')}
    </ButtonLink>
  );
  return (
    <Page title={t('frame.sources')} actions={mayEdit ? add : undefined}>
      <FilterBar
        changed={filters.changed}
        onClear={filters.clear}
        dropped={filters.dropped}
        status={total < 0 ? '' : t('sources.count', { count: total })}
      >
        <SearchFilter value={q} hint={t('sources.searchHint')} onChange={(next) => filters.set({ q: next })} />
        <FilterSelect
          label={t('sources.type')}
          value={type}
          choices={sourceTypes.map((value) => ({ value, label: typeName(value) }))}
          onChange={(next) => filters.set({ type: next })}
        />
        <ChannelFilter value={channel} onChange={(next) => filters.set({ channel: next })} />
      </FilterBar>
      {list.error === null ? null : <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <Loading /> : null}
      {total !== 0 ? null : filters.changed ? (
        <Empty
          title={t('sources.emptyFiltered')}
          action={<Button onClick={filters.clear}>{t('states.clearFilters')}</Button>}
        />
      ) : (
        <Empty title={t('sources.empty')} why={t('sources.emptyWhy')} action={mayEdit ? add : undefined} />
      )}
      {rows.length > 0 ? (
        <DataList
          className="source-list"
          label={t('frame.sources')}
          rows={rows}
          rowKey={(row) => String(row.integration_id)}
          columns={columns}
          total={total}
          stale={list.isPlaceholderData}
          onOpen={(row) => void navigate({ to: `/integration-center/source/${row.integration_id}` })}
        />
      ) : null}
    </Page>
  );
}

function useColumns(): Column<Integration>[] {
  const t = useTranslations('sources');
  const typeName = useTypeName();
  return useMemo(
    () => [
      {
        id: 'name',
        head: t('name'),
        cell: (one) => (
          <>
            <Link to={`/integration-center/source/${one.integration_id}`} className="source-name">
              {one.name}
            </Link>
            <span className="muted one-line">{typeName(one.type)}</span>
          </>
        ),
      },
      {
        id: 'channel',
        head: t('goesTo'),
        cell: (one) => <span className="one-line">{one.channel_id === 0 ? t('byRoutes') : one.channel_name}</span>,
      },
      {
        id: 'state',
        head: t('state'),
        cell: (one) => <SourceState source={one} />,
      },
      { id: 'day', head: t('lastDay'), cell: (one) => <EventsOfDay count={one.events_last_day} /> },
      { id: 'last', head: t('lastEvent'), cell: (one) => <LastEvent source={one} /> },
    ],
    [t, typeName],
  );
}

export function SourceState({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations('sources');
  if (source.status === 'disabled') return <span className="muted">{t('disabled')}</span>;
  const { last_error: error } = source;
  if (error !== null && error.at > source.last_event_at) {
    return (
      <>
        <span className="source-refused">{t('refused', { status: String(error.status) })}</span>
        <span className="muted one-line" title={error.message}>
          {error.message}
        </span>
      </>
    );
  }
  return <span>{source.last_event_at === 0 ? t('waiting') : t('taking')}</span>;
}

/** The service counts no further. */
const countedMax = 1000;

function EventsOfDay({ count }: { readonly count: number }): ReactNode {
  const t = useTranslations('deliveries');
  const total = new Intl.NumberFormat(useLocale()).format(count);
  return count >= countedMax ? t('more', { total }) : total;
}

function LastEvent({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations();
  const { now } = useTimeStyle();
  if (source.last_event_at === 0) return <span className="muted">{t('time.never')}</span>;
  const silent = source.status === 'enabled' && now - source.last_event_at * 1000 > silentMs;
  return (
    <span className={silent ? 'source-silent' : undefined} title={silent ? t('sources.silent') : undefined}>
      <TimeStamp ms={source.last_event_at * 1000} />
    </span>
  );
}
