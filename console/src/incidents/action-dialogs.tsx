import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { AreaField, RadioField, SelectField, TextField } from '../parts/field.tsx';
import { PeoplePicker } from '../parts/people-picker.tsx';
import type { ActionName } from './incident-rules.ts';
import { severities } from './incident-filters.ts';
import { assignJob, jobOf, reopenJob, resolveJob, severityJob, snoozeJob } from './jobs.ts';
import { Asking, type ActionDialogProps } from './asking.tsx';
import { MergeDialog } from './merge-dialog.tsx';

/** Asks for what an action needs. */
export function ActionDialog({ action, ...props }: ActionDialogProps & { readonly action: ActionName }): ReactNode {
  switch (action) {
    case 'snooze':
      return <SnoozeDialog {...props} />;
    case 'resolve':
      return <ResolveDialog {...props} />;
    case 'reopen':
      return <ReopenDialog {...props} />;
    case 'assign':
      return <AssignDialog {...props} />;
    case 'merge':
      return <MergeDialog {...props} />;
    case 'severity':
      return <SeverityDialog {...props} />;
    case 'remove':
      return <RemoveDialog {...props} />;
    case 'ack':
    case 'unack':
    case 'wake':
      return null;
  }
}

const snoozeHours = ['2', '4', '12'] as const;
const snoozeMaxMinutes = 1440;

function SnoozeDialog(props: ActionDialogProps): ReactNode {
  const t = useTranslations('acting');
  const [choice, setChoice] = useState<(typeof snoozeHours)[number] | 'own'>('2');
  const [own, setOwn] = useState('60');
  const minutes = choice === 'own' ? Number(own) : Number(choice) * 60;
  const fits = Number.isInteger(minutes) && minutes >= 1 && minutes <= snoozeMaxMinutes;
  return (
    <Asking {...props} action="snooze" job={fits ? snoozeJob(props.incidents, minutes) : undefined}>
      <RadioField
        label={t('snoozeFor')}
        name="minutes"
        value={choice}
        onChange={setChoice}
        choices={[
          ...snoozeHours.map((hours) => ({ value: hours, label: t('hours', { count: Number(hours) }) })),
          { value: 'own' as const, label: t('ownTime') },
        ]}
      />
      {choice === 'own' ? (
        <TextField
          label={t('minutes')}
          name="minutes"
          inputMode="numeric"
          value={own}
          onChange={setOwn}
          hint={t('minutesHint')}
          fault={fits ? undefined : t('minutesHint')}
        />
      ) : null}
    </Asking>
  );
}

function ResolveDialog(props: ActionDialogProps): ReactNode {
  const t = useTranslations('acting');
  const [only, second] = props.incidents;
  const first = second === undefined ? only : undefined;
  const [cause, setCause] = useState(first?.root_cause ?? '');
  const [resolution, setResolution] = useState(first?.resolution ?? '');
  return (
    <Asking {...props} action="resolve" job={resolveJob(props.incidents, cause.trim(), resolution.trim())}>
      <AreaField label={t('cause')} name="root_cause" value={cause} onChange={setCause} />
      <AreaField
        label={t('resolution')}
        name="resolution"
        value={resolution}
        onChange={setResolution}
        hint={t('bothOptional')}
      />
    </Asking>
  );
}

function ReopenDialog(props: ActionDialogProps): ReactNode {
  const t = useTranslations('acting');
  const [reason, setReason] = useState('');
  return (
    <Asking {...props} action="reopen" job={reopenJob(props.incidents, reason.trim())}>
      <AreaField label={t('reason')} name="reason" value={reason} onChange={setReason} hint={t('reasonHint')} />
    </Asking>
  );
}

