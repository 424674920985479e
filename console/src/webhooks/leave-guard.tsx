import { useBlocker } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';

/** Asks before what was typed is thrown away. Another tab of the same page throws nothing away. */
export function LeaveGuard({ dirty }: { readonly dirty: boolean }): ReactNode {
  const t = useTranslations('states');
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: dirty,
    withResolver: true,
  });
  if (blocker.status !== 'blocked') return null;
  return (
    <Dialog
      open
      title={t('leaveTitle')}
      onClose={blocker.reset}
      actions={
        <>
          <Button onClick={blocker.reset}>{t('stay')}</Button>
          <Button look="danger" onClick={blocker.proceed}>
            {t('leave')}
          </Button>
        </>
      }
    >
      <p>{t('leaveWhy')}</p>
    </Dialog>
  );
}
