import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Integration, Webhook } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { ButtonLink } from '../parts/button.tsx';
import { Snippet } from '../parts/snippet.tsx';
import { pathOf, testBodyOf } from '../parts/source-snippets.ts';
import { TestAlert } from '../parts/test-alert.tsx';
import '../parts/form.css';

interface ArrivalStepProps {
  readonly source: Integration;
  readonly webhook: Webhook;
  /** Only right after the webhook was made here. */
  readonly secret: string;
  readonly pushed: boolean;
}

const windowMs = 3_600_000;

export function ArrivalStep({ source, webhook, secret, pushed }: ArrivalStepProps): ReactNode {
  const t = useTranslations('firstRun');
  const [now] = useState(() => Date.now());
  const body = testBodyOf(source.type, t('testTitle'), now + 1);
  const history = useRead(
    '/webhook/history/list',
    {
      start_time: now - windowMs,
      end_time: now + 24 * windowMs,
      integration_id: webhook.integration_id,
      limit: 1,
    },
    { live: { topics: ['delivery'] }, poll: true },
  );
  const last = history.data?.items[0];
  return (
    <div className="form">
      {secret === '' ? null : (
        <>
          <Snippet label={t('secret')} text={secret} />
          <p className="muted">{t('secretWhy')}</p>
        </>
      )}
      {pushed ? (
        <p role="status">{t('arrived', { name: webhook.name })}</p>
      ) : (
        <p role="status">{t('notArrived', { name: webhook.name })}</p>
      )}
      {!pushed && last !== undefined && last.status === 'failed' ? (
        <p className="refused" role="alert">
          {t('failed', { message: last.error_message ?? String(last.status_code) })}
        </p>
      ) : null}
      <div className="form-actions">
        {pushed || body === undefined ? null : <TestAlert path={pathOf(source.push_url)} body={body} />}
        {pushed ? (
          <ButtonLink look="primary" to="/incident">
            {t('toIncidents')}
          </ButtonLink>
        ) : null}
      </div>
    </div>
  );
}
