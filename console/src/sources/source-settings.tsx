import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Integration } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { ChannelChoice } from '../parts/channel-choice.tsx';
import { AreaField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Notice, Refused, withoutFaults } from '../parts/states.tsx';
import { useStored } from '../parts/stored.ts';
import { MappingTry } from './mapping-try.tsx';
import { isSame, readObject, readWords, writeObject, writeWords } from './reading.ts';

export function SourceSettings({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations('sources');
  const mayEdit = useMay('admin');
  const [name, setName] = useStored(source.name);
  const [description, setDescription] = useStored(source.description);
  const [channel, setChannel] = useStored(source.channel_id);
  const [titleRule, setTitleRule] = useStored(source.title_rule);
  const [words, setWords] = useStored(writeWords(source.severity_mapping));
  const [fields, setFields] = useStored(writeObject(source.field_mapping));
  const severityWords = readWords(words);
  const mapping = readObject(fields);
  const update = useWrite('/integration/update', { changes: ['/integration/list', '/integration/info'] });
  const dirty =
    name.trim() !== source.name ||
    description.trim() !== source.description ||
    channel !== source.channel_id ||
    titleRule !== source.title_rule ||
    !isSame(severityWords, source.severity_mapping) ||
    !isSame(mapping, source.field_mapping);
  const submit = (): void => {
    update.mutate({
      integration_id: source.integration_id,
      name: name.trim(),
      description: description.trim(),
      channel_id: channel,
      title_rule: titleRule,
      severity_mapping: severityWords,
      ...(source.type === 'standard' ? { field_mapping: mapping } : {}),
    });
  };
  return (
    <Form error={update.error} onSubmit={submit} className="panel panel-part form" label={t('settings')}>
      <h2>{t('settings')}</h2>
      <TextField label={t('name')} name="name" required disabled={!mayEdit} value={name} onChange={setName} />
      <ChannelChoice
        label={t('channel')}
        name="channel_id"
        value={channel}
        onChange={setChannel}
        none={t('byRoutes')}
        disabled={!mayEdit}
      />
      <AreaField
        label={t('description')}
        name="description"
        disabled={!mayEdit}
        value={description}
        onChange={setDescription}
      />
      <TextField
        label={t('titleRule')}
        name="title_rule"
        disabled={!mayEdit}
        value={titleRule}
        onChange={setTitleRule}
        hint={t('titleRuleHint')}
      />
      <AreaField
        label={t('severityWords')}
        name="severity_mapping"
        disabled={!mayEdit}
        value={words}
        onChange={setWords}
        hint={t('severityWordsHint')}
        fault={severityWords === undefined ? t('severityWordsFault') : undefined}
      />
      {source.type === 'standard' && mayEdit ? (
        <>
          <AreaField
            label={t('mapping.label')}
            name="field_mapping"
            value={fields}
            onChange={setFields}
            hint={t('mapping.hint')}
            fault={mapping === undefined ? t('mapping.fault') : undefined}
          />
          <MappingTry
            reading={
              mapping === undefined || severityWords === undefined
                ? undefined
                : { field_mapping: mapping, severity_mapping: severityWords, title_rule: titleRule }
            }
          />
        </>
      ) : null}
      <Refused error={withoutFaults(update.error)} />
      <Notice>{update.isSuccess && !dirty ? t('saved') : null}</Notice>
      {mayEdit ? (
        <div className="form-actions">
          <Button
            type="submit"
            look="primary"
            busy={update.isPending}
            disabled={!dirty || severityWords === undefined || mapping === undefined}
          >
            {t('save')}
          </Button>
        </div>
      ) : null}
    </Form>
  );
}
