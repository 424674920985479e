import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { FaultsOf, TextField } from '../parts/field.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';
import '../parts/form.css';

export function ChannelStep(): ReactNode {
  const t = useTranslations('firstRun');
  const [name, setName] = useState('');
  const create = useWrite('/channel/create', { changes: ['/channel/list', '/session/info'] });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate({ channel_name: name.trim() });
  };
  return (
    <FaultsOf faults={create.error?.faults ?? []}>
      <form className="form" onSubmit={submit}>
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
      </form>
    </FaultsOf>
  );
}
