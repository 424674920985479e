import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Icon, type IconName } from './icons.tsx';
import './severity.css';

type SeverityName = 'Critical' | 'Warning' | 'Info' | 'Ok';

const signs: Readonly<Record<SeverityName, IconName>> = {
  Critical: 'critical',
  Warning: 'warning',
  Info: 'info',
  Ok: 'delivered',
};

/** A sign with its own shape, a colour and a word. */
export function Severity({ value }: { readonly value: SeverityName }): ReactNode {
  const t = useTranslations('incidents.severity');
  return (
    <span className={`severity severity-${value.toLowerCase()}`}>
      <Icon name={signs[value]} />
      {t(value)}
    </span>
  );
}

export function Progress({ value }: { readonly value: 'Triggered' | 'Processing' | 'Closed' }): ReactNode {
  const t = useTranslations('incidents.progress');
  return <span className={`progress progress-${value.toLowerCase()}`}>{t(value)}</span>;
}
