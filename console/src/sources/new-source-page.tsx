import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { ChannelChoice } from '../parts/channel-choice.tsx';
import { AreaField, SelectField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { BackLink } from '../parts/found.tsx';
import { Page } from '../parts/page.tsx';
import { choice, numberOrNone } from '../parts/search-params.ts';
import { NotAllowed, Refused, withoutFaults } from '../parts/states.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { sourceTypes, type SourceType } from '../parts/source-snippets.ts';
import { useTypeName } from '../parts/source-type-name.ts';

const params = { type: choice(sourceTypes), channel: numberOrNone };
const nameMaxChars = 59;

export function NewSourcePage(): ReactNode {
  const t = useTranslations();
  const mayEdit = useMay('admin');
  return (
    <Page title={t('sources.new')} back={<BackLink to="/integration-center/source">{t('frame.sources')}</BackLink>}>
      {mayEdit ? <NewSource /> : <NotAllowed needed="admin" />}
    </Page>
  );
}

function NewSource(): ReactNode {
  const t = useTranslations('sources');
  const navigate = useNavigate();
  const typeName = useTypeName();
  const { values } = useFilters(params);
  const [type, setType] = useState<SourceType>(values.type === '' ? 'prometheus' : values.type);
  const [name, setName] = useState('');
  const [channel, setChannel] = useState(values.channel);
  const [description, setDescription] = useState('');
  const create = useWrite('/integration/create', {
    changes: ['/integration/list', '/session/info'],
    onDone: ({ integration_id }) => void navigate({ to: `/integration-center/source/${integration_id}` }),
  });
  const submit = (): void => {
    create.mutate({ name: name.trim(), type, channel_id: channel, description: description.trim() });
  };
  return (
    <Form error={create.error} onSubmit={submit} className="panel panel-part form form-narrow">
      <SelectField
        label={t('type')}
        name="type"
        value={type}
        onChange={setType}
        choices={sourceTypes.map((value) => ({ value, label: typeName(value) }))}
        hint={t('typeHint')}
      />
      <TextField label={t('name')} name="name" required maxLength={nameMaxChars} value={name} onChange={setName} />
      <ChannelChoice
        label={t('channel')}
        name="channel_id"
        value={channel}
        onChange={setChannel}
        none={t('byRoutes')}
        hint={t('channelHint')}
      />
      <AreaField label={t('description')} name="description" value={description} onChange={setDescription} />
      <Refused error={withoutFaults(create.error)} />
      <div className="form-actions">
        <Button type="submit" look="primary" busy={create.isPending}>
          {t('create')}
        </Button>
      </div>
    </Form>
  );
}
