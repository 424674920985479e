import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import { call } from '../api/call.ts';
import { useEndless, type Part } from '../api/endless.ts';
import type { Delivery } from '../api/operations.ts';
import { useSession } from '../api/session.ts';
import { spanOf, within } from '../time/range.ts';
import { Button } from './button.tsx';
import { DataList } from './data-list.tsx';
import { DeliveryChart } from './delivery-chart.tsx';
import { addressOf, moreColumns, useColumns, useWebhookNames, type MoreColumn } from './delivery-columns.tsx';
import { deliveryFilters, deliveryTypes, outcomes, reasonNames } from './delivery-filters.ts';
import { deliveryStates, onItsWay, patched, stateOf, type DeliveryState } from './delivery-state.ts';
import { FilterBar, FilterChecks, FilterSelect, SearchFilter } from './filter-bar.tsx';
import { ReplayButton } from './replay-button.tsx';
import type { Selection } from './replay-dialog.tsx';
import { RangePicker } from './range-picker.tsx';
import { Empty, Failed, Loading } from './states.tsx';
import { WaitingRows } from './waiting-rows.tsx';
import { useFilters, type Filters } from './use-filters.ts';
import './delivery-list.css';

interface DeliveryListProps {
  /** The list of one webhook, without its filter. */
  readonly webhookId?: number;
  /** The record that is open beside the list. */
  readonly openRecord?: string | undefined;
  readonly narrow?: boolean;
}

const pageRows = 100;
/** The service counts no further. */
const totalMax = 1000;

/** Deliveries, newest first, by the filters in the address. */
export function DeliveryList({ webhookId = 0, openRecord, narrow = false }: DeliveryListProps): ReactNode {
  const t = useTranslations('deliveries');
  const navigate = useNavigate();
  const { history_days: days } = useSession();
  const filters = useFilters(deliveryFilters);
  const { outcome, reason, webhook, type, entity, range, from, to } = filters.values;
  const wanted = webhookId === 0 ? webhook : webhookId;
  const key = ['/webhook/history/list', wanted, outcome, reason, type, entity, range, from, to];
  const load = async (cursor: string, signal: AbortSignal): Promise<Part<Delivery, string>> => {
    const now = Date.now();
    const asked = spanOf({ range, from, to }, now);
    const span = days > 0 ? within(asked, days, now) : asked;
    const request = {
      start_time: span.from,
      end_time: span.to,
      limit: pageRows,
      integration_id: wanted,
      ref_id: entity,
      event_types: [...type],
      reasons: [...reason],
      ...outcomeOf(outcome),
      ...(cursor === '' ? {} : { search_after_ctx: cursor }),
    };
    const reply = await call('/webhook/history/list', request, { signal });
    return {
      items: reply.items,
      total: reply.total,
      next: reply.search_after_ctx === '' ? undefined : reply.search_after_ctx,
    };
  };
  const list = useEndless(key, '', load, {
    topics: ['delivery'],
    rowKey: (one) => one.event_id,
    keyOf: (hint) => String(hint.data['event_id']),
    wants: (hint) => wanted === 0 || hint.data['integration_id'] === wanted,
    patch: patched,
    unsettled: { is: (one) => onItsWay.has(stateOf(one)), read: readRecords },
  });
  const [more, setMore] = useState(readColumns);
  const names = useWebhookNames();
  const select = (): Selection | string => {
    if (wanted === 0) return t('replayOneWebhook');
    if (outcome === 'pending' || outcome === 'sending' || outcome === 'retry_wait') return t('replayEnded');
    const span = spanOf({ range, from, to }, Date.now());
    return {
      integration_id: wanted,
      start_time: span.from,
      end_time: span.to,
      ref_id: entity,
      event_types: [...type],
      reasons: [...reason],
      states: outcome === '' || outcome === 'failed' ? [] : [outcome === 'success' ? 'delivered' : outcome],
    };
  };
  const columns = useColumns(webhookId === 0, narrow ? noColumns : more, narrow);
  const locale = new Intl.NumberFormat(useLocale());
  const total = list.total >= totalMax ? t('more', { total: locale.format(list.total) }) : locale.format(list.total);
  const status = list.total < 0 ? '' : t('count', { shown: locale.format(list.rows.length), total });
  return (
    <>
      <DeliveryFilterBar
        filters={filters}
        ofAll={webhookId === 0}
        status={status}
        actions={<ReplayButton selection={select} name={names.get(wanted) ?? ''} />}
        columns={more}
        onColumns={(next) => {
          setMore(next);
          keepColumns(next);
        }}
      />
      {narrow ? null : (
        <DeliveryChart webhookId={wanted} range={{ range, from, to }} onNarrow={(span) => filters.set({ ...span })} />
      )}
      {list.error === null ? null : <Failed error={list.error} onRetry={list.refetch} />}
      {list.isPending ? <Loading /> : null}
      {list.total === 0 ? <NoDelivery filters={filters} /> : null}
      <WaitingRows count={list.waiting} label={t('newRows', { count: list.waiting })} onShow={list.showWaiting} />
      {list.rows.length > 0 ? (
        <DataList
          className={narrow ? 'delivery-list delivery-list-narrow' : 'delivery-list'}
          extraColumns={narrow ? 0 : more.length}
          label={t('title')}
          rows={list.rows}
          rowKey={(one) => one.event_id}
          columns={columns}
          total={list.total >= totalMax ? -1 : list.total}
          stale={list.isStale}
          openKey={openRecord}
          onEnd={list.more}
          loadingMore={list.loadingMore}
          onOpen={(one) =>
            void navigate({ to: addressOf(one), search: (before: object) => before, resetScroll: false })
          }
        />
      ) : null}
    </>
  );
}

