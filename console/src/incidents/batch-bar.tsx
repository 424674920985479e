import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Menu } from '../parts/menu.tsx';
import { actionKeys } from './action-shortcuts.ts';
import type { ActionName } from './incident-rules.ts';
import type { Actions } from './use-actions.tsx';
import { matchingMax } from './use-incident-list.ts';
import './batch-bar.css';

interface BatchBarProps {
  readonly incidents: readonly Incident[];
  readonly actions: Actions;
  /** All that match the filters. */
  readonly total: number;
  readonly onAll: () => void;
  readonly onClear: () => void;
}

const inSight: readonly ActionName[] = ['ack', 'snooze', 'resolve', 'assign', 'merge'];
const inMenu: readonly ActionName[] = ['unack', 'wake', 'reopen', 'severity'];

/** What can be done with the chosen incidents. */
export function BatchBar({ incidents, actions, total, onAll, onClear }: BatchBarProps): ReactNode {
  const t = useTranslations('acting');
  const isAdmin = useMay('admin');
  const more = isAdmin ? ([...inMenu, 'remove'] as const) : inMenu;
  const matching = Math.min(total, matchingMax);
  return (
    <div className="batch-bar" role="region" aria-label={t('batch')}>
      <span className="batch-count" role="status">
        {t('chosen', { count: incidents.length })}
      </span>
      {inSight.map((action) => (
        <Button
          key={action}
          busy={actions.busy}
          disabled={!actions.applies(action, incidents)}
          onClick={() => actions.start(action, incidents)}
        >
          {t(`verb.${action}`)} <kbd aria-hidden="true">{actionKeys[action]}</kbd>
        </Button>
      ))}
      <Menu
        name={t('moreActions')}
        icon="more"
        iconOnly
        side="top"
        items={more.map((action) => ({
          id: action,
          label: t(`verb.${action}`),
          dangerous: action === 'remove',
          disabled: actions.applies(action, incidents) ? undefined : t('appliesToNone'),
          onChoose: () => actions.start(action, incidents),
        }))}
      />
      <span className="batch-rest">
        {matching > incidents.length ? (
          <Button look="quiet" onClick={onAll}>
            {t('chooseMatching', { count: matching })}
          </Button>
        ) : null}
        <Button look="quiet" onClick={onClear}>
          {t('clearChoice')}
        </Button>
      </span>
    </div>
  );
}
