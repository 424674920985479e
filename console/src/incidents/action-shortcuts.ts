import { useTranslations } from 'use-intl';
import { useShortcuts } from '../parts/keys.ts';
import type { ActionName } from './incident-rules.ts';

export const actionKeys: Readonly<Partial<Record<ActionName, string>>> = {
  ack: 'a',
  unack: 'A',
  snooze: 'z',
  wake: 'w',
  resolve: 'r',
  reopen: 'R',
  assign: 'e',
  merge: 'm',
  severity: 's',
};

/** The keys of actions; none for who may not act. */
export function useActionShortcuts(start: ((action: ActionName) => void) | undefined): void {
  const t = useTranslations('acting');
  const group = useTranslations('frame')('incidents');
  const entries = Object.entries(actionKeys) as [ActionName, string][];
  useShortcuts(
    start === undefined
      ? []
      : entries.map(([action, keys]) => ({ keys, label: t(`verb.${action}`), group, run: () => start(action) })),
  );
}
