import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { PeoplePicker } from '../parts/people-picker.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';

const nameMaxChars = 39;

export function TeamDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useTranslations('people');
  const s = useTranslations('states');
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [people, setPeople] = useState<readonly number[]>([]);
  const create = useWrite('/team/upsert', {
    changes: ['/team/list'],
    onDone: ({ team_id }) => void navigate({ to: `/people/team/${team_id}` }),
  });
  const submit = (): void => {
    create.mutate({ team_name: name.trim(), description: description.trim(), person_ids: [...people] });
  };
  return (
    <Dialog open title={t('newTeam')} onClose={onClose}>
      <Form error={create.error} onSubmit={submit}>
        <TextField
          label={t('teamName')}
          name="team_name"
          required
          maxLength={nameMaxChars}
          value={name}
          onChange={setName}
        />
        <TextField label={t('description')} name="description" value={description} onChange={setDescription} />
        <PeoplePicker label={t('membersLabel')} name="person_ids" value={people} onChange={setPeople} />
        <Refused error={withoutFaults(create.error)} />
        <div className="form-actions form-actions-end">
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {t('createTeam')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
