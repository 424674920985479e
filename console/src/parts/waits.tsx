import { useMemo, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Delivery, ListedWebhook } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { clockOf, useTimeStyle } from './clock.tsx';
import { waitOf } from './delivery-state.ts';

const webhooksNamed = 100;
const none: readonly ListedWebhook[] = [];

export function useListedWebhooks(): readonly ListedWebhook[] {
  const { data } = useRead('/webhook/list', { limit: webhooksNamed }, { poll: true });
  return data?.items ?? none;
}

export type Waits = (delivery: Delivery) => ReactNode;

/** What a waiting delivery waits for, in words; undefined for one that does not wait. */
export function useWaits(): Waits {
  const t = useTranslations('deliveries.waits');
  const webhooks = useListedWebhooks();
  const { now } = useTimeStyle();
  return useMemo(() => {
    const byId = new Map(webhooks.map((one) => [one.integration_id, one]));
    return (delivery) => {
      const wait = waitOf(delivery, byId.get(delivery.integration_id), now);
      if (wait === undefined) return undefined;
      if (wait.for === 'lane') return t('lane', { sequence: String(wait.sequence) });
      return wait.for === 'receiver' ? t.rich('receiver', { when: clockOf(wait.until) }) : t(wait.for);
    };
  }, [t, webhooks, now]);
}
