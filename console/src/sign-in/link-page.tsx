import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { sessionState } from '../api/state.ts';
import { ButtonLink } from '../parts/button.tsx';
import { Refused } from '../parts/states.tsx';
import { Entrance } from './entrance.tsx';
import { asCode, linkCommand } from './link-command.tsx';

/** The part after # reaches no server and no log; it is sent once, and taken out of the address at once. */
function takeToken(): string {
  const token = window.location.hash.slice(1);
  window.history.replaceState(window.history.state, '', window.location.pathname);
  return token;
}

export function LinkPage(): ReactNode {
  const t = useTranslations('signIn');
  const navigate = useNavigate();
  const client = useQueryClient();
  const [token] = useState(takeToken);
  const sent = useRef(false);
  const redeem = useWrite('/session/link/redeem', {
    onDone: (reply) => {
      sessionState.set('open');
      client.clear();
      void navigate({ to: reply.must_set_password ? '/welcome' : '/', replace: true });
    },
  });
  const { mutate } = redeem;
  useEffect(() => {
    if (token === '' || sent.current) return;
    sent.current = true;
    mutate({ token });
  }, [token, mutate]);
  const refused = redeem.error !== null;
  const useless = redeem.error?.code === 'Unauthorized';
  const command = { command: linkCommand, code: asCode };
  const title = refused ? t('linkRefused') : t('linkTitle');
  return (
    <Entrance title={title}>
      {token === '' ? <p role="alert">{t('linkMissing')}</p> : null}
      {token !== '' && !refused ? <p role="status">{t('linkWorking')}</p> : null}
      {useless ? <p role="alert">{t.rich('linkUsed', command)}</p> : <Refused error={redeem.error} />}
      {token === '' ? <p className="muted">{t.rich('linkAnother', command)}</p> : null}
      {token === '' || refused ? <ButtonLink to="/sign-in">{t('toSignIn')}</ButtonLink> : null}
    </Entrance>
  );
}
