import type { ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import { ChannelFilter } from '../parts/channel-filter.tsx';
import { Chip } from '../parts/chip.tsx';
import { FilterBar, FilterSelect, SearchFilter } from '../parts/filter-bar.tsx';
import { RangePicker } from '../parts/range-picker.tsx';
import { Segments } from '../parts/segments.tsx';
import type { Filters } from '../parts/use-filters.ts';
import { hasWindow, progressChoices, severities, type incidentFilters } from './incident-filters.ts';
import type { Counts } from './use-incident-list.ts';

export type IncidentFilters = Filters<typeof incidentFilters>;

interface IncidentFilterBarProps {
  readonly filters: IncidentFilters;
  /** Of the open ones. */
  readonly counts: Counts | undefined;
  readonly status: string;
}

const signs = { Critical: 'critical', Warning: 'warning', Info: 'info' } as const;

export function IncidentFilterBar({ filters, counts, status }: IncidentFilterBarProps): ReactNode {
  const t = useTranslations('incidents');
  const { values, set } = filters;
  const toggle = (one: (typeof severities)[number]): void => {
    const chosen = values.severity;
    set({ severity: severities.filter((name) => (name === one ? !chosen.includes(name) : chosen.includes(name))) });
  };
  return (
    <FilterBar changed={filters.changed} onClear={filters.clear} dropped={filters.dropped} status={status}>
      <Segments
        label={t('who')}
        value={values.who === '' ? 'all' : values.who}
        choices={(['all', 'me', 'teams'] as const).map((value) => ({ value, label: t(`whose.${value}`) }))}
        onChange={(who) => set({ who: who === 'all' ? '' : who })}
      />
      <ProgressFilter filters={filters} counts={counts} />
      {severities.map((one) => (
        <Chip
          key={one}
          icon={signs[one]}
          tone={one.toLowerCase() as 'critical'}
          pressed={values.severity.includes(one)}
          onPress={() => toggle(one)}
        >
          {counts === undefined || hasWindow(values)
            ? t(`severity.${one}`)
            : t('severityCount', { name: t(`severity.${one}`), count: counts.by_severity[one] })}
        </Chip>
      ))}
      <ChannelFilter value={values.channel} onChange={(channel) => set({ channel })} />
      {values.label === '' ? null : (
        <Chip pressed icon="close" onPress={() => set({ label: '' })}>
          {t('labelIs', { label: values.label })}
        </Chip>
      )}
      <SearchFilter value={values.q} hint={t('searchHint')} onChange={(q) => set({ q })} />
      {hasWindow(values) ? (
        <RangePicker
          value={{ range: values.range, from: values.from, to: values.to }}
          onChange={({ range, from, to }) => set({ range, from, to })}
        />
      ) : (
        <FilterSelect
          label={t('sort')}
          bare
          value={values.sort === 'worst' ? '' : values.sort}
          anyLabel={t('sorts.worst')}
          choices={[{ value: 'newest', label: t('sorts.newest') }]}
          onChange={(sort) => set({ sort: sort === '' ? 'worst' : sort })}
        />
      )}
    </FilterBar>
  );
}

function ProgressFilter({ filters, counts }: Omit<IncidentFilterBarProps, 'status'>): ReactNode {
  const t = useTranslations('incidents');
  const number = new Intl.NumberFormat(useLocale());
  const { values, set } = filters;
  const { Triggered = 0, Processing = 0 } = counts?.by_progress ?? {};
  const countOf = { open: Triggered + Processing, Triggered, Processing, Closed: -1 };
  const labelOf = (value: keyof typeof countOf): string => {
    const name = value === 'open' ? t('open') : t(`progress.${value}`);
    const count = counts === undefined ? -1 : countOf[value];
    return count < 0 ? name : `${name} ${number.format(count)}`;
  };
  return (
    <FilterSelect
      label={t('progressLabel')}
      bare
      value={values.progress === 'all' ? '' : values.progress}
      choices={progressChoices.filter((one) => one !== 'all').map((value) => ({ value, label: labelOf(value) }))}
      onChange={(progress) => set({ progress: progress === '' ? 'all' : progress })}
    />
  );
}
