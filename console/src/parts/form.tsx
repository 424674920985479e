import type { FormEvent, KeyboardEvent, ReactNode } from 'react';
import type { CallError } from '../api/call.ts';
import { FaultsOf } from './field.tsx';
import './form.css';

interface FormProps {
  /** The last refusal: its faults stand at their fields. */
  readonly error: Pick<CallError, 'faults'> | null;
  readonly onSubmit: () => void;
  readonly className?: string;
  readonly label?: string;
  readonly children: ReactNode;
}

/** Enter sends it from a field of one line, Ctrl and Enter from any. */
export function Form({ error, onSubmit, className = 'form', label, children }: FormProps): ReactNode {
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  const onKeyDown = (press: KeyboardEvent<HTMLFormElement>): void => {
    if (press.key !== 'Enter' || !(press.ctrlKey || press.metaKey)) return;
    press.preventDefault();
    // By its button, which may be off or busy.
    press.currentTarget.querySelector<HTMLElement>('[type="submit"]')?.click();
  };
  return (
    <FaultsOf faults={error?.faults ?? []}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it hears the keys of its fields */}
      <form className={className} aria-label={label} onSubmit={submit} onKeyDown={onKeyDown}>
        {children}
      </form>
    </FaultsOf>
  );
}
