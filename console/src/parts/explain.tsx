import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { StateMark, useReasonText } from './delivery-mark.tsx';
import { addressOf } from './delivery-columns.tsx';
import { deliveryStates } from './delivery-state.ts';
import { Failed, Loading } from './states.tsx';
import './explain.css';

/** One verdict for each webhook about an event, from the settings that were in force then. `eventId` as in the push. */
export function Explain({ eventId }: { readonly eventId: string }): ReactNode {
  const t = useTranslations('deliveries');
  const reason = useReasonText();
  const asked = useRead('/webhook/explain', { event_id: eventId });
  if (asked.error !== null) return <Failed error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.data === undefined) return <Loading rows={3} />;
  const { matched, items } = asked.data;
  return (
    <div className="explain">
      <p>{t('explainMatched', { matched, all: items.length })}</p>
      <ul className="explain-list">
        {items.map((one) => {
          const state = deliveryStates.find((known) => known === one.verdict);
          return (
            <li key={one.integration_id} className="explain-line">
              <span className="explain-name">
                {one.record_id === '' ? (
                  one.name
                ) : (
                  <Link to={addressOf({ integration_id: one.integration_id, event_id: one.record_id })}>
                    {one.name}
                  </Link>
                )}
              </span>
              {state === undefined ? (
                <span className="muted">{t(one.verdict === 'forgotten' ? 'verdictForgotten' : 'verdictNotSent')}</span>
              ) : (
                <StateMark state={state} />
              )}
              <span className="muted explain-why">
                {one.rule === 'matched'
                  ? state === 'delivered' || one.reason === ''
                    ? ''
                    : reason(one.reason, one.error_message)
                  : t(`rule.${one.rule}`)}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
