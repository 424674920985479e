import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Alert, Incident, Path } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { IncidentPicker } from '../parts/incident-picker.tsx';
import { Refused } from '../parts/states.tsx';
import '../parts/form.css';

const changes: readonly Path[] = [
  '/alert/info',
  '/alert/list',
  '/alert/feed',
  '/incident/list',
  '/webhook/history/list',
];

/** Closes an alert by hand, or moves it to another incident. */
export function AlertActions({ alert }: { readonly alert: Alert }): ReactNode {
  const t = useTranslations('incidents.alertActions');
  const [asking, setAsking] = useState<'close' | 'merge'>();
  const leave = (): void => setAsking(undefined);
  return (
    <>
      {alert.progress !== 'Closed' ? <Button onClick={() => setAsking('close')}>{t('close')}</Button> : null}
      <Button onClick={() => setAsking('merge')}>{t('merge')}</Button>
      {asking === 'close' ? <CloseDialog alert={alert} onClose={leave} /> : null}
      {asking === 'merge' ? <MergeDialog alert={alert} onClose={leave} /> : null}
    </>
  );
}

interface AlertDialogProps {
  readonly alert: Alert;
  readonly onClose: () => void;
}

function CloseDialog({ alert, onClose }: AlertDialogProps): ReactNode {
  const t = useTranslations('incidents.alertActions');
  const s = useTranslations('states');
  const close = useWrite('/alert/close', { changes, onDone: onClose });
  return (
    <Dialog
      open
      title={t('closeTitle', { title: alert.title })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button look="primary" busy={close.isPending} onClick={() => close.mutate({ alert_ids: [alert.alert_id] })}>
            {t('close')}
          </Button>
        </>
      }
    >
      <p>{t('closeWhy')}</p>
      <p className="muted">{s('raises', { event: 'a_close' })}</p>
      <Refused error={close.error} />
    </Dialog>
  );
}

function MergeDialog({ alert, onClose }: AlertDialogProps): ReactNode {
  const t = useTranslations('incidents.alertActions');
  const s = useTranslations('states');
  const [target, setTarget] = useState<Incident>();
  const [comment, setComment] = useState('');
  const merge = useWrite('/alert/merge', { changes, onDone: onClose });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (target === undefined) return;
    merge.mutate({ alert_ids: [alert.alert_id], incident_id: target.incident_id, comment: comment.trim() });
  };
  return (
    <Dialog open title={t('mergeTitle', { title: alert.title })} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <IncidentPicker
          value={target}
          onChange={setTarget}
          channelId={alert.channel_id}
          without={new Set([alert.incident?.incident_id ?? ''])}
        />
        <TextField label={t('comment')} name="comment" value={comment} onChange={setComment} maxLength={1024} />
        <Refused error={merge.error} />
        <div className="form-actions form-actions-end">
          <span className="muted form-note">{s('raises', { event: 'a_merge' })}</span>
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button type="submit" look="primary" busy={merge.isPending} disabled={target === undefined}>
            {t('merge')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
