import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Team } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { BackLink, UnfoundPage } from '../parts/found.tsx';
import { Page } from '../parts/page.tsx';
import { PeoplePicker } from '../parts/people-picker.tsx';
import { Notice, Refused, withoutFaults } from '../parts/states.tsx';
import { useStored } from '../parts/stored.ts';
import '../parts/object-page.css';

export function TeamPage(): ReactNode {
  const t = useTranslations();
  const { id = '' }: { id?: string } = useParams({ strict: false });
  const sound = /^[1-9]\d{0,14}$/.test(id);
  const found = useRead('/team/list', { limit: 100 }, { enabled: sound, poll: true });
  const team = found.data?.items.find((one) => String(one.team_id) === id);
  if (team !== undefined) return <OneTeam team={team} />;
  return (
    <UnfoundPage
      title={t('frame.people')}
      back={<BackLink to="/people">{t('frame.people')}</BackLink>}
      gone={t('people.goneTeam')}
      malformed={!sound || found.data !== undefined}
      found={found}
    />
  );
}

function OneTeam({ team }: { readonly team: Team }): ReactNode {
  const t = useTranslations();
  const isAdmin = useMay('admin');
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const channels = useRead('/channel/list', { team_ids: [team.team_id], limit: 100 }, { poll: true });
  const remove = useWrite('/team/delete', {
    changes: ['/team/list'],
    onDone: () => void navigate({ to: '/people' }),
  });
  return (
    <Page
      title={team.team_name}
      back={<BackLink to="/people">{t('frame.people')}</BackLink>}
      below={
        <>
          <span>{t('people.members', { count: team.person_ids.length })}</span>
          {team.description === '' ? null : <span>{team.description}</span>}
        </>
      }
      actions={
        isAdmin ? (
          <Button look="danger" onClick={() => setDeleting(true)}>
            {t('people.deleteTeam')}
          </Button>
        ) : undefined
      }
    >
      <div className="object-page">
        {isAdmin ? <TeamForm team={team} /> : <TeamMembers team={team} />}
        <section className="panel panel-part object-side">
          <h2>{t('people.looksAfter')}</h2>
          {channels.data?.items.length === 0 ? <p className="muted">{t('people.noChannels')}</p> : null}
          <ul>
            {(channels.data?.items ?? []).map((one) => (
              <li key={one.channel_id}>
                <Link to={`/channel/${one.channel_id}`}>{one.channel_name}</Link>
              </li>
            ))}
          </ul>
        </section>
      </div>
      {deleting ? (
        <Confirm
          title={t('people.deleteTitle', { name: team.team_name })}
          verb={t('people.deleteTeam')}
          name={team.team_name}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ team_id: team.team_id })}
          onClose={() => setDeleting(false)}
        >
          <p>{t('people.deleteTeamWhy')}</p>
        </Confirm>
      ) : null}
    </Page>
  );
}

function TeamForm({ team }: { readonly team: Team }): ReactNode {
  const t = useTranslations('people');
  const [name, setName] = useStored(team.team_name);
  const [description, setDescription] = useStored(team.description);
  const [people, setPeople] = useStored<readonly number[]>(team.person_ids);
  const save = useWrite('/team/upsert', { changes: ['/team/list'] });
  const submit = (): void => {
    save.mutate({
      team_id: team.team_id,
      team_name: name.trim(),
      description: description.trim(),
      person_ids: [...people],
    });
  };
  return (
    <Form error={save.error} onSubmit={submit} className="panel panel-part form">
      <TextField label={t('teamName')} name="team_name" required value={name} onChange={setName} />
      <TextField label={t('description')} name="description" value={description} onChange={setDescription} />
      <PeoplePicker label={t('membersLabel')} name="person_ids" value={people} onChange={setPeople} />
      <Refused error={withoutFaults(save.error)} />
      <Notice>{save.isSuccess ? t('teamSaved') : null}</Notice>
      <div className="form-actions">
        <Button type="submit" look="primary" busy={save.isPending}>
          {t('save')}
        </Button>
      </div>
    </Form>
  );
}

function TeamMembers({ team }: { readonly team: Team }): ReactNode {
  const t = useTranslations('people');
  const people = useRead('/person/infos', { person_ids: team.person_ids }, { enabled: team.person_ids.length > 0 });
  return (
    <section className="panel panel-part">
      <h2>{t('membersLabel')}</h2>
      {team.person_ids.length === 0 ? <p className="muted">{t('nobody')}</p> : null}
      <ul>
        {(people.data?.items ?? []).map((one) => (
          <li key={one.person_id}>
            <Link to={`/people/${one.person_id}`}>{one.person_name}</Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
