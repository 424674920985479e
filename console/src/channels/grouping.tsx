import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Channel } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { AreaField, RadioField, SelectField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Notice, Refused, withoutFaults } from '../parts/states.tsx';
import { useStored } from '../parts/stored.ts';
import { groupOf, textOf, type Group } from './group.ts';

/** How alerts become incidents: in a sentence, and to be changed. */
export function Grouping({ channel }: { readonly channel: Channel }): ReactNode {
  const t = useTranslations('channels.group');
  const mayEdit = useMay('admin');
  const { group } = channel;
  if (group === undefined) return null;
  return (
    <div className="rule-section">
      <section className="panel panel-part" aria-labelledby="channel-group">
        <h2 id="channel-group">{t('title')}</h2>
        <p>
          <GroupSentence group={group} />
        </p>
        {(group.cases ?? []).length === 0 ? null : (
          <p className="muted">{t('cases', { count: (group.cases ?? []).length })}</p>
        )}
        {(group.storm_thresholds ?? []).length === 0 ? null : (
          <p className="muted">{t('storm', { numbers: (group.storm_thresholds ?? []).join(', ') })}</p>
        )}
        {mayEdit ? <GroupForm channel={channel} group={group} /> : null}
      </section>
    </div>
  );
}

function GroupSentence({ group }: { readonly group: Group }): ReactNode {
  const t = useTranslations('channels.group');
  if (group.method === 'n') return t('none');
  const within = group.time_window === 0 ? t('untilClosed') : t('within', { minutes: group.time_window ?? 0 });
  if (group.method === 'i') return t('alike', { share: group.i_score_threshold ?? 0.9, within });
  const equals = group.equals ?? [];
  if (equals.length === 0) return t('all', { within });
  const sets = equals.map((keys) => keys.join(' + ')).join(' / ');
  return t('same', { keys: sets, within });
}

function GroupForm({ channel, group }: { readonly channel: Channel; readonly group: Group }): ReactNode {
  const t = useTranslations('channels.group');
  const [method, setMethod] = useStored(group.method);
  const [equals, setEquals] = useStored(textOf(group));
  const [minutes, setMinutes] = useStored(String(group.time_window ?? 0));
  const [type, setType] = useStored(group.window_type ?? 'tumbling');
  const [share, setShare] = useStored(String(group.i_score_threshold ?? 0.9));
  const update = useWrite('/channel/update', { changes: ['/channel/info', '/channel/list'] });
  const submit = (): void => {
    update.mutate({
      channel_id: channel.channel_id,
      group: groupOf(group, { method, equals, minutes, type, share }),
    });
  };
  return (
    <Form error={update.error} onSubmit={submit} className="form form-narrow">
      <RadioField
        label={t('method')}
        name="group.method"
        value={method}
        onChange={setMethod}
        choices={[
          { value: 'n', label: t('methodNone') },
          { value: 'p', label: t('methodSame'), hint: t('methodSameHint') },
          { value: 'i', label: t('methodAlike'), hint: t('methodAlikeHint') },
        ]}
      />
      {method === 'p' ? (
        <AreaField label={t('equals')} name="group.equals" value={equals} onChange={setEquals} hint={t('equalsHint')} />
      ) : null}
      {method === 'i' ? (
        <TextField
          label={t('threshold')}
          name="group.i_score_threshold"
          inputMode="decimal"
          value={share}
          onChange={setShare}
          hint={t('thresholdHint')}
        />
      ) : null}
      {method === 'n' ? null : (
        <div className="clock-row">
          <TextField
            label={t('minutes')}
            name="group.time_window"
            inputMode="numeric"
            value={minutes}
            onChange={setMinutes}
            hint={t('minutesHint')}
          />
          <SelectField
            label={t('window')}
            name="group.window_type"
            value={type}
            onChange={setType}
            choices={[
              { value: 'tumbling', label: t('tumbling') },
              { value: 'sliding', label: t('sliding') },
            ]}
          />
        </div>
      )}
      <Refused error={withoutFaults(update.error)} />
      <Notice>{update.isSuccess ? t('saved') : null}</Notice>
      <div className="form-actions">
        <Button type="submit" look="primary" busy={update.isPending}>
          {t('save')}
        </Button>
      </div>
    </Form>
  );
}
