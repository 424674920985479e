import { useEffect, useState, type ReactNode } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { call, type CallError } from '../api/call.ts';
import type { Delivery, DeliveryDetail } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { ButtonLink } from '../parts/button.tsx';
import { addressOf } from '../parts/delivery-columns.tsx';
import { DeliveryMark, useReason } from '../parts/delivery-mark.tsx';
import { stateOf } from '../parts/delivery-state.ts';
import { Refused } from '../parts/states.tsx';

export interface Resend {
  send(): void;
  readonly pending: boolean;
  readonly error: CallError | null;
  /** The record of the new delivery. */
  readonly newId: string | undefined;
  /** What became of it, as soon as that is known. */
  readonly followed: Delivery | undefined;
  readonly webhookId: number;
}

/** Until the new delivery has come to an end it is asked for so often. */
const followMs = 500;

export function useResend(delivery: DeliveryDetail): Resend {
  const client = useQueryClient();
  const resend = useWrite('/webhook/history/resend', { changes: ['/webhook/history/list'] });
  const newId = resend.data?.event_id;
  const webhookId = delivery.integration_id;
  const [followed, setFollowed] = useState<Delivery>();
  useEffect(() => {
    if (newId === undefined) return undefined;
    const ended = new AbortController();
    const ask = async (): Promise<void> => {
      const found = await call(
        '/webhook/history/detail',
        { integration_id: webhookId, event_id: newId },
        { signal: ended.signal },
      );
      if (found.attempt === 0 || stateOf(found) === 'sending') return;
      setFollowed(found);
      if (stateOf(found) === 'retry_wait') return;
      clearInterval(timer);
      // The first record says now what became of it.
      await Promise.all(
        ['list', 'detail'].map((one) => client.invalidateQueries({ queryKey: [`/webhook/history/${one}`] })),
      );
    };
    // What does not answer now is asked again.
    const timer = setInterval(() => void ask().catch(() => undefined), followMs);
    return () => {
      ended.abort();
      clearInterval(timer);
    };
  }, [newId, webhookId, client]);
  return {
    send: () => {
      setFollowed(undefined);
      resend.mutate({ integration_id: webhookId, event_id: delivery.event_id });
    },
    pending: resend.isPending,
    error: resend.error,
    newId,
    followed,
    webhookId,
  };
}

export function ResendNotice({ resend }: { readonly resend: Resend }): ReactNode {
  const t = useTranslations('deliveries');
  const reason = useReason();
  const { newId, followed, webhookId } = resend;
  return (
    <div className="resend" role="status">
      <Refused error={resend.error} />
      {newId === undefined ? null : (
        <div className="notice">
          <p>{t('resent', { id: newId })}</p>
          <p>{followed === undefined ? t('follow') : <DeliveryMark delivery={followed} />}</p>
          {followed === undefined || reason(followed) === '' ? null : <p>{reason(followed)}</p>}
          <ButtonLink
            to={addressOf({ integration_id: webhookId, event_id: newId })}
            search={(before: object) => before}
            resetScroll={false}
          >
            {t('openNew')}
          </ButtonLink>
        </div>
      )}
    </div>
  );
}
