import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { ButtonLink } from '../parts/button.tsx';
import { Page } from '../parts/page.tsx';
import { Empty } from '../parts/states.tsx';

export function NothingHere(): ReactNode {
  const t = useTranslations('frame');
  return (
    <main className="frame-alone">
      <Page title={t('nothingHere')}>
        <Empty title={t('nothingHereWhy')} action={<ButtonLink to="/incident">{t('toIncidents')}</ButtonLink>} />
      </Page>
    </main>
  );
}
