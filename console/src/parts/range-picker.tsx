import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useSession } from '../api/session.ts';
import {
  fromWallClock,
  isSpan,
  rangeNames,
  reachesBeyond,
  shifted,
  spanOf,
  toWallClock,
  type Range,
  type RangeName,
} from '../time/range.ts';
import { showMoment } from '../time/show.ts';
import { Button } from './button.tsx';
import { useTimeStyle } from './clock.tsx';
import { Dialog } from './dialog.tsx';
import { TextField } from './field.tsx';
import { Icon } from './icons.tsx';
import { useShortcuts } from './keys.ts';
import './range-picker.css';

interface RangePickerProps {
  readonly value: Range;
  readonly onChange: (value: Range) => void;
  /** Deliveries are deleted after some days: a range beyond that says so. */
  readonly ofHistory?: boolean;
}

export function RangePicker({ value, onChange, ofHistory = false }: RangePickerProps): ReactNode {
  const t = useTranslations('filters');
  const k = useTranslations('keys');
  const style = useTimeStyle();
  const { history_days: days } = useSession();
  const [asking, setAsking] = useState(false);
  const shift = (by: -1 | 1): void => onChange(shifted(value, by, Date.now()));
  useShortcuts([
    { keys: '[', label: k('earlier'), group: k('list'), run: () => shift(-1) },
    { keys: ']', label: k('later'), group: k('list'), run: () => shift(1) },
  ]);
  const custom = isSpan(value);
  const span = spanOf(value, style.now);
  const choose = (name: string): void => {
    if (name === 'custom') setAsking(true);
    else onChange({ range: name as RangeName, from: 0, to: 0 });
  };
  return (
    <>
      <span className="range">
        <Button look="quiet" icon="left" iconOnly onClick={() => shift(-1)}>
          {t('earlier')}
        </Button>
        <label className={custom ? 'filter filter-set' : 'filter'}>
          <span className="unseen">{t('range')}</span>
          <select
            className="filter-select"
            value={custom ? 'span' : value.range}
            onChange={(event) => choose(event.target.value)}
          >
            {rangeNames.map((name) => (
              <option key={name} value={name}>
                {t(`last.${name}`)}
              </option>
            ))}
            {custom ? (
              <option value="span">{`${showMoment(span.from, style)} – ${showMoment(span.to, style)}`}</option>
            ) : null}
            <option value="custom">{t('custom')}</option>
          </select>
          <Icon name="down" />
        </label>
        <Button look="quiet" icon="right" iconOnly disabled={!custom} onClick={() => shift(1)}>
          {t('later')}
        </Button>
      </span>
      {ofHistory && days > 0 && reachesBeyond(span, days, style.now) ? (
        <span className="muted">{t('beyond', { days })}</span>
      ) : null}
      {asking ? <SpanDialog value={value} onChange={onChange} onClose={() => setAsking(false)} /> : null}
    </>
  );
}

function SpanDialog({ value, onChange, onClose }: RangePickerProps & { readonly onClose: () => void }): ReactNode {
  const t = useTranslations();
  const style = useTimeStyle();
  const zone = style.utc ? 'UTC' : style.zone;
  const [span] = useState(() => spanOf(value, Date.now()));
  const [from, setFrom] = useState(() => toWallClock(span.from, zone));
  const [to, setTo] = useState(() => toWallClock(span.to, zone));
  const begin = fromWallClock(from, zone);
  const end = fromWallClock(to, zone);
  const wrong = begin === undefined || end === undefined || end <= begin;
  const show = (): void => {
    if (wrong) return;
    onChange({ ...value, from: begin, to: end });
    onClose();
  };
  return (
    <Dialog
      open
      title={t('filters.range')}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('states.cancel')}</Button>
          <Button look="primary" disabled={wrong} onClick={show}>
            {t('filters.apply')}
          </Button>
        </>
      }
    >
      <TextField label={t('filters.from')} name="from" type="datetime-local" value={from} onChange={setFrom} />
      <TextField
        label={t('filters.to')}
        name="to"
        type="datetime-local"
        value={to}
        onChange={setTo}
        hint={t('filters.zone', { zone })}
        fault={wrong ? t('filters.wrongOrder') : undefined}
      />
    </Dialog>
  );
}
