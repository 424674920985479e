import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { FaultLines, useFaults } from './field.tsx';
import './people-picker.css';

interface PeoplePickerProps {
  readonly label: string;
  readonly name: string;
  readonly value: readonly number[];
  readonly onChange: (people: readonly number[]) => void;
  /** The person at the screen, to be at the top. */
  readonly me?: number;
}

const shownMax = 100;

/** Some of the members, with a search. */
export function PeoplePicker({ label, name, value, onChange, me }: PeoplePickerProps): ReactNode {
  const t = useTranslations('states');
  const id = useId();
  const [typed, setTyped] = useState('');
  const found = useRead('/member/list', { query: typed.trim().slice(0, 100), limit: shownMax }, { keep: true });
  const chosen = useRead('/person/infos', { person_ids: [...value] }, { enabled: value.length > 0, keep: true });
  const faults = useFaults(name);
  const wanted = typed.trim().toLowerCase();
  const members = (found.data?.items ?? [])
    .map((one) => ({ id: one.member_id, name: one.member_name, email: one.email }))
    // Those of the search before are gone at once: a key pressed now is about what was typed.
    .filter((one) => !found.isPlaceholderData || `${one.name} ${one.email}`.toLowerCase().includes(wanted));
  const seen = new Set(members.map((one) => one.id));
  const others = (chosen.data?.items ?? [])
    .filter((one) => value.includes(one.person_id) && !seen.has(one.person_id))
    .map((one) => ({ id: one.person_id, name: one.person_name, email: one.email }));
  const list = [...others, ...members].sort((a, b) => Number(b.id === me) - Number(a.id === me));
  const toggle = (person: number, on: boolean): void => {
    onChange(on ? [...value, person] : value.filter((one) => one !== person));
  };
  /** Enter chooses the first that was found, and makes room for the next search. */
  const onKeyDown = (press: KeyboardEvent): void => {
    if (press.key !== 'Enter' || wanted === '') return;
    press.preventDefault();
    const first = members.find((one) => !value.includes(one.id));
    if (first !== undefined) toggle(first.id, true);
    if (members.length > 0) setTyped('');
  };
  return (
    <fieldset className="field" aria-describedby={faults.length > 0 ? `${id}-fault` : undefined}>
      <legend className="field-label">{label}</legend>
      <input
        type="search"
        className="input people-search"
        aria-label={t('find')}
        placeholder={t('find')}
        autoComplete="off"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="people-picker">
        {list.map((person) => (
          <label key={person.id} className="person-choice">
            <input
              type="checkbox"
              checked={value.includes(person.id)}
              onChange={(event) => toggle(person.id, event.target.checked)}
            />
            <span className="person-choice-name">
              {person.name}
              {person.id === me ? <small> {t('you')}</small> : null}
            </span>
            <span className="muted person-choice-email">{person.email}</span>
          </label>
        ))}
        {found.data !== undefined && list.length === 0 ? <p className="muted">{t('nobodyFound')}</p> : null}
      </div>
      <FaultLines id={`${id}-fault`} faults={faults} />
    </fieldset>
  );
}
