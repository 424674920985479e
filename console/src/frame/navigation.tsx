import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Bell, Icon } from '../parts/icons.tsx';
import { lastSearchOf } from '../parts/last-search.ts';
import { AccountMenu } from './account-menu.tsx';
import { Button } from '../parts/button.tsx';
import type { Overlay } from './frame.tsx';
import { isAt, places, type Place } from './places.ts';
import { StateLight } from './state-light.tsx';
import { useCounts } from './use-counts.ts';
import './navigation.css';

const groups = ['', 'integrationCenter', 'organise', 'last'] as const;
/** On a narrow screen the bar at the bottom has these; the rest is under More. */
const inBar: ReadonlySet<string> = new Set(['incidents', 'deliveries', 'webhooks']);

export function Navigation({ onOverlay }: { readonly onOverlay: (overlay: Overlay) => void }): ReactNode {
  const t = useTranslations('frame');
  const { critical, failing } = useCounts();
  const badges: Readonly<Record<string, Badge>> = {
    incidents: { count: critical, label: t('openCritical', { count: critical }) },
    webhooks: { count: failing, label: t('failing', { count: failing }) },
  };
  return (
    <header className="nav">
      <div className="nav-top">
        <span className="nav-name">
          <Bell />
          <span>{t('product')}</span>
        </span>
        <Button look="quiet" icon="search" iconOnly onClick={() => onOverlay('palette')}>
          {t('search')}
        </Button>
      </div>
      <nav aria-label={t('navigation')} className="nav-links">
        {groups.map((group) => (
          <div key={group} className="nav-group">
            {group === '' || group === 'last' ? null : (
              <span className="nav-heading" id={`nav-${group}`}>
                {t(group)}
              </span>
            )}
            <ul aria-labelledby={group === '' || group === 'last' ? undefined : `nav-${group}`}>
              {places
                .filter((place) => place.group === group)
                .map((place) => (
                  <PlaceLink key={place.name} place={place} badge={badges[place.name]} />
                ))}
            </ul>
          </div>
        ))}
      </nav>
      <div className="nav-foot">
        <StateLight />
        <AccountMenu onOverlay={onOverlay} places={places.filter((place) => !inBar.has(place.name))} />
      </div>
    </header>
  );
}

interface Badge {
  readonly count: number;
  readonly label: string;
}

function PlaceLink({ place, badge }: { readonly place: Place; readonly badge: Badge | undefined }): ReactNode {
  const t = useTranslations('frame');
  const { pathname } = useLocation();
  const here = isAt(place, pathname);
  const search = pathname === place.to ? {} : lastSearchOf(place.to);
  return (
    <li className={inBar.has(place.name) ? 'nav-item nav-item-bar' : 'nav-item'}>
      <Link
        to={place.to}
        search={search}
        className="nav-link"
        aria-current={here ? 'page' : undefined}
        title={t(place.name)}
      >
        <Icon name={place.icon} />
        <span className="nav-label">{t(place.name)}</span>
        {badge === undefined || badge.count === 0 ? null : (
          <span className="nav-badge" title={badge.label}>
            <span aria-hidden="true">{badge.count}</span>
            <span className="unseen">{badge.label}</span>
          </span>
        )}
      </Link>
    </li>
  );
}
