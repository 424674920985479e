import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../parts/button.tsx';
import { Refused } from '../parts/states.tsx';
import { eventOf } from './jobs.ts';
import type { Jobs } from './use-jobs.ts';
import './action-report.css';

const refusalsShown = 10;

/** How far it is, what was done with the way back, and what was refused. */
export function ActionReport({ jobs }: { readonly jobs: Jobs }): ReactNode {
  const t = useTranslations('acting');
  const s = useTranslations('states');
  const { progress, finished, error, busy } = jobs;
  const undo = jobs.undo();
  return (
    <div className="action-report">
      <div role="status">
        {progress !== undefined && progress.total > 1 ? (
          <p className="action-line">
            <progress max={progress.total} value={progress.finished} aria-label={t('progress')} />
            <span>{t('progressOf', progress)}</span>
          </p>
        ) : null}
        {finished !== undefined && !busy && finished.result.done.length > 0 ? (
          <p className="action-line action-done">
            <span>
              {t(`done.${finished.job.action}`, {
                count: finished.result.done.length,
                target: finished.job.target ?? '',
              })}
            </span>
            {undo === undefined ? null : (
              <Button look="quiet" onClick={() => jobs.run(undo)}>
                {s('undo', { event: eventOf[undo.action] })}
              </Button>
            )}
            <Button look="quiet" icon="close" iconOnly onClick={() => jobs.reset()}>
              {s('dismiss')}
            </Button>
          </p>
        ) : null}
      </div>
      {finished === undefined || finished.result.refused.length === 0 ? null : <Refusals finished={finished} />}
      <Refused error={error} />
    </div>
  );
}

function Refusals({ finished }: { readonly finished: NonNullable<Jobs['finished']> }): ReactNode {
  const t = useTranslations('acting');
  const { refused } = finished.result;
  const nums = new Map(finished.job.incidents.map((one) => [one.incident_id, one.num]));
  return (
    <div className="refused" role="alert">
      <p>{t('refused', { count: refused.length })}</p>
      <ul>
        {refused.slice(0, refusalsShown).map(({ id, message }) => (
          <li key={id}>
            <span className="mono">#{nums.get(id) ?? id}</span> {message}
          </li>
        ))}
      </ul>
      {refused.length > refusalsShown ? <p>{t('refusedMore', { count: refused.length - refusalsShown })}</p> : null}
    </div>
  );
}
