import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';
import { Duration, TimeStamp } from './clock.tsx';
import { addressOf, useWebhookNames } from './delivery-columns.tsx';
import { DeliveryMark, useReason } from './delivery-mark.tsx';
import { momentOf } from './delivery-state.ts';
import { usePushes } from './pushes.ts';
import { Failed, Loading } from './states.tsx';
import { useWaits } from './waits.tsx';
import './object-page.css';

interface PushesOfProps {
  readonly objectId: string;
  /** Unix seconds. */
  readonly since: number;
}

/** The deliveries of one incident or alert, newest first, those of an event together. */
export function PushesOf({ objectId, since }: PushesOfProps): ReactNode {
  const t = useTranslations();
  const names = useWebhookNames();
  const reason = useReason();
  const waits = useWaits();
  const list = usePushes(objectId, since);
  if (list.error !== null && list.rows.length === 0) return <Failed error={list.error} onRetry={list.refetch} />;
  if (list.isPending) return <Loading />;
  if (list.rows.length === 0) return <p className="muted">{t('incidents.pushesNone')}</p>;
  const groups = [...Map.groupBy(list.rows, (one) => one.push_event_id).values()];
  return (
    <>
      {groups.map((pushes) => {
        const [first] = pushes;
        if (first === undefined) return null;
        const key = `events.${first.event_type as 'i_new'}` as const;
        return (
          <section key={first.push_event_id} className="push-group">
            <h2>
              {t('incidents.eventNumber', {
                number: String(first.sequence),
                name: t.has(key) ? t(key) : first.event_type,
              })}{' '}
              <span className="muted mono">{first.event_type}</span>
            </h2>
            <ul className="object-list">
              {pushes.map((one) => (
                <li key={one.event_id} className="object-line">
                  <DeliveryMark delivery={one} waits={waits} />
                  <span className="object-line-name">
                    <Link to={addressOf(one)}>
                      {names.get(one.integration_id) ??
                        t('deliveries.deletedWebhook', { id: String(one.integration_id) })}
                    </Link>
                    {reason(one) === '' ? null : <span className="muted sentence">{reason(one)}</span>}
                  </span>
                  <span className="muted">
                    {one.duration === 0 ? null : (
                      <>
                        <Duration ms={one.duration} /> ·{' '}
                      </>
                    )}
                    <TimeStamp ms={momentOf(one.event_time)} />
                  </span>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
      {list.more === undefined ? null : <Button onClick={list.more}>{t('incidents.feedMore')}</Button>}
    </>
  );
}
