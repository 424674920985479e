import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Path } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { plainFilter, type Filter } from '../parts/conditions.ts';
import { FilterField } from '../parts/conditions-field.tsx';
import { TextField } from '../parts/field.tsx';
import { newFilter, type Drop, type Inhibition } from './noise-rules.ts';
import { RuleDialog } from './rule-dialog.tsx';

interface NoiseDialogProps<Rule> {
  readonly channelId: number;
  /** Absent: a new one. */
  readonly rule: Rule | undefined;
  readonly onClose: () => void;
}

export function DropDialog({ channelId, rule, onClose }: NoiseDialogProps<Drop>): ReactNode {
  const t = useTranslations('channels.drop');
  const changes: readonly Path[] = ['/channel/unsubscribe/rule/list'];
  const [name, setName] = useState(rule?.rule_name ?? '');
  const [filter, setFilter] = useState<Filter>(rule?.filters ?? newFilter);
  const create = useWrite('/channel/unsubscribe/rule/create', { changes, onDone: onClose });
  const update = useWrite('/channel/unsubscribe/rule/update', { changes, onDone: onClose });
  const save = (): void => {
    const body = { channel_id: channelId, rule_name: name.trim(), filters: plainFilter(filter) };
    if (rule === undefined) create.mutate(body);
    else update.mutate({ ...body, rule_id: rule.rule_id });
  };
  return (
    <RuleDialog
      title={rule === undefined ? t('add') : rule.rule_name}
      name={name}
      onName={setName}
      busy={create.isPending || update.isPending}
      error={create.error ?? update.error}
      onSave={save}
      onClose={onClose}
    >
      <FilterField label={t('when')} name="filters" value={filter} onChange={setFilter} />
    </RuleDialog>
  );
}

export function InhibitDialog({ channelId, rule, onClose }: NoiseDialogProps<Inhibition>): ReactNode {
  const t = useTranslations('channels.inhibit');
  const changes: readonly Path[] = ['/channel/inhibit/rule/list'];
  const [name, setName] = useState(rule?.rule_name ?? '');
  const [source, setSource] = useState<Filter>(rule?.source_filters ?? newFilter);
  const [target, setTarget] = useState<Filter>(rule?.target_filters ?? newFilter);
  const [equals, setEquals] = useState((rule?.equals ?? []).join(', '));
  const create = useWrite('/channel/inhibit/rule/create', { changes, onDone: onClose });
  const update = useWrite('/channel/inhibit/rule/update', { changes, onDone: onClose });
  const save = (): void => {
    const body = {
      channel_id: channelId,
      rule_name: name.trim(),
      source_filters: plainFilter(source),
      target_filters: plainFilter(target),
      equals: equals
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    };
    if (rule === undefined) create.mutate(body);
    else update.mutate({ ...body, rule_id: rule.rule_id });
  };
  return (
    <RuleDialog
      title={rule === undefined ? t('add') : rule.rule_name}
      name={name}
      onName={setName}
      busy={create.isPending || update.isPending}
      error={create.error ?? update.error}
      onSave={save}
      onClose={onClose}
    >
      <FilterField label={t('target')} name="target_filters" value={target} onChange={setTarget} />
      <FilterField label={t('source')} name="source_filters" value={source} onChange={setSource} />
      <TextField
        label={t('equals')}
        name="equals"
        required
        value={equals}
        onChange={setEquals}
        hint={t('equalsHint')}
      />
    </RuleDialog>
  );
}
