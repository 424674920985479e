import { useState, type ReactNode } from 'react';
import { useFormatter, useTimeZone, useTranslations } from 'use-intl';
import { plainFilter, type Filter } from '../parts/conditions.ts';
import { FilterField } from '../parts/conditions-field.tsx';
import { CheckField, RadioField, TextField } from '../parts/field.tsx';
import { fromWallClock, toWallClock } from '../time/range.ts';
import { dayOfWeek, newFilter, type Silence } from './noise-rules.ts';
import { RuleDialog } from './rule-dialog.tsx';
import type { BodyOf } from './rule-kind.ts';
import type { Editing } from './rule-list.tsx';

type When = 'always' | 'once' | 'weekly';

const hourMs = 3_600_000;
const days = [1, 2, 3, 4, 5, 6, 0] as const;

function whenOf(rule: Silence | undefined): When {
  if (rule === undefined || rule.time_filter !== undefined) return 'once';
  return (rule.time_filters ?? []).length > 0 ? 'weekly' : 'always';
}

export function SilenceDialog(editing: Editing<'silence'>): ReactNode {
  const { rule } = editing;
  const t = useTranslations('channels.silence');
  const format = useFormatter();
  const zone = useTimeZone() ?? 'UTC';
  const [now] = useState(() => Date.now());
  const [filter, setFilter] = useState<Filter>(rule?.filters ?? newFilter);
  const [when, setWhen] = useState(whenOf(rule));
  const [from, setFrom] = useState(toWallClock((rule?.time_filter?.start_time ?? now / 1000) * 1000, zone));
  const [to, setTo] = useState(toWallClock((rule?.time_filter?.end_time ?? (now + 2 * hourMs) / 1000) * 1000, zone));
  const first = rule?.time_filters?.[0];
  const [start, setStart] = useState(first?.start ?? '22:00');
  const [end, setEnd] = useState(first?.end ?? '06:00');
  const [repeat, setRepeat] = useState<readonly number[]>(first?.repeat ?? [0, 1, 2, 3, 4, 5, 6]);
  const [ruleZone, setRuleZone] = useState(rule?.time_zone ?? zone);
  const [discards, setDiscards] = useState(rule?.is_directly_discard ?? false);
  const begin = fromWallClock(from, zone);
  const finish = fromWallClock(to, zone);
  const times = (): Partial<BodyOf<'silence'>> => {
    if (when === 'once') {
      const seconds = { start_time: Math.floor((begin ?? 0) / 1000), end_time: Math.floor((finish ?? 0) / 1000) };
      return { time_filter: seconds, time_filters: null };
    }
    if (when === 'always') return { time_filter: null, time_filters: null };
    // A rule made elsewhere can have more spans than this page shows; they stay.
    const others = rule?.time_filters?.slice(1) ?? [];
    return {
      time_filter: null,
      time_filters: [{ start, end, repeat: [...repeat] }, ...others],
      time_zone: ruleZone.trim(),
    };
  };
  return (
    <RuleDialog
      kind="silence"
      {...editing}
      body={() => ({ filters: plainFilter(filter), is_directly_discard: discards, ...times() })}
    >
      <FilterField label={t('which')} name="filters" value={filter} onChange={setFilter} />
      <RadioField
        label={t('when')}
        name="time"
        value={when}
        onChange={setWhen}
        choices={[
          { value: 'once', label: t('whenOnce') },
          { value: 'weekly', label: t('whenWeekly') },
          { value: 'always', label: t('always') },
        ]}
      />
      {when === 'once' ? (
        <div className="clock-row">
          <TextField
            label={t('from')}
            name="time_filter.start_time"
            type="datetime-local"
            value={from}
            onChange={setFrom}
          />
          <TextField
            label={t('to')}
            name="time_filter"
            type="datetime-local"
            value={to}
            onChange={setTo}
            hint={t('inZone', { zone })}
          />
        </div>
      ) : null}
      {when === 'weekly' ? (
        <>
          <fieldset className="field">
            <legend className="field-label">{t('days')}</legend>
            <div className="weekdays">
              {days.map((day) => (
                <CheckField
                  key={day}
                  label={format.dateTime(dayOfWeek(day), { weekday: 'short', timeZone: 'UTC' })}
                  checked={repeat.includes(day)}
                  onChange={(on) => setRepeat(on ? [...repeat, day] : repeat.filter((one) => one !== day))}
                />
              ))}
            </div>
          </fieldset>
          <div className="clock-row">
            <TextField label={t('start')} name="time_filters[0].start" type="time" value={start} onChange={setStart} />
            <TextField label={t('end')} name="time_filters[0].end" type="time" value={end} onChange={setEnd} />
            <TextField label={t('zone')} name="time_zone" value={ruleZone} onChange={setRuleZone} />
          </div>
        </>
      ) : null}
      <CheckField label={t('discard')} checked={discards} onChange={setDiscards} hint={t('discardHint')} />
    </RuleDialog>
  );
}
