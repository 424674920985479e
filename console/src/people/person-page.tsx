import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Member, Role } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay, useSession } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { TimeStamp } from '../parts/clock.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { RadioField } from '../parts/field.tsx';
import { BackLink, UnfoundPage } from '../parts/found.tsx';
import { Page } from '../parts/page.tsx';
import { Notice, Refused } from '../parts/states.tsx';
import { useStored } from '../parts/stored.ts';
import { LinkView } from './link-view.tsx';
import { differenceOf, roles } from './roles.ts';
import { languageOf } from '../words/language.ts';
import { languages } from '../words/words.ts';
import '../parts/object-page.css';
import './people.css';

const membersMax = 100;

export function PersonPage(): ReactNode {
  const t = useTranslations();
  const { id = '' }: { id?: string } = useParams({ strict: false });
  const sound = /^[1-9]\d{0,14}$/.test(id);
  const known = useRead('/person/infos', { person_ids: [Number(id)] }, { enabled: sound });
  const email = known.data?.items[0]?.email ?? '';
  const found = useRead(
    '/member/list',
    { query: email.slice(0, 100), limit: membersMax },
    { enabled: email !== '', poll: true },
  );
  const member = found.data?.items.find((one) => String(one.member_id) === id);
  if (member !== undefined) return <OnePerson member={member} />;
  const gone = (known.data !== undefined && email === '') || (found.data !== undefined && member === undefined);
  return (
    <UnfoundPage
      title={t('frame.people')}
      back={<BackLink to="/people">{t('frame.people')}</BackLink>}
      gone={t('people.gone')}
      malformed={!sound || gone}
      found={known.error === null ? found : known}
    />
  );
}

function OnePerson({ member }: { readonly member: Member }): ReactNode {
  const t = useTranslations();
  const isAdmin = useMay('admin');
  const teams = useRead('/team/list', { limit: 100, person_id: member.member_id }, { poll: true });
  return (
    <Page
      title={member.member_name}
      back={<BackLink to="/people">{t('frame.people')}</BackLink>}
      below={
        <>
          <span>{t(`frame.role.${member.role}`)}</span>
          <a href={`mailto:${member.email}`}>{member.email}</a>
        </>
      }
    >
      <div className="object-page">
        <div className="object-main">
          {isAdmin ? <RolePart member={member} /> : null}
          {isAdmin ? <AccessPart member={member} /> : null}
          <section className="panel panel-part">
            <h2>{t('people.teams')}</h2>
            {teams.data?.items.length === 0 ? <p className="muted">{t('people.inNoTeam')}</p> : null}
            <ul>
              {(teams.data?.items ?? []).map((team) => (
                <li key={team.team_id}>
                  <Link to={`/people/team/${team.team_id}`}>{team.team_name}</Link>
                </li>
              ))}
            </ul>
          </section>
        </div>
        <div className="panel object-side">
          <section className="panel-part">
            <dl className="facts">
              <dt>{t('people.zone')}</dt>
              <dd>{member.time_zone}</dd>
              <dt>{t('people.language')}</dt>
              <dd>{languages[languageOf('auto', member.locale)]}</dd>
              <dt>{t('people.since')}</dt>
              <dd>
                <TimeStamp ms={member.created_at * 1000} />
              </dd>
            </dl>
          </section>
        </div>
      </div>
    </Page>
  );
}

function RolePart({ member }: { readonly member: Member }): ReactNode {
  const t = useTranslations();
  const { person } = useSession();
  const [role, setRole] = useStored<Role>(member.role);
  const update = useWrite('/member/update', { changes: ['/member/list'] });
  const { gained, lost } = differenceOf(member.role, role);
  const isMe = person.person_id === member.member_id;
  return (
    <section className="panel panel-part">
      <RadioField
        label={t('people.role')}
        name="role"
        value={role}
        disabled={isMe}
        onChange={setRole}
        choices={roles.map((value) => ({
          value,
          label: t(`frame.role.${value}`),
          hint: t(`people.roleHint.${value}`),
        }))}
        {...(isMe ? { hint: t('people.ownRole') } : {})}
      />
      {gained.length === 0 ? null : (
        <div>
          <p>{t('people.gains', { name: member.member_name })}</p>
          <ul className="role-changes">
            {gained.map((one) => (
              <li key={one}>{t(`people.ability.${one}`)}</li>
            ))}
          </ul>
        </div>
      )}
      {lost.length === 0 ? null : (
        <div className="warned">
          <p>{t('people.loses', { name: member.member_name })}</p>
          <ul className="role-changes">
            {lost.map((one) => (
              <li key={one}>{t(`people.ability.${one}`)}</li>
            ))}
          </ul>
        </div>
      )}
      <Refused error={update.error} />
      <Notice>{update.isSuccess && role === member.role ? t('people.roleSaved') : null}</Notice>
      {isMe ? null : (
        <div>
          <Button
            busy={update.isPending}
            disabled={role === member.role}
            onClick={() => update.mutate({ member_id: member.member_id, role })}
          >
            {t('people.saveRole')}
          </Button>
        </div>
      )}
    </section>
  );
}

function AccessPart({ member }: { readonly member: Member }): ReactNode {
  const t = useTranslations();
  const navigate = useNavigate();
  const { person } = useSession();
  const [deleting, setDeleting] = useState(false);
  const link = useWrite('/session/link/create');
  const remove = useWrite('/member/delete', {
    changes: ['/member/list', '/team/list'],
    onDone: () => void navigate({ to: '/people' }),
  });
  return (
    <section className="panel panel-part">
      <h2>{t('people.access')}</h2>
      <p className="muted">{t('people.accessWhy')}</p>
      <div className="state-actions">
        <Button busy={link.isPending} onClick={() => link.mutate({ member_id: member.member_id })}>
          {t('people.makeLink')}
        </Button>
        {person.person_id === member.member_id ? null : (
          <Button look="danger" onClick={() => setDeleting(true)}>
            {t('people.delete')}
          </Button>
        )}
      </div>
      <Refused error={link.error} />
      {link.data === undefined ? null : (
        <Dialog
          open
          title={t('people.linkTitle')}
          onClose={() => link.reset()}
          actions={
            <Button look="primary" onClick={() => link.reset()}>
              {t('people.done')}
            </Button>
          }
        >
          <LinkView name={member.member_name} url={link.data.url} expiresAt={link.data.expires_at} />
        </Dialog>
      )}
      {deleting ? (
        <Confirm
          title={t('people.deleteTitle', { name: member.member_name })}
          verb={t('people.delete')}
          name={member.member_name}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ member_id: member.member_id })}
          onClose={() => setDeleting(false)}
        >
          <p>{t('people.deleteWhy')}</p>
        </Confirm>
      ) : null}
    </section>
  );
}