/** To people, or to a layer of an escalation rule of the channel that all of them are in. */
function AssignDialog(props: ActionDialogProps): ReactNode {
  const t = useTranslations('acting');
  const { person } = useSession();
  const channels = new Set(props.incidents.map((one) => one.channel_id));
  const channel = channels.size === 1 ? (props.incidents[0]?.channel_id ?? 0) : 0;
  const rules = useRead('/channel/escalate/rule/list', { channel_id: channel }, { enabled: channel !== 0 });
  const [to, setTo] = useState<'people' | 'rule'>('people');
  const [only, second] = props.incidents;
  // An assignment takes the place of the one before: the present people are where it starts.
  const present = second === undefined ? (only?.responders ?? []).map((one) => one.person_id) : [];
  const [people, setPeople] = useState<readonly number[]>(present.length > 0 ? present : [person.person_id]);
  const isOnlyMe = people.length === 1 && people[0] === person.person_id;
  const isAsBefore = people.length === present.length && people.every((one) => present.includes(one));
  const [layer, setLayer] = useState('');
  const layers = (rules.data?.items ?? []).flatMap((rule) =>
    rule.layers.map((_, index) => ({
      value: `${rule.rule_id}/${index}`,
      label: t('layer', { rule: rule.rule_name, number: String(index + 1) }),
    })),
  );
  const [ruleId = '', index = '0'] = (layer === '' ? (layers[0]?.value ?? '') : layer).split('/');
  const ready = to === 'people' ? people.length > 0 && (isOnlyMe || !isAsBefore) : ruleId !== '';
  const assignment =
    to === 'people'
      ? { person_ids: [...people], type: 'assign' as const }
      : { escalate_rule_id: ruleId, layer_idx: Number(index), type: 'escalate' as const };
  return (
    <Asking {...props} action="assign" job={ready ? assignJob(props.incidents, assignment) : undefined}>
      {layers.length === 0 ? null : (
        <RadioField
          label={t('assignTo')}
          name="assigned_to"
          value={to}
          onChange={setTo}
          choices={[
            { value: 'people', label: t('toPeople') },
            { value: 'rule', label: t('toRule') },
          ]}
        />
      )}
      {to === 'people' ? (
        <>
          <PeoplePicker
            label={t('people')}
            name="assigned_to.person_ids"
            value={people}
            onChange={setPeople}
            me={person.person_id}
          />
          {isOnlyMe ? null : (
            <div>
              <Button onClick={() => setPeople([person.person_id])}>{t('onlyMe')}</Button>
            </div>
          )}
          {props.incidents.some((one) => one.responders.length > 0) ? (
            <p className="muted">{t('assignReplaces')}</p>
          ) : null}
        </>
      ) : (
        <SelectField
          label={t('toRule')}
          name="assigned_to.escalate_rule_id"
          value={layer === '' ? (layers[0]?.value ?? '') : layer}
          onChange={setLayer}
          choices={layers}
        />
      )}
    </Asking>
  );
}

function SeverityDialog(props: ActionDialogProps): ReactNode {
  const t = useTranslations('acting');
  const words = useTranslations('incidents.severity');
  const [severity, setSeverity] = useState<(typeof severities)[number]>(
    props.incidents[0]?.incident_severity ?? 'Critical',
  );
  const changing = props.incidents.filter((one) => one.incident_severity !== severity);
  return (
    <Asking {...props} action="severity" job={changing.length > 0 ? severityJob(changing, severity) : undefined}>
      <RadioField
        label={t('newSeverity')}
        name="incident_severity"
        value={severity}
        onChange={setSeverity}
        choices={severities.map((value) => ({ value, label: words(value) }))}
      />
    </Asking>
  );
}

/** It cannot be undone, so what it is about is typed. */
function RemoveDialog(props: ActionDialogProps): ReactNode {
  const t = useTranslations('acting');
  const s = useTranslations('states');
  const [typed, setTyped] = useState('');
  const [only, second] = props.incidents;
  const name = only !== undefined && second === undefined ? only.num : String(props.incidents.length);
  const alerts = props.incidents.reduce((sum, one) => sum + one.alert_cnt, 0);
  const confirmed = typed.trim().replace('#', '').toUpperCase() === name.toUpperCase();
  return (
    <Asking {...props} action="remove" dangerous job={confirmed ? jobOf('remove', props.incidents) : undefined}>
      <p>{t('removeWhy', { alerts })}</p>
      <TextField
        label={s('typeToConfirm', { name })}
        name="confirm"
        autoComplete="off"
        value={typed}
        onChange={setTyped}
      />
    </Asking>
  );
}
