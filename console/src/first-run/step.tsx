import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Icon } from '../parts/icons.tsx';

interface StepProps {
  readonly number: number;
  readonly title: string;
  readonly done: boolean;
  readonly current: boolean;
  readonly note?: string | undefined;
  readonly to?: string | undefined;
  readonly children?: ReactNode;
}

export function Step({ number, title, done, current, note, to, children }: StepProps): ReactNode {
  const t = useTranslations('firstRun');
  return (
    <li className={done ? 'step step-done' : 'step'} aria-current={current ? 'step' : undefined}>
      <div className="step-head">
        <span className="step-mark" aria-hidden="true">
          {done ? <Icon name="check" /> : number}
        </span>
        <h2 className="step-title">
          {title}
          <span className="unseen"> {done ? t('done') : t('open')}</span>
        </h2>
        {note === undefined ? null : (
          <span className="step-note">{to === undefined ? note : <Link to={to}>{note}</Link>}</span>
        )}
      </div>
      {children === null || children === undefined ? null : <div className="step-body">{children}</div>}
    </li>
  );
}
