import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead, useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { stampOf } from '../parts/clock.tsx';
import { Failed, Loading, Refused } from '../parts/states.tsx';

/** Where one is signed in, and how to end it. */
export function SessionList(): ReactNode {
  const t = useTranslations('settings');
  const sessions = useRead('/session/list', {}, { poll: true });
  const revoke = useWrite('/session/revoke', { changes: ['/session/list'] });
  if (sessions.data === undefined) {
    return sessions.error === null ? (
      <Loading rows={2} />
    ) : (
      <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />
    );
  }
  const { items } = sessions.data;
  return (
    <>
      <ul className="session-list">
        {items.map((one) => (
          <li key={one.session_id} className="session">
            <div className="session-what">
              <p>{one.agent === '' ? t('unknownAgent') : one.agent}</p>
              <p className="muted">
                {t.rich('seen', {
                  when: stampOf(one.seen_at * 1000),
                  since: stampOf(one.created_at * 1000),
                  address: one.address,
                })}
              </p>
            </div>
            {one.is_current ? (
              <span>{t('thisOne')}</span>
            ) : (
              <Button busy={revoke.isPending} onClick={() => revoke.mutate({ session_id: one.session_id })}>
                {t('end')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Refused error={revoke.error} />
      {items.length > 1 ? (
        <div>
          <Button busy={revoke.isPending} onClick={() => revoke.mutate({ all_others: true })}>
            {t('endOthers')}
          </Button>
        </div>
      ) : null}
    </>
  );
}
