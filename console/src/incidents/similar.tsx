import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { TimeStamp } from '../parts/clock.tsx';
import { Progress, Severity } from '../parts/severity.tsx';
import { Failed, Loading } from '../parts/states.tsx';

const shownMax = 20;

/** Earlier incidents that were like it, with what ended them. */
export function Similar({ incidentId }: { readonly incidentId: string }): ReactNode {
  const t = useTranslations('incidents');
  const percent = new Intl.NumberFormat(useLocale(), { style: 'percent' });
  const found = useRead('/incident/past/list', { incident_id: incidentId, limit: shownMax });
  if (found.error !== null) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading />;
  if (found.data.items.length === 0) return <p className="muted">{t('similarNone')}</p>;
  return (
    <ul className="object-list">
      {found.data.items.map((one) => (
        <li key={one.incident_id} className="object-line">
          <Severity value={one.incident_severity} />
          <span className="object-line-name">
            <Link to={`/incident/detail/${one.incident_id}`}>{one.title}</Link>
            <span className="muted">
              <span className="mono">#{one.num}</span> · {t('alike', { share: percent.format(one.score) })}
            </span>
            {one.resolution === '' ? null : <span>{t('wasResolved', { text: one.resolution })}</span>}
          </span>
          <span className="muted">
            <Progress value={one.progress} /> <TimeStamp ms={one.start_time * 1000} />
          </span>
        </li>
      ))}
    </ul>
  );
}
