import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Icon } from './icons.tsx';
import './push-counts.css';

interface PushCountsProps {
  readonly counts: { readonly delivered: number; readonly not_delivered: number; readonly waiting: number } | undefined;
}

/** How many pushes of an incident arrived, did not, and wait. */
export function PushCounts({ counts }: PushCountsProps): ReactNode {
  const t = useTranslations('states.pushes');
  const entries = [
    ['delivered', 'delivered', counts?.delivered ?? 0],
    ['not_delivered', 'failed', counts?.not_delivered ?? 0],
    ['waiting', 'waiting', counts?.waiting ?? 0],
  ] as const;
  const some = entries.filter(([, , count]) => count > 0);
  if (some.length === 0) return <span className="muted">–</span>;
  return (
    <span className="push-counts">
      {some.map(([name, icon, count]) => (
        <span key={name} className={`push-count push-count-${name}`} title={t(name, { count })}>
          <span aria-hidden="true">{count}</span>
          <Icon name={icon} />
          <span className="unseen">{t(name, { count })}</span>
        </span>
      ))}
    </span>
  );
}
