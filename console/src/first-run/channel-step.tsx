import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';

export function ChannelStep(): ReactNode {
  const t = useTranslations('firstRun');
  const [name, setName] = useState('');
  const create = useWrite('/channel/create', { changes: ['/channel/list', '/session/info'] });
  const submit = (): void => {
    create.mutate({ channel_name: name.trim() });
  };
  return (
    <Form error={create.error} onSubmit={submit}>
      <TextField
        label={t('channelName')}
        name="channel_name"
        required
        value={name}
        onChange={setName}
        hint={t('channelHint')}
      />
      <Refused error={withoutFaults(create.error)} />
      <div className="form-actions">
        <Button type="submit" look="primary" busy={create.isPending}>
          {t('makeChannel')}
        </Button>
      </div>
    </Form>
  );
}
