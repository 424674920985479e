import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failed } from '../parts/states.tsx';

/** What an operator of a receiver needs to let pushes in. */
export function SourceAddresses(): ReactNode {
  const t = useTranslations('webhooks');
  const [open, setOpen] = useState(false);
  const egress = useRead('/egress/info', {}, { enabled: open });
  const addresses = egress.data?.source_addresses ?? [];
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('addresses')}</Button>
      <Dialog open={open} title={t('addressesTitle')} onClose={() => setOpen(false)}>
        {egress.error === null ? null : <Failed error={egress.error} onRetry={() => void egress.refetch()} />}
        {egress.data === undefined ? null : (
          <>
            {addresses.length === 0 ? (
              <p>{t('addressesNone')}</p>
            ) : (
              <>
                <p>{t('addressesWhy')}</p>
                <ul className="mono">
                  {addresses.map((address) => (
                    <li key={address}>{address}</li>
                  ))}
                </ul>
                <CopyButton text={addresses.join('\n')} />
              </>
            )}
            <dl className="facts">
              <dt>{t('userAgent')}</dt>
              <dd className="mono">{egress.data.user_agent}</dd>
            </dl>
            <p className="muted">
              {egress.data.guard.allowed.length === 0
                ? t('guardRefused')
                : t('guardAllowed', { list: egress.data.guard.allowed.join(', ') })}
            </p>
          </>
        )}
      </Dialog>
    </>
  );
}
