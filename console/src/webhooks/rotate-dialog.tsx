import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Webhook } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { clockOf } from '../parts/clock.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { FaultsOf } from '../parts/field.tsx';
import { OverlapField, overlapDefault } from '../parts/overlap-field.tsx';
import { Refused } from '../parts/states.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import { webhookReads } from './switches.tsx';

/** A new secret beside the old one for a while. */
export function RotateDialog({
  webhook,
  onClose,
}: {
  readonly webhook: Webhook;
  readonly onClose: () => void;
}): ReactNode {
  const t = useTranslations('editor');
  const s = useTranslations('states');
  const [overlap, setOverlap] = useState(overlapDefault);
  const rotate = useWrite('/webhook/secret/rotate', { changes: webhookReads });
  const { name } = webhook;
  if (rotate.data !== undefined) return <SecretDialog name={name} secret={rotate.data.secret} onClose={onClose} />;
  return (
    <Dialog
      open
      title={t('rotateTitle', { name })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button
            look="primary"
            busy={rotate.isPending}
            onClick={() => rotate.mutate({ integration_id: webhook.integration_id, overlap_seconds: Number(overlap) })}
          >
            {t('rotateNow')}
          </Button>
        </>
      }
    >
      <p>{t('rotateWhy')}</p>
      <Secrets webhook={webhook} />
      <FaultsOf faults={rotate.error?.faults ?? []}>
        <OverlapField value={overlap} onChange={setOverlap} />
      </FaultsOf>
      <Refused error={rotate.error} />
    </Dialog>
  );
}

/** All that sign now, masked, with their ends. */
export function Secrets({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useTranslations('editor');
  if (webhook.secrets.length === 0) return null;
  return (
    <dl className="facts">
      {webhook.secrets.map((one) => (
        <div key={one.secret} className="facts-line">
          <dt className="mono">{one.secret}</dt>
          <dd>
            {one.expires_at === 0
              ? t('secretCurrent')
              : t.rich('secretExpires', { when: clockOf(one.expires_at * 1000) })}
          </dd>
        </div>
      ))}
    </dl>
  );
}
