import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { copyText } from '../parts/copy.tsx';
import { Menu } from '../parts/menu.tsx';
import { actionKeys } from './action-shortcuts.ts';
import type { ActionName } from './incident-rules.ts';
import type { Actions } from './use-actions.tsx';

interface IncidentActionsProps {
  readonly incident: Incident;
  readonly actions: Actions;
}

/** What can be done with one incident: what it is time for in sight, the rest in a menu. */
export function IncidentActions({ incident, actions }: IncidentActionsProps): ReactNode {
  const t = useTranslations('acting');
  const words = useTranslations('incidents');
  const isAdmin = useMay('admin');
  const can = (action: ActionName): boolean => actions.applies(action, [incident]);
  const closed = incident.progress === 'Closed';
  const first: ActionName[] = closed
    ? ['reopen']
    : [can('ack') ? 'ack' : 'unack', can('wake') ? 'wake' : 'snooze', 'resolve', 'assign'];
  const more: ActionName[] = [...(can('wake') ? (['snooze'] as const) : []), 'merge', 'severity'];
  return (
    <div className="incident-actions">
      {first.map((action) => (
        <Button
          key={action}
          look={action === 'ack' || action === 'reopen' ? 'primary' : 'plain'}
          busy={actions.busy}
          onClick={() => actions.start(action, [incident])}
        >
          {t(`verb.${action}`)} <kbd aria-hidden="true">{actionKeys[action]}</kbd>
        </Button>
      ))}
      <Menu
        name={t('moreActions')}
        icon="more"
        iconOnly
        items={[
          ...more.map((action) => ({
            id: action,
            label: t(`verb.${action}`),
            hint: actionKeys[action],
            onChoose: () => actions.start(action, [incident]),
          })),
          { id: 'copy', label: words('copyNumber'), onChoose: () => void copyText(incident.num) },
          ...(isAdmin
            ? [
                {
                  id: 'remove',
                  label: t('verb.remove'),
                  dangerous: true,
                  onChoose: () => actions.start('remove', [incident]),
                },
              ]
            : []),
        ]}
      />
    </div>
  );
}
