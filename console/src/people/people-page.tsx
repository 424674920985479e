import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Member, Team } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { TimeStamp } from '../parts/clock.tsx';
import { DataList, type Column } from '../parts/data-list.tsx';
import { FilterBar, FilterSelect, SearchFilter } from '../parts/filter-bar.tsx';
import { Page } from '../parts/page.tsx';
import { choice, text } from '../parts/search-params.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { InviteDialog } from './invite-dialog.tsx';
import { TeamDialog } from './team-dialog.tsx';
import { roles, roleIds } from './roles.ts';
import '../parts/object-page.css';
import './people.css';

const params = { q: text, role: choice(roles) };
const rowsMax = 100;

export function PeoplePage(): ReactNode {
  const t = useTranslations();
  const navigate = useNavigate();
  const isAdmin = useMay('admin');
  const filters = useFilters(params);
  const { q, role } = filters.values;
  const [asking, setAsking] = useState<'invite' | 'team'>();
  const teams = useRead('/team/list', { limit: rowsMax }, { poll: true });
  const columns = useColumns(teams.data?.items ?? []);
  const list = useRead(
    '/member/list',
    { limit: rowsMax, asc: true, query: q.slice(0, 100), ...(role === '' ? {} : { role_id: roleIds[role] }) },
    { poll: true, keep: true },
  );
  const rows = list.data?.items ?? [];
  const total = list.data?.total ?? -1;
  return (
    <Page
      title={t('frame.people')}
      actions={
        isAdmin ? (
          <>
            <Button icon="plus" onClick={() => setAsking('team')}>
              {t('people.newTeam')}
            </Button>
            <Button look="primary" icon="plus" onClick={() => setAsking('invite')}>
              {t('people.invite')}
            </Button>
          </>
        ) : undefined
      }
    >
      <FilterBar
        changed={filters.changed}
        onClear={filters.clear}
        dropped={filters.dropped}
        status={total < 0 ? '' : t('people.count', { count: total })}
      >
        <SearchFilter value={q} hint={t('people.searchHint')} onChange={(next) => filters.set({ q: next })} />
        <FilterSelect
          label={t('people.role')}
          value={role}
          choices={roles.map((value) => ({ value, label: t(`frame.role.${value}`) }))}
          onChange={(next) => filters.set({ role: next })}
        />
      </FilterBar>
      {list.error === null ? null : <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <Loading /> : null}
      {total === 0 ? (
        <Empty
          title={t('people.emptyFiltered')}
          action={<Button onClick={filters.clear}>{t('states.clearFilters')}</Button>}
        />
      ) : null}
      {rows.length > 0 ? (
        <DataList
          className="people-list"
          label={t('frame.people')}
          rows={rows}
          rowKey={(row) => String(row.member_id)}
          columns={columns}
          total={total}
          stale={list.isPlaceholderData}
          onOpen={(row) => void navigate({ to: `/people/${row.member_id}` })}
        />
      ) : null}
      <section className="teams" aria-labelledby="people-teams">
        <h2 id="people-teams">{t('people.teams')}</h2>
        {teams.data?.items.length === 0 ? <p className="muted">{t('people.noTeams')}</p> : null}
        <Teams teams={teams.data?.items ?? []} />
      </section>
      {asking === 'invite' ? <InviteDialog onClose={() => setAsking(undefined)} /> : null}
      {asking === 'team' ? <TeamDialog onClose={() => setAsking(undefined)} /> : null}
    </Page>
  );
}

function Teams({ teams }: { readonly teams: readonly Team[] }): ReactNode {
  const t = useTranslations('people');
  if (teams.length === 0) return null;
  return (
    <ul className="object-list">
      {teams.map((team) => (
        <li key={team.team_id} className="object-line object-line-plain">
          <span className="object-line-name">
            <Link to={`/people/team/${team.team_id}`}>{team.team_name}</Link>
            {team.description === '' ? null : <span className="muted">{team.description}</span>}
          </span>
          <span className="muted">{t('members', { count: team.person_ids.length })}</span>
        </li>
      ))}
    </ul>
  );
}

function useColumns(teams: readonly Team[]): Column<Member>[] {
  const t = useTranslations();
  return useMemo(() => {
    const teamsOf = (id: number): string =>
      teams
        .filter((team) => team.person_ids.includes(id))
        .map((team) => team.team_name)
        .join(', ');
    return [
      {
        id: 'name',
        head: t('people.name'),
        cell: (one) => (
          <>
            <Link to={`/people/${one.member_id}`} className="person-name">
              {one.member_name}
            </Link>
            <span className="muted one-line">{one.email}</span>
          </>
        ),
      },
      { id: 'role', head: t('people.role'), cell: (one) => t(`frame.role.${one.role}`) },
      {
        id: 'teams',
        head: t('people.teams'),
        cell: (one) => <span className="one-line">{teamsOf(one.member_id)}</span>,
      },
      { id: 'zone', head: t('people.zone'), cell: (one) => <span className="one-line">{one.time_zone}</span> },
      {
        id: 'seen',
        head: t('people.lastSeen'),
        cell: (one) =>
          one.last_seen_at === 0 ? (
            <span className="muted" title={t('people.signedInNowhere')}>
              –
            </span>
          ) : (
            <TimeStamp ms={one.last_seen_at * 1000} />
          ),
      },
      { id: 'since', head: t('people.since'), cell: (one) => <TimeStamp ms={one.created_at * 1000} /> },
    ];
  }, [t, teams]);
}
