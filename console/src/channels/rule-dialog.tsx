import type { FormEvent, ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { CallError } from '../api/call.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { FaultsOf, TextField } from '../parts/field.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';
import '../parts/form.css';

interface RuleDialogProps {
  readonly title: string;
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly busy: boolean;
  readonly error: CallError | null;
  readonly onSave: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

const nameMaxChars = 39;

/** What the dialogs of all rules share. */
export function RuleDialog({
  title,
  name,
  onName,
  busy,
  error,
  onSave,
  onClose,
  children,
}: RuleDialogProps): ReactNode {
  const t = useTranslations('channels.rule');
  const s = useTranslations('states');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSave();
  };
  return (
    <Dialog open wide title={title} onClose={onClose}>
      <FaultsOf faults={error?.faults ?? []}>
        <form className="form" onSubmit={submit}>
          <TextField
            label={t('name')}
            name="rule_name"
            required
            maxLength={nameMaxChars}
            value={name}
            onChange={onName}
          />
          {children}
          <Refused error={withoutFaults(error)} />
          <div className="form-actions form-actions-end">
            <Button onClick={onClose}>{s('cancel')}</Button>
            <Button type="submit" look="primary" busy={busy}>
              {s('save')}
            </Button>
          </div>
        </form>
      </FaultsOf>
    </Dialog>
  );
}
