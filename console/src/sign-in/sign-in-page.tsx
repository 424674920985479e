import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { sessionState } from '../api/state.ts';
import { SignInForm } from '../parts/sign-in-form.tsx';
import { Entrance } from './entrance.tsx';
import { nextPath } from './next.ts';
import { asCode, linkCommand } from './link-command.tsx';

export function SignInPage(): ReactNode {
  const t = useTranslations('signIn');
  const router = useRouter();
  const client = useQueryClient();
  const { next }: { next?: string } = useSearch({ strict: false });
  const goOn = (): void => {
    sessionState.set('open');
    client.clear();
    router.history.push(nextPath(next));
  };
  return (
    <Entrance title={t('title')}>
      <SignInForm onDone={goOn} />
      <p className="muted">{t('first')}</p>
      <p className="muted">{t.rich('lost', { command: linkCommand, code: asCode })}</p>
    </Entrance>
  );
}
