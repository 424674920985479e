import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { sessionState } from '../api/state.ts';
import { Dialog } from '../parts/dialog.tsx';
import { SignInForm } from '../parts/sign-in-form.tsx';

/** Over the page, so that what somebody typed below is still there after they signed in. */
export function EndedPanel(): ReactNode {
  const t = useTranslations('frame');
  const client = useQueryClient();
  const goOn = (): void => {
    sessionState.set('open');
    void client.invalidateQueries();
  };
  return (
    <Dialog open title={t('endedTitle')}>
      <p>{t('endedWhy')}</p>
      <SignInForm onDone={goOn} />
    </Dialog>
  );
}