/** At any time. */
const ever = { start_time: 1_000_000_000_000, end_time: 9_999_999_999_999 };

async function readRecords(ids: readonly string[], signal: AbortSignal): Promise<readonly Delivery[]> {
  const request = { ...ever, record_ids: [...ids], states: [...deliveryStates], limit: pageRows };
  return (await call('/webhook/history/list', request, { signal })).items;
}

/** Asked for no states, the service leaves out what has not been tried yet; it belongs in the list. */
function outcomeOf(outcome: (typeof outcomes)[number] | ''): {
  status?: 'success' | 'failed';
  states?: DeliveryState[];
} {
  if (outcome === '') return { states: [...deliveryStates] };
  return outcome === 'success' || outcome === 'failed' ? { status: outcome } : { states: [outcome] };
}

const noColumns: readonly MoreColumn[] = [];
const columnsKey = 'tocsin.delivery-columns';

/** Kept by this browser. */
function readColumns(): readonly MoreColumn[] {
  try {
    const kept = (localStorage.getItem(columnsKey) ?? '').split(',');
    return moreColumns.filter((one) => kept.includes(one));
  } catch {
    return noColumns;
  }
}

function keepColumns(columns: readonly MoreColumn[]): void {
  try {
    localStorage.setItem(columnsKey, columns.join(','));
  } catch {
    // Forbidden or full: the choice holds until the page is closed.
  }
}

type DeliveryFilters = Filters<typeof deliveryFilters>;

function NoDelivery({ filters }: { readonly filters: DeliveryFilters }): ReactNode {
  const t = useTranslations();
  const { range, from } = filters.values;
  const short = from === 0 && (range === '1h' || range === '6h' || range === '24h');
  return (
    <Empty
      title={filters.changed ? t('deliveries.emptyFiltered') : t('deliveries.empty')}
      action={
        <>
          {short ? <Button onClick={() => filters.set({ range: '7d' })}>{t('deliveries.widen')}</Button> : null}
          {filters.changed ? <Button onClick={filters.clear}>{t('states.clearFilters')}</Button> : null}
        </>
      }
    />
  );
}

interface DeliveryFilterBarProps {
  readonly filters: DeliveryFilters;
  readonly ofAll: boolean;
  readonly status: string;
  readonly actions: ReactNode;
  readonly columns: readonly MoreColumn[];
  readonly onColumns: (columns: readonly MoreColumn[]) => void;
}

function DeliveryFilterBar({ filters, ofAll, status, actions, columns, onColumns }: DeliveryFilterBarProps): ReactNode {
  const t = useTranslations();
  const names = useWebhookNames();
  const { values, set } = filters;
  return (
    <FilterBar
      changed={filters.changed}
      onClear={filters.clear}
      dropped={filters.dropped}
      status={status}
      actions={actions}
    >
      <RangePicker
        ofHistory
        value={{ range: values.range, from: values.from, to: values.to }}
        onChange={({ range, from, to }) => set({ range, from, to })}
      />
      <FilterSelect
        label={t('deliveries.outcome')}
        value={values.outcome}
        onChange={(outcome) => set({ outcome })}
        choices={outcomes.map((value) => ({
          value,
          label: value === 'success' || value === 'failed' ? t(`deliveries.${value}`) : t(`deliveries.state.${value}`),
        }))}
      />
      {ofAll ? (
        <FilterSelect
          label={t('deliveries.webhook')}
          value={values.webhook === 0 ? '' : String(values.webhook)}
          onChange={(webhook) => set({ webhook: Number(webhook) })}
          choices={[...names].map(([id, name]) => ({ value: String(id), label: name }))}
        />
      ) : null}
      <FilterChecks
        label={t('deliveries.type')}
        values={values.type}
        onChange={(type) => set({ type })}
        choices={deliveryTypes.map((value) => ({ value, label: t(`events.${value}`), hint: value }))}
      />
      <SearchFilter
        label={t('deliveries.entity')}
        value={values.entity}
        hint={t('deliveries.entityHint')}
        onChange={(entity) => set({ entity })}
      />
      <FilterChecks
        label={t('deliveries.reasonFilter')}
        values={values.reason}
        onChange={(reason) => set({ reason })}
        choices={reasonNames.map((value) => ({ value, label: t(`reasonNames.${value}`) }))}
      />
      <span className="delivery-columns">
        <FilterChecks
          bare
          label={t('deliveries.columns')}
          values={columns}
          onChange={onColumns}
          choices={moreColumns.map((value) => ({ value, label: t(`deliveries.column.${value}`) }))}
        />
      </span>
    </FilterBar>
  );
}
