import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Delivery } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from './button.tsx';
import { clockOf, Duration } from './clock.tsx';
import { addressOf } from './delivery-columns.tsx';
import { DeliverySign, useReason } from './delivery-mark.tsx';
import { missed, reasonOf, stateOf } from './delivery-state.ts';
import { Refused } from './states.tsx';
import { useWaits } from './waits.tsx';
import './entry-pushes.css';

interface EntryPushesProps {
  readonly pushes: readonly Delivery[];
  readonly names: ReadonlyMap<number, string>;
}

/** The pushes of one event, under its entry of the timeline. */
export function EntryPushes({ pushes, names }: EntryPushesProps): ReactNode {
  return (
    <ul className="entry-pushes">
      {pushes.map((push) => (
        <EntryPush key={push.event_id} push={push} names={names} />
      ))}
    </ul>
  );
}

function EntryPush({ push, names }: { readonly push: Delivery; readonly names: EntryPushesProps['names'] }): ReactNode {
  const t = useTranslations('deliveries');
  const outcome = useOutcome(push);
  const sentence = useReason()(push);
  const mayResend = useMay('responder');
  const resend = useWrite('/webhook/history/resend', {
    changes: ['/webhook/history/list', '/webhook/history/summary'],
  });
  const state = stateOf(push);
  const isOwed = missed.has(state) && (push.delivered_later === undefined || resend.isSuccess);
  const name = names.get(push.integration_id) ?? t('deletedWebhook', { id: String(push.integration_id) });
  return (
    <li className="entry-push">
      <DeliverySign delivery={push} />
      <Link to={addressOf(push)}>{name}</Link>
      <span className="muted" title={sentence === '' ? undefined : sentence}>
        {outcome}
      </span>
      {mayResend && isOwed ? (
        <Button
          look="quiet"
          className="entry-resend"
          busy={resend.isPending}
          disabled={resend.isSuccess}
          onClick={() => resend.mutate({ integration_id: push.integration_id, event_id: push.event_id })}
        >
          {resend.isSuccess ? t('sentAgain') : t('resend')}
        </Button>
      ) : null}
      <Refused error={resend.error} />
    </li>
  );
}

/** A few words: there is one line for each push, and its page has the whole sentence. */
function useOutcome(push: Delivery): ReactNode {
  const t = useTranslations();
  const sentence = useReason()(push);
  const waits = useWaits()(push);
  const state = stateOf(push);
  if (state === 'delivered') return <Duration ms={push.duration} />;
  if (state === 'failed' && push.status_code !== 0)
    return t('deliveries.failedCode', { code: String(push.status_code) });
  if (state === 'superseded' && push.superseded_by > 0) {
    return t('deliveries.supersededBy', { sequence: String(push.superseded_by) });
  }
  if (state === 'retry_wait' && push.due_at > 0) {
    return t.rich('deliveries.retryAt', { when: clockOf(push.due_at) });
  }
  if (waits !== undefined) return waits;
  const name = `reasonNames.${reasonOf(push) as 'dns'}` as const;
  if (t.has(name)) return t(name);
  return sentence === '' ? t(`deliveries.state.${state}`) : sentence;
}
