import type { ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { Delivery } from '../api/operations.ts';
import { clockOf } from './clock.tsx';
import { reasonOf, stateOf, type DeliveryState } from './delivery-state.ts';
import { Icon, type IconName } from './icons.tsx';
import type { Waits } from './waits.tsx';
import './delivery-mark.css';

const signs: Readonly<Record<DeliveryState, IconName>> = {
  delivered: 'delivered',
  failed: 'failed',
  unknown: 'unknown',
  retry_wait: 'retry',
  sending: 'send',
  pending: 'waiting',
  superseded: 'superseded',
  expired: 'expired',
  cancelled: 'cancelled',
};

/** A sign, a colour and a word; a waiting one says what it waits for. */
export function DeliveryMark({ delivery, waits }: { readonly delivery: Delivery; readonly waits?: Waits }): ReactNode {
  const t = useTranslations('deliveries');
  const state = stateOf(delivery);
  if (state === 'failed' && delivery.status_code !== 0) {
    return <StateMark state={state}>{t('failedCode', { code: String(delivery.status_code) })}</StateMark>;
  }
  if (state === 'retry_wait' && delivery.due_at > 0) {
    return <StateMark state={state}>{t.rich('retryAt', { when: clockOf(delivery.due_at) })}</StateMark>;
  }
  if (state === 'pending' && waits !== undefined) return <StateMark state={state}>{waits(delivery)}</StateMark>;
  if (state === 'superseded' && delivery.superseded_by > 0) {
    return <StateMark state={state}>{t('supersededBy', { sequence: String(delivery.superseded_by) })}</StateMark>;
  }
  return <StateMark state={state} />;
}

export function StateMark({
  state,
  children,
}: {
  readonly state: DeliveryState;
  readonly children?: ReactNode;
}): ReactNode {
  const t = useTranslations('deliveries.state');
  return (
    <span className={`delivery-mark delivery-mark-${state}`}>
      <Icon name={signs[state]} />
      <span>{children ?? t(state)}</span>
    </span>
  );
}

/** The sign alone, with its word for who does not see it. */
export function DeliverySign({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const t = useTranslations('deliveries');
  const state = stateOf(delivery);
  return (
    <span className={`delivery-mark delivery-mark-${state}`} title={t(`state.${state}`)}>
      <Icon name={signs[state]} />
      <span className="unseen">{t(`state.${state}`)}</span>
    </span>
  );
}

/**
 * The words for a reason. The service's own sentence has the details and is in English: in another language the words
 * take its place where there are some.
 */
export function useReasonText(): (reason: string, message: string | undefined) => string {
  const t = useTranslations('reasons');
  const locale = useLocale();
  return (reason, message = '') => {
    const key = reason as 'ok';
    if (reason === '' || !t.has(key)) return message;
    return message === '' || locale !== 'en' ? t(key) : message;
  };
}

/** The reason of a delivery, in words; nothing for a delivered one. */
export function useReason(): (delivery: Delivery) => string {
  const text = useReasonText();
  return (delivery) =>
    stateOf(delivery) === 'delivered' ? '' : text(reasonOf(delivery), delivery.error_message ?? '');
}
