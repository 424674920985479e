import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';

/** For people who have only ever come by a link, and now have a password. */
export function OwnEmail({ email }: { readonly email: string }): ReactNode {
  const t = useTranslations('signIn');
  return (
    <dl className="facts">
      <div className="facts-line">
        <dt>{t('ownEmail')}</dt>
        <dd>{email}</dd>
      </div>
    </dl>
  );
}
