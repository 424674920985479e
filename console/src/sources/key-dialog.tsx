import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Integration } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { FaultsOf } from '../parts/field.tsx';
import { OverlapField, overlapDefault } from '../parts/overlap-field.tsx';
import { Refused } from '../parts/states.tsx';

/** A new key; the old one is taken beside it for a while, so that the sender can be changed at leisure. */
export function KeyDialog({
  source,
  onClose,
}: {
  readonly source: Integration;
  readonly onClose: () => void;
}): ReactNode {
  const t = useTranslations('sources.key');
  const s = useTranslations('states');
  const [overlap, setOverlap] = useState(overlapDefault);
  const rotate = useWrite('/integration/key/rotate', { changes: ['/integration/list', '/integration/info'] });
  const { data } = rotate;
  return (
    <Dialog
      open
      title={t('title', { name: source.name })}
      onClose={onClose}
      actions={
        data === undefined ? (
          <>
            <Button onClick={onClose}>{s('cancel')}</Button>
            <Button
              look="primary"
              busy={rotate.isPending}
              onClick={() => rotate.mutate({ integration_id: source.integration_id, overlap_seconds: Number(overlap) })}
            >
              {t('rotate')}
            </Button>
          </>
        ) : (
          <Button look="primary" onClick={onClose}>
            {s('close')}
          </Button>
        )
      }
    >
      {data === undefined ? (
        <>
          <p>{t('why')}</p>
          <FaultsOf faults={rotate.error?.faults ?? []}>
            <OverlapField value={overlap} onChange={setOverlap} />
          </FaultsOf>
          <Refused error={rotate.error} />
        </>
      ) : (
        <>
          <p>{t('done')}</p>
          <div className="push-url">
            <code>{data.push_url}</code>
            <CopyButton text={data.push_url} />
          </div>
        </>
      )}
    </Dialog>
  );
}
