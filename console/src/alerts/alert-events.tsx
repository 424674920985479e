import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { call } from '../api/call.ts';
import { useEndless } from '../api/endless.ts';
import { Button } from '../parts/button.tsx';
import { EventList } from '../parts/event-list.tsx';
import { Failed, Loading } from '../parts/states.tsx';

const pageRows = 50;

/** The events that an alert was made of. */
export function AlertEvents({ alertId }: { readonly alertId: string }): ReactNode {
  const t = useTranslations('incidents');
  const list = useEndless(['/alert/event/list', alertId], '', async (cursor, signal) => {
    const more = cursor === '' ? {} : { search_after_ctx: cursor };
    const reply = await call('/alert/event/list', { alert_id: alertId, limit: pageRows, ...more }, { signal });
    const next = reply.has_next_page ? reply.search_after_ctx : undefined;
    return { items: reply.items, total: reply.total, next: next === '' ? undefined : next };
  });
  if (list.error !== null && list.rows.length === 0) return <Failed error={list.error} onRetry={list.refetch} />;
  if (list.isPending) return <Loading />;
  return (
    <>
      <EventList events={list.rows} />
      {list.more === undefined ? null : <Button onClick={list.more}>{t('feedMore')}</Button>}
    </>
  );
}
