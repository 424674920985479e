import { useNavigate } from '@tanstack/react-router';
import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { FaultsOf, focusFirstFault, TextField } from '../parts/field.tsx';
import { OwnEmail } from '../parts/own-email.tsx';
import { Page } from '../parts/page.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';
import './welcome-page.css';

const passwordMinChars = 12;

/** The first visit of somebody who came by a link: a name that others see, and a password for the next time. */
export function WelcomePage(): ReactNode {
  const t = useTranslations('signIn');
  const { person, role, setup } = useSession();
  const next = role === 'admin' && !setup.pushed ? '/welcome/guide' : '/';
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState(person.person_name);
  const [password, setPassword] = useState('');
  const rename = useWrite('/member/info/reset', { changes: ['/session/info'] });
  const setPasswordOf = useWrite('/member/password/set');
  const short = password.length > 0 && password.length < passwordMinChars;
  const save = async (): Promise<void> => {
    await setPasswordOf.mutateAsync({ new_password: password });
    if (name.trim() !== person.person_name) await rename.mutateAsync({ member_name: name.trim() });
    await navigate({ to: next });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (short) focusFirstFault(form.current);
    else save().catch(() => focusFirstFault(form.current));
  };
  const error = setPasswordOf.error ?? rename.error;
  return (
    <Page title={t('welcomeTitle')}>
      <div className="panel panel-part welcome">
        <p>{t('welcomeWhy')}</p>
        <OwnEmail email={person.email} />
        <FaultsOf faults={error?.faults ?? []}>
          <form className="form" ref={form} onSubmit={submit}>
            <TextField
              label={t('name')}
              name="member_name"
              autoComplete="name"
              required
              value={name}
              onChange={setName}
            />
            <TextField
              label={t('newPassword')}
              name="new_password"
              type="password"
              autoComplete="new-password"
              required
              value={password}
              onChange={setPassword}
              hint={short ? undefined : t('passwordHint')}
              fault={short ? t('passwordHint') : undefined}
            />
            <Refused error={withoutFaults(error)} />
            <div className="form-actions">
              <Button type="submit" look="primary" busy={setPasswordOf.isPending || rename.isPending}>
                {t('save')}
              </Button>
              <ButtonLink look="quiet" to={next}>
                {t('later')}
              </ButtonLink>
            </div>
            <p className="muted">{t('laterWhy')}</p>
          </form>
        </FaultsOf>
      </div>
    </Page>
  );
}
