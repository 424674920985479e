import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Channel } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { AreaField, CheckField, SelectField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Notice, Refused, withoutFaults } from '../parts/states.tsx';
import { useStored } from '../parts/stored.ts';

const minuteSeconds = 60;

export function ChannelSettings({ channel }: { readonly channel: Channel }): ReactNode {
  const t = useTranslations('channels');
  const mayEdit = useMay('admin');
  const teams = useRead('/team/list', { limit: 100 });
  const [name, setName] = useStored(channel.channel_name);
  const [description, setDescription] = useStored(channel.description);
  const [team, setTeam] = useStored(String(channel.team_id ?? 0));
  const [minutes, setMinutes] = useStored(String((channel.auto_resolve_timeout ?? 0) / minuteSeconds));
  const [mode, setMode] = useStored(channel.auto_resolve_mode ?? 'trigger');
  const [keepOpen, setKeepOpen] = useStored(channel.disable_auto_close ?? false);
  const update = useWrite('/channel/update', { changes: ['/channel/info', '/channel/list'] });
  const submit = (): void => {
    update.mutate({
      channel_id: channel.channel_id,
      channel_name: name.trim(),
      description: description.trim(),
      team_id: Number(team),
      auto_resolve_timeout: Math.round(Number(minutes) * minuteSeconds),
      auto_resolve_mode: mode,
      disable_auto_close: keepOpen,
    });
  };
  return (
    <Form error={update.error} onSubmit={submit} className="panel panel-part form form-narrow">
      <TextField label={t('name')} name="channel_name" required disabled={!mayEdit} value={name} onChange={setName} />
      <AreaField
        label={t('description')}
        name="description"
        disabled={!mayEdit}
        value={description}
        onChange={setDescription}
      />
      <SelectField
        label={t('team')}
        name="team_id"
        value={team}
        disabled={!mayEdit}
        onChange={setTeam}
        choices={[
          { value: '0', label: t('noTeam') },
          ...(teams.data?.items ?? []).map((one) => ({ value: String(one.team_id), label: one.team_name })),
        ]}
        hint={t('teamHint')}
      />
      <TextField
        label={t('autoResolve')}
        name="auto_resolve_timeout"
        inputMode="numeric"
        disabled={!mayEdit}
        value={minutes}
        onChange={setMinutes}
        hint={t('autoResolveHint')}
      />
      <SelectField
        label={t('autoFrom')}
        name="auto_resolve_mode"
        value={mode}
        disabled={!mayEdit}
        onChange={setMode}
        choices={[
          { value: 'trigger', label: t('autoTrigger') },
          { value: 'update', label: t('autoUpdate') },
        ]}
      />
      <CheckField
        label={t('keepOpen')}
        checked={keepOpen}
        disabled={!mayEdit}
        onChange={setKeepOpen}
        hint={t('keepOpenHint')}
      />
      <Refused error={withoutFaults(update.error)} />
      <Notice>{update.isSuccess ? t('saved') : null}</Notice>
      {mayEdit ? (
        <div className="form-actions">
          <Button type="submit" look="primary" busy={update.isPending}>
            {t('save')}
          </Button>
        </div>
      ) : null}
    </Form>
  );
}
