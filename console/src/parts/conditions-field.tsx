import { useId, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';
import { emptyCondition, linesOf, type Condition, type Filter } from './conditions.ts';
import { FaultLines, useFaults } from './field.tsx';
import './conditions.css';

interface ConditionsFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: readonly Condition[];
  readonly onChange: (value: readonly Condition[]) => void;
  readonly hint?: string;
}

const keys = ['severity', 'status', 'title', 'description', 'integration_id', 'labels.service'];

/** Conditions that must all hold. */
export function ConditionsField({ label, name, value, onChange, hint }: ConditionsFieldProps): ReactNode {
  const t = useTranslations('conditions');
  const id = useId();
  const faults = useFaults(name);
  const set = (index: number, some: Partial<Condition>): void =>
    onChange(value.map((one, at) => (at === index ? { ...one, ...some } : one)));
  return (
    <fieldset className="field conditions" aria-describedby={faults.length > 0 ? `${id}-fault` : undefined}>
      <legend className="field-label">{label}</legend>
      <datalist id={`${id}-keys`}>
        {keys.map((key) => (
          <option key={key} value={key}>
            {key}
          </option>
        ))}
      </datalist>
      {value.map((one, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a condition is its place: all of it can change
        <div className="condition" key={index}>
          <input
            className="input mono"
            aria-label={t('keyOf', { number: index + 1 })}
            list={`${id}-keys`}
            autoComplete="off"
            spellCheck={false}
            value={one.key}
            onChange={(event) => set(index, { key: event.target.value })}
          />
          <select
            className="input"
            aria-label={t('operOf', { number: index + 1 })}
            value={one.oper}
            onChange={(event) => set(index, { oper: event.target.value as Condition['oper'] })}
          >
            <option value="IN">{t('in')}</option>
            <option value="NOTIN">{t('notIn')}</option>
          </select>
          <textarea
            className="input mono"
            aria-label={t('valuesOf', { number: index + 1 })}
            placeholder={t('values')}
            rows={Math.max(1, one.vals.length)}
            spellCheck={false}
            value={one.vals.join('\n')}
            onChange={(event) => set(index, { vals: event.target.value.split('\n') })}
            onBlur={(event) => set(index, { vals: linesOf(event.target.value) })}
          />
          <Button look="quiet" icon="close" iconOnly onClick={() => onChange(value.filter((_, at) => at !== index))}>
            {t('remove', { number: index + 1 })}
          </Button>
        </div>
      ))}
      <FaultLines id={`${id}-fault`} faults={faults} />
      {hint === undefined ? null : <p className="field-hint">{hint}</p>}
      <div>
        <Button icon="plus" onClick={() => onChange([...value, emptyCondition])}>
          {value.length === 0 ? t('add') : t('and')}
        </Button>
      </div>
    </fieldset>
  );
}

interface FilterFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: Filter;
  readonly onChange: (value: Filter) => void;
}

/** Groups of conditions, one of which must hold. */
export function FilterField({ label, name, value, onChange }: FilterFieldProps): ReactNode {
  const t = useTranslations('conditions');
  const faults = useFaults(name).length > 0 && value.length === 0;
  return (
    <div className="filter-groups">
      {value.map((group, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a group is its place
        <div key={index} className="filter-group">
          <ConditionsField
            label={index === 0 ? label : t('or')}
            name={`${name}[${index}]`}
            value={group}
            onChange={(next) =>
              onChange(
                next.length === 0
                  ? value.filter((_, at) => at !== index)
                  : value.map((one, at) => (at === index ? next : one)),
              )
            }
            {...(index === value.length - 1 ? { hint: t('hint') } : {})}
          />
        </div>
      ))}
      {faults ? <FaultLines faults={[t('needed')]} /> : null}
      <div>
        <Button icon="plus" onClick={() => onChange([...value, [emptyCondition]])}>
          {value.length === 0 ? t('add') : t('orGroup')}
        </Button>
      </div>
    </div>
  );
}

/** A filter in words. */
export function FilterText({ filter }: { readonly filter: Filter }): ReactNode {
  const t = useTranslations('conditions');
  if (filter.length === 0) return <span>{t('everything')}</span>;
  return (
    <span className="filter-text">
      {filter.map((group, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a group is its place
        <span key={index}>
          {index === 0 ? null : <span className="muted"> {t('or')} </span>}
          {group.map((one, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- a condition is its place
            <span key={at}>
              {at === 0 ? null : <span className="muted"> {t('andWord')} </span>}
              <code>{one.key}</code> <span className="muted">{one.oper === 'IN' ? t('in') : t('notIn')}</span>{' '}
              <code>{one.vals.join(' | ')}</code>
            </span>
          ))}
        </span>
      ))}
    </span>
  );
}

/** For a sentence with a filter in it. */
export function filterIn(filter: Filter): () => ReactNode {
  return () => <FilterText filter={filter} />;
}
