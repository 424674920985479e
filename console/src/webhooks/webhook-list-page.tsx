import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { call } from '../api/call.ts';
import { useEndless, type Part } from '../api/endless.ts';
import type { ListedWebhook } from '../api/operations.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { ChannelFilter } from '../parts/channel-filter.tsx';
import { DataList } from '../parts/data-list.tsx';
import { FilterBar, FilterSelect, SearchFilter } from '../parts/filter-bar.tsx';
import { createMenuHandle, RowMenu, type MenuItem } from '../parts/menu.tsx';
import { Page } from '../parts/page.tsx';
import { usePersonNames } from '../parts/person-names.ts';
import { Empty, Failed, Loading, Notice } from '../parts/states.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useSwitches, useSwitchItems, type Switches } from './switches.tsx';
import { SourceAddresses } from './source-addresses.tsx';
import { webhookFilters, webhookKinds, webhookStates } from './webhook-filters.ts';
import { addressOf, useColumns, type Room } from './webhook-columns.tsx';
import './webhook-list-page.css';

export function WebhookListPage(): ReactNode {
  return <WebhookList room="webhook" />;
}

export function ActionListPage(): ReactNode {
  return <WebhookList room="action" />;
}

const pageRows = 100;
/** Health is counted for each answer, so a storm of deliveries asks for it no more often. */
const healthEveryMs = 500;

function WebhookList({ room }: { readonly room: Room }): ReactNode {
  const t = useTranslations('webhooks');
  const navigate = useNavigate();
  const mayEdit = useMay('admin');
  const filters = useFilters(webhookFilters);
  const { q, state, kind, channel } = filters.values;
  const type = room === 'action' ? 'custom_action' : kind;
  const load = async (p: number, signal: AbortSignal): Promise<Part<ListedWebhook, number>> => {
    const request = {
      p,
      orderby: 'trouble' as const,
      limit: pageRows,
      query: q,
      ...(state === '' ? {} : { state }),
      ...(type === '' ? {} : { type }),
      ...(channel === 0 ? {} : { channel_id: channel }),
    };
    const reply = await call('/webhook/list', request, { signal });
    return { items: reply.items, total: reply.total, next: reply.has_next_page ? p + 1 : undefined };
  };
  const list = useEndless(['/webhook/list', q, state, type, channel], 1, load, {
    topics: ['delivery'],
    rowKey: (webhook) => String(webhook.integration_id),
    keyOf: (hint) => String(hint.data['integration_id']),
    moves: true,
    polls: true,
    everyMs: healthEveryMs,
  });
  const switches = useSwitches(() => undefined);
  const [menu] = useState(() => createMenuHandle<ListedWebhook>());
  const names = usePersonNames(list.rows.map((webhook) => webhook.paused_by));
  const columns = useColumns(room, menu, names);
  const menuItems = useMenuItems(room, switches);
  const make = (): void => void navigate({ to: `/integration-center/${room}/new` });
  const newButton = mayEdit ? (
    <Button look="primary" icon="plus" onClick={make}>
      {room === 'action' ? t('newAction') : t('new')}
    </Button>
  ) : null;
  const count = room === 'action' ? t('countActions', { count: list.total }) : t('count', { count: list.total });
  return (
    <Page
      title={room === 'action' ? t('actionsTitle') : t('title')}
      actions={
        <>
          <SourceAddresses />
          {newButton}
        </>
      }
    >
      <WebhookFilterBar room={room} filters={filters} status={list.total < 0 ? '' : count} />
      <Notice>{switches.notice}</Notice>
      {switches.refusal}
      {list.error === null ? null : <Failed error={list.error} onRetry={list.refetch} />}
      {list.isPending ? <Loading /> : null}
      {list.total === 0 ? <NoWebhook room={room} filtered={filters.changed} action={newButton} /> : null}
      {list.rows.length > 0 ? (
        <DataList
          className="webhook-list"
          label={room === 'action' ? t('actionsTitle') : t('title')}
          rows={list.rows}
          rowKey={(webhook) => String(webhook.integration_id)}
          columns={columns}
          total={list.total}
          stale={list.isStale}
          onEnd={list.more}
          loadingMore={list.loadingMore}
          onOpen={(webhook) => void navigate({ to: addressOf(room, webhook) })}
        />
      ) : null}
      <RowMenu handle={menu} items={menuItems} />
      {switches.dialogs}
    </Page>
  );
}

function NoWebhook({
  room,
  filtered,
  action,
}: {
  readonly room: Room;
  readonly filtered: boolean;
  readonly action: ReactNode;
}): ReactNode {
  const t = useTranslations('webhooks');
  if (filtered) return <Empty title={t('emptyFiltered')} />;
  if (room === 'action') return <Empty title={t('emptyActionTitle')} why={t('emptyAction')} action={action} />;
  return <Empty title={t('emptyTitle')} why={t('emptyWhy')} action={action} />;
}

interface WebhookFilterBarProps {
  readonly room: Room;
  readonly filters: ReturnType<typeof useFilters<typeof webhookFilters>>;
  readonly status: string;
}

function WebhookFilterBar({ room, filters, status }: WebhookFilterBarProps): ReactNode {
  const t = useTranslations('webhooks');
  const { values, set } = filters;
  return (
    <FilterBar changed={filters.changed} onClear={filters.clear} dropped={filters.dropped} status={status}>
      <SearchFilter value={values.q} hint={t('searchHint')} onChange={(q) => set({ q })} />
      <FilterSelect
        label={t('state')}
        value={values.state}
        choices={webhookStates.map((value) => ({ value, label: t(`health.${value}`) }))}
        onChange={(state) => set({ state })}
      />
      {room === 'action' ? null : (
        <FilterSelect
          label={t('kindLabel')}
          value={values.kind}
          choices={webhookKinds.map((value) => ({ value, label: t(`kind.${value}`) }))}
          onChange={(kind) => set({ kind })}
        />
      )}
      <ChannelFilter value={values.channel} onChange={(channel) => set({ channel })} />
    </FilterBar>
  );
}

function useMenuItems(room: Room, switches: Switches): (webhook: ListedWebhook) => MenuItem[] {
  const t = useTranslations('webhooks');
  const navigate = useNavigate();
  const isAdmin = useMay('admin');
  const itemsOf = useSwitchItems(switches);
  return (webhook) => {
    const to = addressOf(room, webhook);
    const items = itemsOf(webhook);
    const open: MenuItem = { id: 'open', label: t('open'), icon: 'right', onChoose: () => void navigate({ to }) };
    const test: MenuItem = {
      id: 'test',
      label: t('testPush'),
      icon: 'send',
      onChoose: () => void navigate({ to, search: { tab: 'settings' } }),
    };
    return [open, ...(isAdmin ? [test] : []), ...items.first, ...items.more];
  };
}
