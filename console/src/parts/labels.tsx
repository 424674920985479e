import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';

const shownMax = 100;

interface LabelsProps {
  readonly labels: Readonly<Record<string, string>>;
  /** The list that a value leads to, by its filter `label`. */
  readonly listAt?: string;
}

export function Labels({ labels, listAt }: LabelsProps): ReactNode {
  const t = useTranslations();
  const [all, setAll] = useState(false);
  const entries = Object.entries(labels);
  if (entries.length === 0) return <p className="muted">{t('incidents.noLabels')}</p>;
  return (
    <>
      <dl className="facts">
        {(all ? entries : entries.slice(0, shownMax)).map(([name, value]) => (
          <div className="facts-line" key={name}>
            <dt className="breakable">{name}</dt>
            <dd>
              {listAt === undefined ? (
                value
              ) : (
                <Link to={listAt} search={{ label: `${name}:${value}` }}>
                  {value}
                </Link>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {!all && entries.length > shownMax ? (
        <Button onClick={() => setAll(true)}>{t('incidents.allLabels', { count: entries.length })}</Button>
      ) : null}
    </>
  );
}
