import { createContext, use, useId, type InputHTMLAttributes, type ReactNode } from 'react';
import type { Fault } from '../api/call.ts';
import './field.css';

/** What the service found wrong with a form, for the fields that it names. */
const Faults = createContext<readonly Fault[]>([]);

export function FaultsOf({
  faults,
  children,
}: {
  readonly faults: readonly Fault[];
  readonly children: ReactNode;
}): ReactNode {
  return <Faults value={faults}>{children}</Faults>;
}

/** The messages for a field, and for what lies in it: `headers` has those of `headers["X-Token"]` too. */
export function useFaults(name: string): string[] {
  return use(Faults)
    .filter(({ field }) => field === name || (field.startsWith(name) && /^[.[]/.test(field.slice(name.length))))
    .map(({ message }) => message);
}

export interface FieldProps {
  readonly label: string;
  /** As the service calls it in its faults. */
  readonly name: string;
  readonly hint?: ReactNode;
  /** A fault that the page itself sees. */
  readonly fault?: string | undefined;
  /** Not shown beside a fault. */
  readonly warning?: string | undefined;
}

interface Wiring {
  readonly id: string;
  readonly 'aria-invalid': true | undefined;
  readonly 'aria-describedby': string | undefined;
  readonly name: string;
}

/** A label, a control, what helps to fill it in, and what is wrong with it. */
export function Field({
  label,
  name,
  hint,
  fault,
  warning: warned,
  children,
}: FieldProps & { readonly children: (wiring: Wiring) => ReactNode }): ReactNode {
  const id = useId();
  const faults = [...(fault === undefined ? [] : [fault]), ...useFaults(name)];
  const warning = faults.length > 0 ? undefined : warned;
  const described = [
    ...(faults.length > 0 ? [`${id}-fault`] : []),
    ...(warning === undefined ? [] : [`${id}-warning`]),
    ...(hint === undefined ? [] : [`${id}-hint`]),
  ];
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        name,
        'aria-invalid': faults.length > 0 || undefined,
        'aria-describedby': described.length > 0 ? described.join(' ') : undefined,
      })}
      <FaultLines id={`${id}-fault`} faults={faults} />
      {warning === undefined ? null : (
        <p className="field-warning" id={`${id}-warning`}>
          {warning}
        </p>
      )}
      {hint === undefined ? null : (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function FaultLines({ id, faults }: { readonly id?: string; readonly faults: readonly string[] }): ReactNode {
  if (faults.length === 0) return null;
  return (
    <div className="field-fault" id={id}>
      {faults.map((fault) => (
        <p key={fault}>{fault}</p>
      ))}
    </div>
  );
}

type TextFieldProps = FieldProps &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'name' | 'onChange' | 'value'> & {
    readonly value: string;
    readonly onChange: (value: string) => void;
  };

export function TextField({ label, name, hint, fault, warning, value, onChange, ...rest }: TextFieldProps): ReactNode {
  return (
    <Field label={label} name={name} hint={hint} fault={fault} warning={warning}>
      {(wiring) => (
        <input
          type="text"
          {...rest}
          {...wiring}
          className="input"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

type AreaFieldProps = FieldProps & {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
  readonly disabled?: boolean;
};

export function AreaField({ value, onChange, rows = 3, disabled = false, ...field }: AreaFieldProps): ReactNode {
  return (
    <Field {...field}>
      {(wiring) => (
        <textarea
          {...wiring}
          className="input"
          rows={rows}
          disabled={disabled}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** A native select: it has the keyboard, the screen reader and the touch screen right. */
export function SelectField<T extends string>({
  value,
  onChange,
  choices,
  disabled = false,
  ...field
}: FieldProps & {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly choices: readonly Choice<T>[];
  readonly disabled?: boolean;
}): ReactNode {
  return (
    <Field {...field}>
      {(wiring) => (
        <select
          {...wiring}
          className="input"
          disabled={disabled}
          value={value}
          onChange={(event) => onChange(event.target.value as T)}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** One of a few, all in sight. */
export function RadioField<T extends string>({
  label,
  name,
  value,
  onChange,
  choices,
  disabled = false,
  hint,
}: {
  readonly label: string;
  readonly name: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly choices: readonly Choice<T>[];
  readonly disabled?: boolean;
  readonly hint?: ReactNode;
}): ReactNode {
  const id = useId();
  const faults = useFaults(name);
  return (
    <fieldset className="field" aria-describedby={faults.length > 0 ? `${id}-fault` : undefined}>
      <legend className="field-label">{label}</legend>
      <div className="radios">
        {choices.map((choice) => (
          <label className="radio" key={choice.value}>
            <input
              type="radio"
              name={`${id}-${name}`}
              value={choice.value}
              checked={choice.value === value}
              disabled={disabled}
              onChange={() => onChange(choice.value)}
            />
            <span>
              {choice.label}
              {choice.hint === undefined ? null : <small className="radio-hint">{choice.hint}</small>}
            </span>
          </label>
        ))}
      </div>
      <FaultLines id={`${id}-fault`} faults={faults} />
      {hint === undefined ? null : <p className="field-hint">{hint}</p>}
    </fieldset>
  );
}

export function CheckField({
  label,
  checked,
  onChange,
  hint,
  disabled = false,
  mono = false,
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly hint?: ReactNode;
  readonly disabled?: boolean;
  readonly mono?: boolean;
}): ReactNode {
  return (
    <label className="radio">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span className={mono ? 'mono' : undefined}>
        {label}
        {hint === undefined ? null : <small className="radio-hint">{hint}</small>}
      </span>
    </label>
  );
}

/** Brings the reader to the first field that needs a change. */
export function focusFirstFault(form: HTMLElement | null): void {
  requestAnimationFrame(() => {
    const faulty = form?.querySelector<HTMLElement>(
      '[aria-invalid="true"], .field-fault ~ input, fieldset[aria-describedby] input',
    );
    faulty?.focus();
  });
}
