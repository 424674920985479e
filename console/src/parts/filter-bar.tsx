import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';
import type { Choice } from './field.tsx';
import { Icon } from './icons.tsx';
import { useShortcuts } from './keys.ts';
import { CheckMenu } from './menu.tsx';
import './filter-bar.css';

interface FilterBarProps {
  readonly children: ReactNode;
  /** How many rows, and whether they are fresh. */
  readonly status?: ReactNode;
  /** Buttons for all that match. */
  readonly actions?: ReactNode;
  readonly changed: boolean;
  readonly onClear: () => void;
  readonly dropped: readonly string[];
}

export function FilterBar({ children, status, actions, changed, onClear, dropped }: FilterBarProps): ReactNode {
  const t = useTranslations();
  return (
    <div className="filters">
      <div className="filter-bar" role="group" aria-label={t('filters.label')}>
        {children}
        {changed ? (
          <Button look="quiet" onClick={onClear}>
            {t('states.clearFilters')}
          </Button>
        ) : null}
        <span className="filter-end">
          <span className="muted" role="status">
            {status}
          </span>
          {actions}
        </span>
      </div>
      {dropped.length === 0 ? null : (
        <p className="warned" role="status">
          {t('states.ignored', { count: dropped.length, names: dropped.join(', ') })}
        </p>
      )}
    </div>
  );
}

const typingMs = 250;

/** Filters while somebody types. */
export function SearchFilter({
  value,
  onChange,
  hint,
  label,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint: string;
  readonly label?: string;
}): ReactNode {
  const t = useTranslations();
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setTyped(value);
  }
  const field = useRef<HTMLInputElement>(null);
  const change = useRef(onChange);
  useEffect(() => {
    change.current = onChange;
  });
  useEffect(() => {
    if (typed.trim() === value) return undefined;
    const timer = setTimeout(() => change.current(typed.trim()), typingMs);
    return () => clearTimeout(timer);
  }, [typed, value]);
  useShortcuts(
    label === undefined
      ? [{ keys: '/', label: t('keys.search'), group: t('keys.list'), run: () => field.current?.focus() }]
      : [],
  );
  return (
    <label className="filter filter-search">
      <Icon name="search" />
      <span className="unseen">{label ?? t('filters.search')}</span>
      <input
        ref={field}
        type="search"
        value={typed}
        placeholder={hint}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
    </label>
  );
}

interface FilterSelectProps<T extends string> {
  readonly label: string;
  readonly value: T | '';
  readonly choices: readonly Choice<T>[];
  /** What no choice means; "any" when left out. */
  readonly anyLabel?: string;
  /** The choices say themselves what they are about. */
  readonly bare?: boolean;
  readonly onChange: (value: T | '') => void;
}

export function FilterSelect<T extends string>({
  label,
  value,
  choices,
  anyLabel,
  bare = false,
  onChange,
}: FilterSelectProps<T>): ReactNode {
  const t = useTranslations('filters');
  const write = (value: string): string => (bare ? value : t('some', { name: label, value }));
  return (
    <label className={value === '' ? 'filter' : 'filter filter-set'}>
      <span className="unseen">{label}</span>
      <select className="filter-select" value={value} onChange={(event) => onChange(event.target.value as T | '')}>
        <option value="">{anyLabel === undefined ? t('any', { name: label }) : write(anyLabel)}</option>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {write(choice.label)}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </label>
  );
}

interface FilterChecksProps<T extends string> {
  readonly label: string;
  readonly values: readonly T[];
  readonly choices: readonly Choice<T>[];
  readonly onChange: (values: readonly T[]) => void;
  /** None of them is no filter: then only the label stands there. */
  readonly bare?: boolean;
}

/** Several at once. */
export function FilterChecks<T extends string>({
  label,
  values,
  choices,
  onChange,
  bare = false,
}: FilterChecksProps<T>): ReactNode {
  const t = useTranslations('filters');
  const only = choices.find((choice) => choice.value === values[0]);
  const name =
    values.length > 1
      ? t('several', { name: label, count: String(values.length) })
      : only === undefined
        ? bare
          ? label
          : t('any', { name: label })
        : t('some', { name: label, value: only.label });
  const toggle = (value: T, on: boolean): void => {
    onChange(choices.map((choice) => choice.value).filter((one) => (one === value ? on : values.includes(one))));
  };
  return (
    <CheckMenu
      name={
        <>
          {name}
          <Icon name="down" />
        </>
      }
      className={values.length === 0 ? 'filter filter-button' : 'filter filter-button filter-set'}
      values={values}
      choices={choices}
      onToggle={toggle}
    />
  );
}
