import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Channel } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { TimeStamp } from '../parts/clock.tsx';
import { DataList, type Column } from '../parts/data-list.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { AreaField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { FilterBar, SearchFilter } from '../parts/filter-bar.tsx';
import { Page } from '../parts/page.tsx';
import { text } from '../parts/search-params.ts';
import { Severity } from '../parts/severity.tsx';
import { Empty, Failed, Loading, Refused, withoutFaults } from '../parts/states.tsx';
import { useFilters } from '../parts/use-filters.ts';
import './channels.css';

const params = { q: text };
const rowsMax = 100;

export function ChannelListPage(): ReactNode {
  const t = useTranslations();
  const navigate = useNavigate();
  const mayEdit = useMay('admin');
  const filters = useFilters(params);
  const [making, setMaking] = useState(false);
  const columns = useColumns();
  const list = useRead(
    '/channel/list',
    { limit: rowsMax, query: filters.values.q.slice(0, 100) },
    { live: { topics: ['incident'], everyMs: 2000 }, poll: true, keep: true },
  );
  const rows = list.data?.items ?? [];
  const total = list.data?.total ?? -1;
  const add = (
    <Button look="primary" icon="plus" onClick={() => setMaking(true)}>
      {t('channels.new')}
    </Button>
  );
  return (
    <Page title={t('frame.channels')} actions={mayEdit ? add : undefined}>
      <FilterBar
        changed={filters.changed}
        onClear={filters.clear}
        dropped={filters.dropped}
        status={total < 0 ? '' : t('channels.count', { count: total })}
      >
        <SearchFilter value={filters.values.q} hint={t('channels.searchHint')} onChange={(q) => filters.set({ q })} />
      </FilterBar>
      {list.error === null ? null : <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <Loading /> : null}
      {total !== 0 ? null : filters.changed ? (
        <Empty
          title={t('channels.emptyFiltered')}
          action={<Button onClick={filters.clear}>{t('states.clearFilters')}</Button>}
        />
      ) : (
        <Empty title={t('channels.empty')} why={t('channels.emptyWhy')} action={mayEdit ? add : undefined} />
      )}
      {rows.length > 0 ? (
        <DataList
          className="channel-list"
          label={t('frame.channels')}
          rows={rows}
          rowKey={(row) => String(row.channel_id)}
          columns={columns}
          total={total}
          stale={list.isPlaceholderData}
          onOpen={(row) => void navigate({ to: `/channel/${row.channel_id}` })}
        />
      ) : null}
      {making ? <NewChannel onClose={() => setMaking(false)} /> : null}
    </Page>
  );
}

function useColumns(): Column<Channel>[] {
  const t = useTranslations('channels');
  const sources = useCounts();
  return useMemo(
    () => [
      {
        id: 'name',
        head: t('name'),
        cell: (one) => (
          <>
            <Link to={`/channel/${one.channel_id}`} className="channel-name">
              {one.channel_name}
            </Link>
            <span className="muted one-line">{one.status === 'disabled' ? t('disabled') : one.description}</span>
          </>
        ),
      },
      { id: 'open', head: t('open'), cell: (one) => <OpenIncidents channel={one} /> },
      { id: 'sources', head: t('sources'), cell: (one) => sources.sources.get(one.channel_id) ?? 0 },
      {
        id: 'webhooks',
        head: t('webhooks'),
        cell: (one) => (sources.webhooks.get(one.channel_id) ?? 0) + sources.everywhere,
      },
      {
        id: 'team',
        head: t('team'),
        cell: (one) => (
          <span className="one-line">{one.team_name === undefined || one.team_name === '' ? '–' : one.team_name}</span>
        ),
      },
      { id: 'last', head: t('last'), cell: (one) => <TimeStamp ms={(one.last_incident_at ?? 0) * 1000} /> },
    ],
    [t, sources],
  );
}

interface Counts {
  readonly sources: ReadonlyMap<number, number>;
  readonly webhooks: ReadonlyMap<number, number>;
  /** Webhooks that take the events of all channels. */
  readonly everywhere: number;
}

function useCounts(): Counts {
  const integrations = useRead('/integration/list', { limit: 100 }, { poll: true }).data?.items;
  const webhooks = useRead('/webhook/list', { limit: 100 }, { poll: true }).data?.items;
  return useMemo(() => {
    const counted = (ids: readonly number[]): Map<number, number> => {
      const counts = new Map<number, number>();
      for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
      return counts;
    };
    return {
      sources: counted((integrations ?? []).map((one) => one.channel_id)),
      webhooks: counted((webhooks ?? []).flatMap((one) => one.channel_ids)),
      everywhere: (webhooks ?? []).filter((one) => one.channel_ids.length === 0).length,
    };
  }, [integrations, webhooks]);
}

function OpenIncidents({ channel }: { readonly channel: Channel }): ReactNode {
  const { Triggered = 0, Processing = 0 } = channel.progress_to_incident_cnts ?? {};
  const worst = channel.active_incident_highest_severity ?? '';
  const count = Triggered + Processing;
  if (count === 0) return <span className="muted">0</span>;
  return (
    <Link to="/incident" search={{ channel: String(channel.channel_id) }} className="channel-open">
      {count}
      {worst === '' ? null : <Severity value={worst} />}
    </Link>
  );
}

const nameMaxChars = 59;

function NewChannel({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useTranslations('channels');
  const s = useTranslations('states');
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const create = useWrite('/channel/create', {
    changes: ['/channel/list', '/session/info'],
    onDone: ({ channel_id }) => void navigate({ to: `/channel/${channel_id}` }),
  });
  const submit = (): void => {
    create.mutate({ channel_name: name.trim(), description: description.trim() });
  };
  return (
    <Dialog open title={t('new')} onClose={onClose}>
      <Form error={create.error} onSubmit={submit}>
        <TextField
          label={t('name')}
          name="channel_name"
          required
          maxLength={nameMaxChars}
          value={name}
          onChange={setName}
          hint={t('nameHint')}
        />
        <AreaField label={t('description')} name="description" value={description} onChange={setDescription} />
        <Refused error={withoutFaults(create.error)} />
        <div className="form-actions form-actions-end">
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {t('create')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
