import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useMay, useSession } from '../api/session.ts';
import { needWords } from '../words/dictionary.ts';
import { Button } from './button.tsx';
import { HeldShortcuts } from './keys.ts';
import type { Selection } from './replay-dialog.tsx';

const ReplayDialog = lazy(async () => {
  const [{ ReplayDialog: dialog }] = await Promise.all([import('./replay-dialog.tsx'), needWords(['replay'])]);
  return { default: dialog };
});

interface ReplayButtonProps {
  /** All that match the filters of the list; a text says why they cannot be replayed. */
  readonly selection: () => Selection | string;
  readonly name: string;
}

export function ReplayButton({ selection, name }: ReplayButtonProps): ReactNode {
  const t = useTranslations('deliveries');
  const { features } = useSession();
  const mayReplay = useMay('responder');
  // The selection is held while the dialog is open: a range of the last hours moves on.
  const [chosen, setChosen] = useState<Selection>();
  if (!mayReplay || !features.replay) return null;
  const now = selection();
  const refused = typeof now === 'string' ? now : undefined;
  return (
    <>
      <Button
        icon="retry"
        disabled={refused !== undefined}
        title={refused}
        onClick={() => setChosen(typeof now === 'string' ? undefined : now)}
      >
        {t('replayThese')}
      </Button>
      {chosen === undefined ? null : (
        <Suspense fallback={<HeldShortcuts />}>
          <ReplayDialog selection={chosen} name={name} onClose={() => setChosen(undefined)} />
        </Suspense>
      )}
    </>
  );
}
