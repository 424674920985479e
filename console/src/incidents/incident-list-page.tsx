import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { useMay, useSession } from '../api/session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { DataList } from '../parts/data-list.tsx';
import { HeldShortcuts } from '../parts/keys.ts';
import { Page } from '../parts/page.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { WaitingRows } from '../parts/waiting-rows.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useHeldRows } from '../parts/use-held-rows.ts';
import { BatchBar } from './batch-bar.tsx';
import { IncidentFilterBar, type IncidentFilters } from './incident-filter-bar.tsx';
import { incidentFilters } from './incident-filters.ts';
import { useActionShortcuts } from './action-shortcuts.ts';
import { useIncidentColumns } from './incident-columns.tsx';
import { useActions } from './use-actions.tsx';
import { loadMatching, sightOf, useCounts, useGone, useIncidentList } from './use-incident-list.ts';
import './incident-list-page.css';

const NewIncidentDialog = lazy(() =>
  import('./new-incident-dialog.tsx').then(({ NewIncidentDialog }) => ({ default: NewIncidentDialog })),
);

const idOf = (incident: Incident): string => incident.incident_id;

/** The list of incidents. */
export function IncidentListPage(): ReactNode {
  const t = useTranslations();
  const navigate = useNavigate();
  const number = new Intl.NumberFormat(useLocale());
  const { person } = useSession();
  const mayAct = useMay('responder');
  const filters = useFilters(incidentFilters);
  const list = useIncidentList(filters.values);
  const counts = useCounts(filters.values);
  const [watched, setWatched] = useState(false);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Incident>>(new Map());
  const [making, setMaking] = useState(false);
  const current = useRef<Incident>(undefined);
  const held = useHeldRows(JSON.stringify(filters.values), list.rows, idOf, watched || chosen.size > 0);
  const gone = useGone(held.gone);
  const rows = useMemo(() => held.rows.map((row) => gone.get(row.incident_id) ?? row), [held.rows, gone]);
  const [sight, setSight] = useState(() => sightOf(0, 0));
  const onSight = useCallback((first: number, last: number) => {
    const next = sightOf(first, last);
    setSight((before) => (before.from === next.from && before.to === next.to ? before : next));
  }, []);
  const columns = useIncidentColumns(rows, held.gone, sight);
  const actions = useActions(() => setChosen(new Map()));
  const choose = (some: readonly Incident[]): void => setChosen(new Map(some.map((one) => [one.incident_id, one])));
  const chooseAll = (): void => {
    if (mayAct) void loadMatching(filters.values, person.person_id).then(choose);
  };
  const latest = useMemo(() => new Map(rows.map((row) => [row.incident_id, row])), [rows]);
  const chosenRows = [...chosen.values()].map((one) => latest.get(one.incident_id) ?? one);
  const subject = (): readonly Incident[] => {
    if (chosenRows.length > 0) return chosenRows;
    const at = latest.get(current.current?.incident_id ?? '');
    return at === undefined ? [] : [at];
  };
  useActionShortcuts(mayAct ? (name) => actions.start(name, subject()) : undefined);
  const status =
    list.total < 0
      ? ''
      : t('incidents.count', { shown: number.format(list.rows.length), total: number.format(list.total) });
  return (
    <Page
      title={t('frame.incidents')}
      actions={
        mayAct ? (
          <Button icon="plus" onClick={() => setMaking(true)}>
            {t('acting.newIncident')}
          </Button>
        ) : undefined
      }
    >
      <SetupLine />
      <IncidentFilterBar filters={filters} counts={counts} status={status} />
      {list.error === null ? null : <Failed error={list.error} onRetry={list.refetch} />}
      {list.isPending ? <Loading /> : null}
      {actions.report}
      {list.total === 0 && rows.length === 0 ? <NoIncident filters={filters} /> : null}
      <WaitingRows count={held.waiting} label={t('states.newRows', { count: held.waiting })} onShow={held.release} />
      {rows.length > 0 ? (
        <DataList
          className="incident-list"
          label={t('frame.incidents')}
          rows={rows}
          rowKey={idOf}
          columns={columns}
          total={list.total}
          stale={list.isStale}
          rowClass={(row) => (held.gone.has(row.incident_id) ? 'data-list-gone' : '')}
          onEnd={list.more}
          loadingMore={list.loadingMore}
          onOpen={(incident) => void navigate({ to: `/incident/detail/${incident.incident_id}` })}
          onWatched={setWatched}
          onSight={onSight}
          onCurrent={(row) => (current.current = row)}
          selection={
            mayAct
              ? {
                  chosen: new Set(chosen.keys()),
                  set: choose,
                  all: chooseAll,
                  nameOf: (row) => row.title,
                }
              : undefined
          }
        />
      ) : null}
      {chosen.size > 0 ? (
        <BatchBar
          incidents={chosenRows}
          actions={actions}
          total={list.total}
          onAll={chooseAll}
          onClear={() => setChosen(new Map())}
        />
      ) : null}
      {actions.dialogs}
      <Suspense fallback={<HeldShortcuts />}>
        {making ? <NewIncidentDialog onClose={() => setMaking(false)} /> : null}
      </Suspense>
    </Page>
  );
}

function NoIncident({ filters }: { readonly filters: IncidentFilters }): ReactNode {
  const t = useTranslations();
  const { setup } = useSession();
  if (!filters.changed && !setup.source)
    return <Empty title={t('incidents.emptyTitle')} why={t('incidents.emptyWhy')} />;
  if (!filters.changed) {
    return (
      <Empty
        title={t('incidents.emptyOpen')}
        action={<Button onClick={() => filters.set({ progress: 'all' })}>{t('incidents.all')}</Button>}
      />
    );
  }
  return (
    <Empty
      title={t('incidents.emptyFiltered')}
      action={<Button onClick={filters.clear}>{t('states.clearFilters')}</Button>}
    />
  );
}

/** Until the first push has arrived, the way to the guide. */
function SetupLine(): ReactNode {
  const t = useTranslations('incidents');
  const isAdmin = useMay('admin');
  const { setup } = useSession();
  if (!isAdmin || setup.pushed) return null;
  const done = [setup.channel, setup.source, setup.webhook].filter(Boolean).length;
  return (
    <p className="setup-line">
      <span>{t('setup', { done: done + 1 })}</span>
      <ButtonLink to="/welcome/guide">{t('toGuide')}</ButtonLink>
    </p>
  );
}
