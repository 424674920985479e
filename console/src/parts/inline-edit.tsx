import { useId, useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { CallError } from '../api/call.ts';
import { Button } from './button.tsx';
import { Refused } from './states.tsx';
import { useUndo } from './undo.tsx';
import './inline-edit.css';

interface InlineEditProps {
  /** What it is, for its button and its field. */
  readonly label: string;
  readonly value: string;
  /** How it is shown when nobody edits it. */
  readonly children: ReactNode;
  /** The event that a change raises. */
  readonly event: string;
  readonly lines?: number;
  /** Absent: it may not be changed. */
  readonly onSave: ((value: string, before: string) => Promise<unknown>) | undefined;
  /** A control in place of the usual field. */
  readonly control?: (field: InlineControl) => ReactNode;
}

export interface InlineControl {
  readonly id: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

interface UndoableEditProps extends Omit<InlineEditProps, 'onSave'> {
  readonly onSave: ((value: string) => Promise<unknown>) | undefined;
  readonly fits?: (value: string) => boolean;
}

/** The same with the way back below it. */
export function UndoableEdit({ onSave, fits, ...props }: UndoableEditProps): ReactNode {
  const undo = useUndo({ event: props.event, value: props.value, fits, save: onSave });
  return (
    <>
      <InlineEdit {...props} onSave={undo.onSave} />
      {undo.note}
    </>
  );
}

/** A value that is changed where it stands. Enter saves, Escape leaves it; in several lines Ctrl and Enter save. */
export function InlineEdit({ label, value, children, event, lines = 1, onSave, control }: InlineEditProps): ReactNode {
  const t = useTranslations('states');
  const id = useId();
  const opener = useRef<HTMLSpanElement>(null);
  const [typed, setTyped] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CallError | null>(null);
  const leave = (): void => {
    setTyped(undefined);
    setError(null);
    requestAnimationFrame(() => {
      // Somebody quick has begun with something else by now, and keeps it.
      if (document.activeElement === document.body) opener.current?.querySelector('button')?.focus();
    });
  };
  const save = async (): Promise<void> => {
    if (typed === undefined || onSave === undefined || busy) return;
    const next = typed.trim();
    if (next === value) return leave();
    setBusy(true);
    try {
      await onSave(next, value);
      leave();
    } catch (refusal) {
      setError(refusal as CallError);
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (press: KeyboardEvent): void => {
    if (press.key === 'Escape') {
      press.stopPropagation();
      leave();
    }
    if (press.key === 'Enter' && lines > 1 && (press.ctrlKey || press.metaKey)) {
      press.preventDefault();
      void save();
    }
  };
  if (typed === undefined || onSave === undefined) {
    return (
      <span className="inline-edit" ref={opener}>
        <span className="inline-edit-value">{children}</span>
        {onSave === undefined ? null : (
          <Button look="quiet" icon="edit" iconOnly onClick={() => setTyped(value)}>
            {t('edit', { name: label })}
          </Button>
        )}
      </span>
    );
  }
  const field = {
    id,
    'aria-label': label,
    className: 'input',
    value: typed,
    // oxlint-disable-next-line jsx-a11y/no-autofocus -- it stands where the button was that opened it
    autoFocus: true,
    onKeyDown,
  };
  return (
    <form
      className="inline-edit-form"
      onSubmit={(submit: FormEvent) => {
        submit.preventDefault();
        void save();
      }}
    >
      {control !== undefined ? (
        control({ id, value: typed, onChange: setTyped })
      ) : lines > 1 ? (
        <textarea {...field} rows={lines} onChange={(change) => setTyped(change.target.value)} />
      ) : (
        <input {...field} type="text" onChange={(change) => setTyped(change.target.value)} />
      )}
      <Refused error={error} />
      <div className="inline-edit-actions">
        <Button type="submit" look="primary" busy={busy}>
          {t('save')}
        </Button>
        <Button onClick={leave}>{t('cancel')}</Button>
        <span className="muted">{t('raises', { event })}</span>
      </div>
    </form>
  );
}
