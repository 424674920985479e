import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead, useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { useShortcuts } from '../parts/keys.ts';
import { Notice, Refused } from '../parts/states.tsx';

const keysMax = 5;

/** Buttons that call a receiver, which answers at once. */
export function CustomActions({ incidentId }: { readonly incidentId: string }): ReactNode {
  const t = useTranslations('acting');
  const group = useTranslations('frame')('incidents');
  const actions = useRead('/incident/custom-action/list', { incident_id: incidentId }, { poll: true });
  const run = useWrite('/incident/custom-action/do', { changes: ['/incident/feed', '/webhook/history/list'] });
  const items = actions.data?.items ?? [];
  const start = (integrationId: number): void => {
    if (!run.isPending) run.mutate({ incident_id: incidentId, integration_id: integrationId });
  };
  useShortcuts(
    items.slice(0, keysMax).map((one, index) => ({
      keys: String(index + 1),
      label: one.name,
      group,
      run: () => start(one.integration_id),
    })),
  );
  if (items.length === 0) return null;
  const called = items.find((one) => one.integration_id === run.variables?.integration_id)?.name ?? '';
  const failure = run.data?.message ?? '';
  return (
    <div className="custom-actions" role="group" aria-label={t('customActions')}>
      <span className="muted">{t('customActions')}</span>
      {items.map((one, index) => (
        <Button
          key={one.integration_id}
          icon="action"
          busy={run.isPending && run.variables.integration_id === one.integration_id}
          onClick={() => start(one.integration_id)}
        >
          {one.name} {index < keysMax ? <kbd aria-hidden="true">{index + 1}</kbd> : null}
        </Button>
      ))}
      <Notice>{run.isSuccess && failure === '' ? t('actionDone', { name: called }) : null}</Notice>
      {run.isSuccess && failure !== '' ? (
        <p className="refused" role="alert">
          {t('actionFailed', { name: called, message: failure })}
        </p>
      ) : null}
      <Refused error={run.error} />
    </div>
  );
}
