import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { CheckField, TextField } from '../parts/field.tsx';
import { IncidentPicker } from '../parts/incident-picker.tsx';
import { Asking, type ActionDialogProps } from './asking.tsx';
import { mergeJob } from './jobs.ts';

/** Where to, what moves there, and that there is no way back. */
export function MergeDialog(props: ActionDialogProps): ReactNode {
  const t = useTranslations('acting');
  const { incidents } = props;
  const [target, setTarget] = useState<Incident>();
  const [comment, setComment] = useState('');
  const [remove, setRemove] = useState(false);
  const moving = incidents.filter((one) => one.incident_id !== target?.incident_id);
  const ready = target !== undefined && moving.length > 0;
  const job = ready ? mergeJob(incidents, { target, comment: comment.trim(), remove }) : undefined;
  return (
    <Asking {...props} action="merge" dangerous job={job}>
      <IncidentPicker
        value={target}
        onChange={setTarget}
        channelId={incidents[0]?.channel_id ?? 0}
        first={incidents.length > 1 ? incidents : []}
        without={new Set(incidents.map((one) => one.incident_id))}
      />
      {target === undefined ? null : (
        <p>
          {t('mergePreview', {
            incidents: moving.length,
            alerts: moving.reduce((sum, one) => sum + one.alert_cnt, 0),
            target: target.num,
          })}
        </p>
      )}
      <TextField label={t('comment')} name="comment" value={comment} onChange={setComment} maxLength={1024} />
      <CheckField label={t('mergeRemove')} checked={remove} onChange={setRemove} hint={t('mergeRemoveHint')} />
      <p className="warned">{t('mergeForGood')}</p>
    </Asking>
  );
}
