import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { stampOf } from '../parts/clock.tsx';
import { ReplayProgress } from '../parts/replay-progress.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';

const shownMax = 50;

/** The replays of one webhook, the newest first. */
export function ReplayList({ webhookId }: { readonly webhookId: number }): ReactNode {
  const t = useTranslations('replay');
  const found = useRead(
    '/replay/list',
    { integration_id: webhookId, limit: shownMax },
    { live: { topics: ['replay'], wants: (hint) => hint.data['integration_id'] === webhookId }, poll: true },
  );
  if (found.data === undefined) {
    if (found.error !== null) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
    return <Loading rows={2} />;
  }
  if (found.data.items.length === 0) return <Empty title={t('none')} />;
  return (
    <ul className="replay-list">
      {found.data.items.map((one) => (
        <li key={one.replay_id} className="panel panel-part">
          <p className="muted">
            {t.rich('begun', { when: stampOf(one.created_at) })} · {t(one.order_policy)}
          </p>
          <ReplayProgress replay={one} />
        </li>
      ))}
    </ul>
  );
}
