import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { ListedWebhook } from '../api/operations.ts';
import { Duration } from '../parts/clock.tsx';
import type { Column } from '../parts/data-list.tsx';
import { Icon } from '../parts/icons.tsx';
import { RowMenuTrigger, type MenuHandle } from '../parts/menu.tsx';
import { Spark } from '../parts/spark.tsx';
import { showAge, showDuration, showShare } from '../time/show.ts';
import { PausedSince, Trouble, WebhookHealth } from './webhook-state.tsx';

export type Room = 'webhook' | 'action';

export function addressOf(room: Room, webhook: { readonly integration_id: number }): string {
  return `/integration-center/${room}/${webhook.integration_id}`;
}

type Names = ReadonlyMap<number, string>;

/** @param names of the people who paused webhooks. */
export function useColumns(room: Room, menu: MenuHandle<ListedWebhook>, names: Names): Column<ListedWebhook>[] {
  const t = useTranslations('webhooks');
  const locale = useLocale();
  return useMemo(
    () => [
      { id: 'state', head: t('column.state'), cell: ({ health }) => <WebhookHealth state={health.state} /> },
      { id: 'name', head: t('column.name'), cell: (webhook) => <Name room={room} webhook={webhook} names={names} /> },
      { id: 'endpoint', head: t('column.endpoint'), cell: (webhook) => <Endpoint webhook={webhook} /> },
      { id: 'spark', head: t('column.spark'), cell: (webhook) => <Hours webhook={webhook} /> },
      {
        id: 'success',
        head: t('column.success'),
        cell: ({ health }) => (health.success_rate === null ? '–' : showShare(health.success_rate, locale)),
      },
      {
        id: 'p95',
        head: t('column.p95'),
        cell: ({ health }) => (health.p95_ms === null ? '–' : <Duration ms={health.p95_ms} />),
      },
      { id: 'behind', head: t('column.behind'), cell: (webhook) => <Behind webhook={webhook} /> },
      {
        id: 'menu',
        head: t('column.menu'),
        headUnseen: true,
        cell: (webhook) => (
          <RowMenuTrigger handle={menu} payload={webhook} name={t('menuOf', { name: webhook.name })} />
        ),
      },
    ],
    [t, room, menu, names, locale],
  );
}

interface NameProps {
  readonly room: Room;
  readonly webhook: ListedWebhook;
  readonly names: Names;
}

function Name({ room, webhook, names }: NameProps): ReactNode {
  const t = useTranslations('webhooks');
  return (
    <>
      <Link to={addressOf(room, webhook)} className="webhook-name">
        {webhook.name}
      </Link>
      <span className="muted one-line">
        {t(`kind.${webhook.type}`)} ·{' '}
        {webhook.channel_ids.length === 0 ? t('allChannels') : t('someChannels', { count: webhook.channel_ids.length })}
      </span>
      <span className="muted">
        <PausedSince webhook={webhook} names={names} />
      </span>
      <Trouble health={webhook.health} />
    </>
  );
}

function Endpoint({ webhook }: { readonly webhook: ListedWebhook }): ReactNode {
  const t = useTranslations('webhooks');
  return (
    <span className="webhook-endpoint">
      {webhook.tls_verify ? null : (
        <span className="webhook-unverified" title={t('unverified')}>
          <Icon name="openLock" />
          <span className="unseen">{t('unverified')}</span>
        </span>
      )}
      <span className="mono one-line" title={webhook.endpoint}>
        {webhook.endpoint}
      </span>
    </span>
  );
}

function Hours({ webhook: { health } }: { readonly webhook: ListedWebhook }): ReactNode {
  const t = useTranslations('webhooks');
  const sum = (of: 'delivered' | 'failed'): number => health.spark.reduce((all, hour) => all + hour[of], 0);
  const [delivered, failed] = [sum('delivered'), sum('failed')];
  const label = delivered + failed === 0 ? t('sparkNone') : t('spark', { delivered, failed });
  return <Spark hours={health.spark} label={label} />;
}

function Behind({ webhook: { health } }: { readonly webhook: ListedWebhook }): ReactNode {
  const t = useTranslations('webhooks');
  const locale = useLocale();
  const { entities, oldest_ms: oldestMs } = health.behind;
  if (entities === 0) return '–';
  const why = t('behindWhy', { count: entities, oldest: showDuration(oldestMs, locale) });
  return <span title={why}>{t('behind', { count: entities, oldest: showAge(oldestMs, locale) })}</span>;
}
