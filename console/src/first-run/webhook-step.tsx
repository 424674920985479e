import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';

export function WebhookStep({ onMade }: { readonly onMade: (secret: string) => void }): ReactNode {
  const t = useTranslations('firstRun');
  const [name, setName] = useState('');
  const [endpoint, setEndpoint] = useState('');
  const create = useWrite('/webhook/create', {
    changes: ['/webhook/list', '/session/info'],
    onDone: ({ secret }) => onMade(secret),
  });
  const submit = (): void => {
    create.mutate({ type: 'incident', name: name.trim(), endpoint: endpoint.trim(), channel_ids: [] });
  };
  return (
    <Form error={create.error} onSubmit={submit}>
      <TextField label={t('webhookName')} name="name" required value={name} onChange={setName} />
      <TextField
        label={t('endpoint')}
        name="endpoint"
        type="url"
        required
        value={endpoint}
        onChange={setEndpoint}
        hint={t('endpointHint')}
      />
      <Refused error={withoutFaults(create.error)} />
      <div className="form-actions">
        <Button type="submit" look="primary" busy={create.isPending}>
          {t('makeWebhook')}
        </Button>
      </div>
    </Form>
  );
}
