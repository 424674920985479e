import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { plainFilter, type Filter } from '../parts/conditions.ts';
import { FilterField } from '../parts/conditions-field.tsx';
import { TextField } from '../parts/field.tsx';
import { newFilter } from './noise-rules.ts';
import { RuleDialog } from './rule-dialog.tsx';
import type { Editing } from './rule-list.tsx';

export function DropDialog(editing: Editing<'unsubscribe'>): ReactNode {
  const t = useTranslations('channels.drop');
  const [filter, setFilter] = useState<Filter>(editing.rule?.filters ?? newFilter);
  return (
    <RuleDialog kind="unsubscribe" {...editing} body={() => ({ filters: plainFilter(filter) })}>
      <FilterField label={t('when')} name="filters" value={filter} onChange={setFilter} />
    </RuleDialog>
  );
}

export function InhibitDialog(editing: Editing<'inhibit'>): ReactNode {
  const t = useTranslations('channels.inhibit');
  const { rule } = editing;
  const [source, setSource] = useState<Filter>(rule?.source_filters ?? newFilter);
  const [target, setTarget] = useState<Filter>(rule?.target_filters ?? newFilter);
  const [equals, setEquals] = useState((rule?.equals ?? []).join(', '));
  return (
    <RuleDialog
      kind="inhibit"
      {...editing}
      body={() => ({
        source_filters: plainFilter(source),
        target_filters: plainFilter(target),
        equals: equals
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      })}
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
