import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { ListedWebhook, Webhook } from '../api/operations.ts';
import { clockOf, stampOf } from '../parts/clock.tsx';
import { Icon, type IconName } from '../parts/icons.tsx';
import './webhook-state.css';

const signs: Readonly<Record<Webhook['status'], IconName>> = {
  enabled: 'delivered',
  paused: 'pause',
  disabled: 'stop',
  deleted: 'trash',
};

export function WebhookState({ status }: { readonly status: Webhook['status'] }): ReactNode {
  const t = useTranslations('webhooks.status');
  return (
    <span className={`webhook-state webhook-state-${status}`}>
      <Icon name={signs[status]} />
      {t(status)}
    </span>
  );
}

type HealthState = ListedWebhook['health']['state'];

const healthSigns: Readonly<Record<HealthState, IconName>> = {
  delivering: 'delivered',
  slow: 'waiting',
  failing: 'failed',
  idle: 'cancelled',
  paused: 'pause',
  disabled: 'stop',
};

export function WebhookHealth({ state }: { readonly state: HealthState }): ReactNode {
  const t = useTranslations('webhooks');
  return (
    <span className={`webhook-state webhook-state-${state}`} title={state === 'failing' ? t('failingWhy') : undefined}>
      <Icon name={healthSigns[state]} />
      {t(`health.${state}`)}
    </span>
  );
}

interface PausedProps {
  readonly webhook: Pick<Webhook, 'status' | 'paused_at' | 'paused_by'>;
  readonly names: ReadonlyMap<number, string>;
  /** Whether the word Paused stands beside it already. */
  readonly brief?: boolean;
}

/** Since when a webhook is paused, and by whom; nothing for one that is not. */
export function PausedSince({ webhook, names, brief = false }: PausedProps): ReactNode {
  const t = useTranslations('webhooks');
  const { status, paused_at: at, paused_by: by } = webhook;
  if (status !== 'paused' || at === 0) return null;
  const words = { when: clockOf(at * 1000), who: names.get(by) ?? `#${by}` };
  return <span>{brief ? t.rich('since', words) : t.rich('pausedSince', words)}</span>;
}

/** Why it fails and what comes next; nothing for those that deliver. */
export function Trouble({ health }: { readonly health: ListedWebhook['health'] }): ReactNode {
  const t = useTranslations('webhooks');
  const reasons = useTranslations('reasons');
  const { state, last_failure: failure, closed_until: until } = health;
  if (failure === null || (state !== 'failing' && state !== 'slow')) return null;
  const key = failure.reason as 'ok';
  return (
    <span className="webhook-trouble">
      {reasons.has(key) ? reasons(key) : failure.message}{' '}
      <span className="muted">
        {until > 0 ? t.rich('nextTry', { when: clockOf(until) }) : t.rich('lastFailure', { when: stampOf(failure.at) })}
      </span>
    </span>
  );
}
