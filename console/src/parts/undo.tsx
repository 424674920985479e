import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { CallError } from '../api/call.ts';
import { Button } from './button.tsx';
import { Refused } from './states.tsx';
import './undo.css';

interface Undo {
  readonly onSave: ((value: string, before: string) => Promise<unknown>) | undefined;
  /** Says that it is saved, and takes it back; to be rendered where the eyes are. */
  readonly note: ReactNode;
}

interface Undoable {
  /** The event that a change raises. */
  readonly event: string;
  /** As it is now: once somebody else has changed it, there is nothing to take back. */
  readonly value: string;
  /** Whether a value would be taken: there is no way back to one that would not. */
  readonly fits?: ((value: string) => boolean) | undefined;
  /** Absent: it may not be changed. */
  readonly save: ((value: string) => Promise<unknown>) | undefined;
}

interface Saved {
  readonly value: string;
  readonly before: string;
}

/** Remembers the value before a change that is saved at once. Taking it back is a change too, and raises its event. */
export function useUndo({ event, value, fits = () => true, save }: Undoable): Undo {
  const t = useTranslations('states');
  const [saved, setSaved] = useState<Saved>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CallError | null>(null);
  if (save === undefined) return { onSave: undefined, note: null };
  const onSave = async (next: string, before: string): Promise<void> => {
    await save(next);
    setError(null);
    setSaved({ value: next, before });
  };
  const takeBack = async ({ before }: Saved): Promise<void> => {
    setBusy(true);
    try {
      await onSave(before, value);
    } catch (refusal) {
      setError(refusal as CallError);
    } finally {
      setBusy(false);
    }
  };
  const shown = saved?.value === value ? saved : undefined;
  return {
    onSave,
    note: (
      <div className="undo" role="status">
        {shown === undefined ? null : (
          <p className="undo-line">
            <span>{t('saved')}</span>
            {fits(shown.before) ? (
              <Button look="quiet" busy={busy} onClick={() => void takeBack(shown)}>
                {t('undo', { event })}
              </Button>
            ) : null}
            <Button look="quiet" icon="close" iconOnly onClick={() => setSaved(undefined)}>
              {t('dismiss')}
            </Button>
          </p>
        )}
        <Refused error={error} />
      </div>
    ),
  };
}
