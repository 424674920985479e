import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { carryOut } from '../api/carry-out.ts';
import type { CustomField, Incident } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { UndoableEdit, type InlineControl } from '../parts/inline-edit.tsx';
import { useReload } from './use-reload.ts';

/** The custom fields of an incident, and values of fields that are no longer there. */
export function FieldValues({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  const mayAct = useMay('responder');
  const reload = useReload();
  const fields = useRead('/field/list', {}).data?.items ?? [];
  const known = new Set(fields.map((field) => field.field_name));
  const others = Object.entries(incident.fields).filter(
    ([name, value]) => !known.has(name) && value !== null && value !== '',
  );
  if (fields.length + others.length === 0) return null;
  const save = (field: CustomField, text: string): Promise<unknown> =>
    carryOut('/incident/field/reset', {
      incident_id: incident.incident_id,
      field_name: field.field_name,
      field_value: valueOf(field, text),
    }).then(reload);
  return (
    <section className="panel-part">
      <h2>{t('fields')}</h2>
      <dl className="facts">
        {fields.map((field) => {
          const text = textOf(incident.fields[field.field_name]);
          return (
            <div className="facts-line" key={field.field_id}>
              <dt className="breakable">{field.display_name}</dt>
              <dd>
                <UndoableEdit
                  label={field.display_name}
                  value={text}
                  event="i_r_field"
                  onSave={mayAct ? (next) => save(field, next) : undefined}
                  {...(field.field_type === 'text' ? {} : { control: controlOf(field, t('fieldNone')) })}
                >
                  {text === '' ? <span className="muted">–</span> : text}
                </UndoableEdit>
              </dd>
            </div>
          );
        })}
        {others.map(([name, value]) => (
          <div className="facts-line" key={name}>
            <dt className="breakable">{name}</dt>
            <dd>{textOf(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const separator = ', ';

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(String).join(separator) : JSON.stringify(value);
}

function valueOf(field: CustomField, text: string): unknown {
  if (text === '') return null;
  if (field.field_type === 'checkbox') return text === 'true';
  return field.field_type === 'multi_select' ? text.split(separator) : text;
}

/** One to choose from, or a box for each where several may be. */
function controlOf(field: CustomField, none: string): (control: InlineControl) => ReactNode {
  if (field.field_type === 'multi_select') {
    return ({ value, onChange }) => {
      const chosen = value === '' ? [] : value.split(separator);
      return (
        <div role="group" aria-label={field.display_name} className="radios">
          {field.options.map((option) => (
            <label className="radio" key={option}>
              <input
                type="checkbox"
                checked={chosen.includes(option)}
                onChange={(event) =>
                  onChange(
                    field.options
                      .filter((one) => (one === option ? event.target.checked : chosen.includes(one)))
                      .join(separator),
                  )
                }
              />
              <span>{option}</span>
            </label>
          ))}
        </div>
      );
    };
  }
  const options = field.field_type === 'checkbox' ? ['true', 'false'] : field.options;
  return ({ id, value, onChange }) => (
    <select
      id={id}
      className="input"
      aria-label={field.display_name}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{none}</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}
