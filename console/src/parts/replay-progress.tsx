import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Reply } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from './button.tsx';
import { clockOf } from './clock.tsx';
import { Failed, Loading, Refused } from './states.tsx';
import './replay-progress.css';

type Replay = Reply<'/replay/info'>;

/** A replay by its id, followed until it ends. */
export function FollowedReplay({ id, running }: { readonly id: string; readonly running?: ReactNode }): ReactNode {
  const found = useRead(
    '/replay/info',
    { replay_id: id },
    { live: { topics: ['replay'], wants: (hint) => hint.data['replay_id'] === id }, poll: true },
  );
  if (found.data !== undefined) {
    return (
      <>
        <ReplayProgress replay={found.data} />
        {found.data.state === 'running' ? running : null}
      </>
    );
  }
  if (found.error !== null) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
  return <Loading rows={2} />;
}

export function ReplayProgress({ replay }: { readonly replay: Replay }): ReactNode {
  const t = useTranslations('replay');
  const mayStop = useMay('responder');
  const cancel = useWrite('/replay/cancel', { changes: ['/replay/info', '/replay/list'] });
  const { state, done, total, outcomes } = replay;
  const running = state === 'running';
  return (
    <div className="replay-progress" role="group" aria-label={t('list')}>
      <div className="replay-line">
        <strong className={`replay-state replay-state-${state}`}>{t(`state.${state}`)}</strong>
        <span role="status">{t('progress', { done, total })}</span>
        {running && mayStop ? (
          <Button
            icon="stop"
            look="danger"
            busy={cancel.isPending}
            onClick={() => cancel.mutate({ replay_id: replay.replay_id })}
          >
            {t('stop')}
          </Button>
        ) : null}
      </div>
      <progress max={Math.max(1, total)} value={done} aria-label={t('progress', { done, total })} />
      <p className="muted">
        {t('outcomes', {
          delivered: outcomes.delivered,
          failed: outcomes.failed,
          unknown: outcomes.unknown,
          other: outcomes.expired + outcomes.cancelled,
        })}
      </p>
      {running && replay.paused_until > 0 ? (
        <p className="warned">{t.rich('pausedUntil', { when: clockOf(replay.paused_until) })}</p>
      ) : null}
      {replay.message === '' ? null : <p className="sentence">{replay.message}</p>}
      {cancel.data === undefined ? null : <p role="status">{t('stopped', { count: cancel.data.cancelled })}</p>}
      <Refused error={cancel.error} />
    </div>
  );
}
