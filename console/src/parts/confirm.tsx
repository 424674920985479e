import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { CallError } from '../api/call.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { TextField } from './field.tsx';
import { Refused } from './states.tsx';

interface ConfirmProps {
  readonly title: string;
  readonly verb: string;
  readonly children: ReactNode;
  /** To be typed, where there is no way back. */
  readonly name?: string;
  readonly busy: boolean;
  readonly error: CallError | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before a dangerous step. */
export function Confirm({ title, verb, children, name, busy, error, onConfirm, onClose }: ConfirmProps): ReactNode {
  const s = useTranslations('states');
  const [typed, setTyped] = useState('');
  const confirmed = name === undefined || typed.trim() === name.trim();
  return (
    <Dialog
      open
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button look="danger" busy={busy} disabled={!confirmed} onClick={onConfirm}>
            {verb}
          </Button>
        </>
      }
    >
      {children}
      {name === undefined ? null : (
        <TextField
          label={s('typeToConfirm', { name })}
          name="confirm"
          autoComplete="off"
          value={typed}
          onChange={setTyped}
        />
      )}
      <Refused error={error} />
    </Dialog>
  );
}
