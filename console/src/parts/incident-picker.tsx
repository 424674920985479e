import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { TextField } from './field.tsx';
import { Progress, Severity } from './severity.tsx';
import './incident-picker.css';

interface IncidentPickerProps {
  readonly value: Incident | undefined;
  readonly onChange: (incident: Incident) => void;
  /** Offered before anything is typed. */
  readonly first?: readonly Incident[];
  /** Not offered by the search. */
  readonly without?: ReadonlySet<string>;
  /** Where to look before anything is typed; 0 = everywhere. */
  readonly channelId: number;
}

const shownMax = 8;
const queryMaxChars = 512;

/** One open incident, by its number or words of it. */
export function IncidentPicker({ value, onChange, first, without, channelId }: IncidentPickerProps): ReactNode {
  const t = useTranslations('incidents.picker');
  const [typed, setTyped] = useState('');
  const wanted = typed.trim().replace(/^#/, '');
  const found = useRead(
    '/incident/list',
    {
      progress: 'Triggered,Processing',
      query: wanted.slice(0, queryMaxChars),
      limit: Math.min(100, shownMax + (without?.size ?? 0)),
      ...(wanted === '' && channelId !== 0 ? { channel_ids: [channelId] } : {}),
    },
    { keep: true },
  );
  const others = (found.data?.items ?? []).filter((one) => without?.has(one.incident_id) !== true);
  const list = [...(wanted === '' ? (first ?? []) : []), ...others].slice(0, shownMax);
  return (
    <>
      <TextField
        label={t('label')}
        name="incident"
        type="search"
        autoComplete="off"
        value={typed}
        onChange={setTyped}
        hint={t('hint')}
      />
      {found.data !== undefined && list.length === 0 ? <p className="muted">{t('nothing')}</p> : null}
      {list.length === 0 ? null : (
        <div className="incident-picker" role="radiogroup" aria-label={t('label')}>
          {list.map((one) => (
            <label key={one.incident_id} className="incident-choice">
              <input
                type="radio"
                name="incident-choice"
                checked={one.incident_id === value?.incident_id}
                onChange={() => onChange(one)}
              />
              <span className="one-line">
                <span className="mono muted">#{one.num}</span> {one.title}
              </span>
              <Severity value={one.incident_severity} />
              <Progress value={one.progress} />
            </label>
          ))}
        </div>
      )}
    </>
  );
}
