import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';
import type { ActionName } from './incident-rules.ts';
import { eventOf, type Job } from './jobs.ts';
import { useNameOf, type Jobs } from './use-jobs.ts';
import { Form } from '../parts/form.tsx';

export interface ActionDialogProps {
  readonly incidents: readonly Incident[];
  readonly jobs: Jobs;
  readonly onClose: () => void;
}

interface AskingProps extends ActionDialogProps {
  readonly action: ActionName;
  /** Undefined: something is missing yet. */
  readonly job: Job | undefined;
  readonly dangerous?: boolean;
  readonly children: ReactNode;
}

/** The dialog stays until it is done, so that nothing typed is lost when it is refused. */
export function Asking({ action, incidents, jobs, job, dangerous = false, onClose, children }: AskingProps): ReactNode {
  const t = useTranslations('acting');
  const s = useTranslations('states');
  const nameOf = useNameOf();
  // An action before this one may still be on its way, and holds nobody up.
  const [sent, setSent] = useState(false);
  const busy = sent && jobs.busy;
  const submit = (): void => {
    if (job === undefined || busy) return;
    setSent(true);
    jobs.run(job, onClose);
  };
  const event = eventOf[action];
  return (
    <Dialog open title={t(`title.${action}`, { what: nameOf(incidents) })} onClose={onClose}>
      <Form error={jobs.error} onSubmit={submit}>
        {children}
        {jobs.progress !== undefined && jobs.progress.total > 1 ? (
          <p className="action-line" role="status">
            <progress max={jobs.progress.total} value={jobs.progress.finished} aria-label={t('progress')} />
            <span>{t('progressOf', jobs.progress)}</span>
          </p>
        ) : null}
        <Refused error={withoutFaults(jobs.error)} />
        <div className="form-actions form-actions-end">
          {event === '' ? null : <span className="muted form-note">{t('raises', { event })}</span>}
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button type="submit" look={dangerous ? 'danger' : 'primary'} busy={busy} disabled={job === undefined}>
            {t(`verb.${action}`)}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
