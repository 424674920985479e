import { useId, useState, type FormEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Request } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { Button } from './button.tsx';
import { stampOf } from './clock.tsx';
import { Dialog } from './dialog.tsx';
import { SelectField, TextField } from './field.tsx';
import { FollowedReplay } from './replay-progress.tsx';
import { Failed, Refused } from './states.tsx';

export type Selection = Omit<Request<'/webhook/replay'>, 'dry_run' | 'order_policy' | 'max_per_second'>;

interface ReplayDialogProps {
  readonly selection: Selection;
  readonly name: string;
  readonly onClose: () => void;
}

const perSecondDefault = 50;
const perSecondMax = 1000;

/** Counts first; once started, it shows how far it is. */
export function ReplayDialog({ selection, name, onClose }: ReplayDialogProps): ReactNode {
  const t = useTranslations('replay');
  const s = useTranslations('states');
  const [order, setOrder] = useState<'every' | 'latest'>('every');
  const [rate, setRate] = useState(String(perSecondDefault));
  const counted = useRead('/webhook/replay', { ...selection, order_policy: order, dry_run: true }, { keep: true });
  const begin = useWrite('/webhook/replay', { changes: ['/replay/list'] });
  const perSecond = Number(rate);
  const wrongRate = !Number.isInteger(perSecond) || perSecond < 1 || perSecond > perSecondMax;
  const found = counted.data;
  const id = begin.data?.replay_id;
  const form = useId();
  const ready = found !== undefined && found.pushes > 0 && !wrongRate;
  const start = (event: FormEvent): void => {
    event.preventDefault();
    if (ready) begin.mutate({ ...selection, order_policy: order, max_per_second: perSecond });
  };
  return (
    <Dialog
      open
      title={t('title')}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{id === undefined ? s('cancel') : s('close')}</Button>
          {id === undefined ? (
            <Button type="submit" form={form} look="primary" busy={begin.isPending} disabled={!ready}>
              {t('start')}
            </Button>
          ) : null}
        </>
      }
    >
      {id === undefined ? (
        <form id={form} className="replay-choices" onSubmit={start}>
          {counted.error === null ? null : <Failed error={counted.error} onRetry={() => void counted.refetch()} />}
          <div role="status">
            {found === undefined ? (
              <p className="muted">{t('counting')}</p>
            ) : (
              <>
                <p>
                  <strong>{t('count', { count: found.count, name })}</strong> {t('pushes', { pushes: found.pushes })}{' '}
                  {found.oldest > 0 ? t.rich('oldest', { when: stampOf(found.oldest) }) : null}
                </p>
                {found.count > 0 && found.pushes === 0 ? <p>{t('replaced')}</p> : null}
                {selection.states?.length === 0 ? (
                  <p className={found.count === 0 ? undefined : 'muted'}>{t('leftOut')}</p>
                ) : null}
                <p className="muted mono">{found.by_type.map((one) => `${one.event_type} ${one.count}`).join(' · ')}</p>
              </>
            )}
          </div>
          <SelectField
            label={t('order')}
            name="order_policy"
            value={order}
            onChange={(next) => setOrder(next === 'latest' ? 'latest' : 'every')}
            choices={[
              { value: 'every', label: t('every') },
              { value: 'latest', label: t('latest') },
            ]}
          />
          <TextField
            label={t('rate')}
            name="max_per_second"
            inputMode="numeric"
            value={rate}
            onChange={setRate}
            fault={wrongRate ? `1–${perSecondMax}` : undefined}
          />
          <p className="muted">{t('marked')}</p>
          <Refused error={begin.error} />
        </form>
      ) : (
        <FollowedReplay id={id} running={<p className="muted">{t('leave')}</p>} />
      )}
    </Dialog>
  );
}
