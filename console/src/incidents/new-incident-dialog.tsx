import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead, useWrite } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { AreaField, RadioField, SelectField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { PeoplePicker } from '../parts/people-picker.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';
import { severities } from './incident-filters.ts';

const titleMaxChars = 512;
const channelsMax = 100;

export function NewIncidentDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useTranslations('acting');
  const words = useTranslations();
  const navigate = useNavigate();
  const { person } = useSession();
  const channels = useRead('/channel/list', { is_brief: true, limit: channelsMax });
  const [title, setTitle] = useState('');
  const [severity, setSeverity] = useState<(typeof severities)[number]>('Critical');
  const [channel, setChannel] = useState('0');
  const [description, setDescription] = useState('');
  const [people, setPeople] = useState<readonly number[]>([]);
  const create = useWrite('/incident/create', {
    changes: ['/incident/list', '/incident/stats'],
    onDone: ({ incident_id }) => void navigate({ to: `/incident/detail/${incident_id}` }),
  });
  const submit = (): void => {
    create.mutate({
      title: title.trim(),
      incident_severity: severity,
      channel_id: Number(channel),
      description: description.trim(),
      ...(people.length === 0 ? {} : { assigned_to: { person_ids: [...people] } }),
    });
  };
  return (
    <Dialog open title={t('newIncident')} onClose={onClose}>
      <Form error={create.error} onSubmit={submit}>
        <TextField
          label={t('titleField')}
          name="title"
          required
          maxLength={titleMaxChars}
          value={title}
          onChange={setTitle}
        />
        <RadioField
          label={words('incidents.severityLabel')}
          name="incident_severity"
          value={severity}
          onChange={setSeverity}
          choices={severities.map((value) => ({ value, label: words(`incidents.severity.${value}`) }))}
        />
        <SelectField
          label={words('incidents.channel')}
          name="channel_id"
          value={channel}
          onChange={setChannel}
          choices={[
            { value: '0', label: t('noChannel') },
            ...(channels.data?.items ?? []).map((one) => ({
              value: String(one.channel_id),
              label: one.channel_name,
            })),
          ]}
          hint={t('channelHint')}
        />
        <AreaField
          label={words('incidents.description')}
          name="description"
          value={description}
          onChange={setDescription}
        />
        <PeoplePicker
          label={t('peopleOptional')}
          name="assigned_to.person_ids"
          value={people}
          onChange={setPeople}
          me={person.person_id}
        />
        <Refused error={withoutFaults(create.error)} />
        <div className="form-actions form-actions-end">
          <span className="muted form-note">{t('raises', { event: 'i_new' })}</span>
          <Button onClick={onClose}>{words('states.cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {t('openIncident')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
