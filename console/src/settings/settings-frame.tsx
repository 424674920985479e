import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Role } from '../api/operations.ts';
import { useMay } from '../api/session.ts';
import { Page } from '../parts/page.tsx';
import { useSeenTab } from '../parts/seen-tab.ts';
import { NotAllowed } from '../parts/states.tsx';
import '../parts/tabs.css';

const parts = [
  { name: 'profile', least: 'viewer' },
  { name: 'keys', least: 'viewer' },
  { name: 'fields', least: 'viewer' },
  { name: 'audit', least: 'admin' },
  { name: 'system', least: 'admin' },
] as const satisfies readonly { readonly name: string; readonly least: Role }[];

interface SettingsFrameProps {
  /** Who may see what is below. */
  readonly least?: Role;
  readonly children: ReactNode;
}

/** The parts of the settings as links, and one of them below. */
export function SettingsFrame({ least = 'viewer', children }: SettingsFrameProps): ReactNode {
  const t = useTranslations();
  const { pathname } = useLocation();
  const isAdmin = useMay('admin');
  const may = useMay(least);
  const here = parts.find(({ name }) => pathname === `/settings/${name}`)?.name ?? 'profile';
  const row = useSeenTab<HTMLElement>(here);
  return (
    <Page title={t('frame.settings')}>
      <nav ref={row} className="tab-list" aria-label={t('frame.settings')}>
        {parts
          .filter((part) => part.least === 'viewer' || isAdmin)
          .map(({ name }) => (
            <Link
              key={name}
              to={`/settings/${name}`}
              className="tab"
              data-tab={name}
              aria-current={here === name ? 'page' : undefined}
              {...(here === name ? { 'data-active': '' } : {})}
            >
              {t(`settings.part.${name}`)}
            </Link>
          ))}
      </nav>
      {may ? children : <NotAllowed needed={least} />}
    </Page>
  );
}
