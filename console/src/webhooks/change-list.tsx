import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Change } from './draft.ts';

const names = {
  name: 'name',
  endpoint: 'endpoint',
  description: 'description',
  team_id: 'team',
  tls_verify: 'tls',
  headers: 'headers',
  channel_ids: 'channels',
  event_types: 'types',
  timeout_ms: 'timeout',
  delivery_mode: 'mode',
  order_policy: 'order',
  retry: 'attempts',
  unsent_retry_seconds: 'unsentRetry',
  rate_limit_per_second: 'rate',
  max_in_flight: 'inFlight',
  signing: 'signing',
} as const satisfies Record<Change['field'], string>;

const shownMaxChars = 80;

/** What saving will change, before it does. */
export function ChangeList({ changes }: { readonly changes: readonly Change[] }): ReactNode {
  const t = useTranslations('editor');
  if (changes.length === 0) return <p className="muted">{t('changesNone')}</p>;
  return (
    <>
      <h2>{t('changesTitle')}</h2>
      <ul className="change-list">
        {changes.map(({ field, from, to }) => (
          <li key={field}>
            {isPlain(from) && isPlain(to)
              ? t('change', { field: t(names[field]), from: shown(from, t), to: shown(to, t) })
              : t('changed', { field: t(names[field]) })}
          </li>
        ))}
      </ul>
      <p className="muted">{t('changesWhy')}</p>
    </>
  );
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value !== 'object';
}

function shown(value: string | number | boolean, t: ReturnType<typeof useTranslations<'editor'>>): string {
  if (typeof value === 'boolean') return value ? t('on') : t('off');
  const text = String(value);
  if (text === '') return t('unset');
  return text.length > shownMaxChars ? `${text.slice(0, shownMaxChars)}…` : text;
}
