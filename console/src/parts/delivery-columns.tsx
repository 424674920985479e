import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Delivery } from '../api/operations.ts';
import { Duration, TimeStamp } from './clock.tsx';
import type { Column } from './data-list.tsx';
import { Icon } from './icons.tsx';
import { DeliveryMark, useReason } from './delivery-mark.tsx';
import { momentOf, stateOf } from './delivery-state.ts';
import { useListedWebhooks, useWaits } from './waits.tsx';

/** Names of webhooks by their id. */
export function useWebhookNames(): ReadonlyMap<number, string> {
  const webhooks = useListedWebhooks();
  return useMemo(() => new Map(webhooks.map((webhook) => [webhook.integration_id, webhook.name])), [webhooks]);
}

/** Columns that somebody can add to those that are always there. */
export const moreColumns = ['event', 'channel', 'endpoint', 'sequence', 'reason'] as const;
export type MoreColumn = (typeof moreColumns)[number];

export function addressOf(delivery: { readonly integration_id: number; readonly event_id: string }): string {
  return `/delivery/${delivery.integration_id}/${encodeURIComponent(delivery.event_id)}`;
}

export function useColumns(ofAll: boolean, more: readonly MoreColumn[], narrow = false): Column<Delivery>[] {
  const t = useTranslations();
  const names = useWebhookNames();
  const reason = useReason();
  const waits = useWaits();
  return useMemo(() => {
    const nameOf = (id: number): string => names.get(id) ?? t('deliveries.deletedWebhook', { id: String(id) });
    const columns: Column<Delivery>[] = [
      {
        id: 'time',
        head: t('deliveries.column.time'),
        cell: (one) => (
          <Link to={addressOf(one)} search={(before: object) => before} resetScroll={false}>
            <TimeStamp ms={momentOf(one.event_time)} />
          </Link>
        ),
      },
      {
        id: 'state',
        head: t('deliveries.column.state'),
        cell: (one) => (
          <>
            <DeliveryMark delivery={one} waits={waits} />
            {stateOf(one) === 'delivered' ? null : <span className="muted one-line">{reason(one)}</span>}
            <DeliveredLater delivery={one} />
          </>
        ),
      },
      {
        id: 'type',
        head: t('deliveries.column.type'),
        cell: (one) => (
          <>
            {t.has(`events.${one.event_type as 'i_new'}`) ? t(`events.${one.event_type as 'i_new'}`) : one.event_type}
            {narrow && ofAll ? (
              <span className="muted one-line">{nameOf(one.integration_id)}</span>
            ) : (
              <span className="muted mono one-line">{one.event_type}</span>
            )}
          </>
        ),
      },
      { id: 'object', head: t('deliveries.column.object'), cell: (one) => <ObjectCell delivery={one} /> },
    ];
    if (ofAll) {
      columns.push({
        id: 'webhook',
        head: t('deliveries.column.webhook'),
        cell: (one) => <span className="one-line">{nameOf(one.integration_id)}</span>,
      });
    }
    columns.push(
      {
        id: 'took',
        head: t('deliveries.column.took'),
        cell: (one) => (one.attempt === 0 ? <span className="muted">–</span> : <Duration ms={one.duration} />),
      },
      { id: 'attempts', head: t('deliveries.column.attempts'), cell: (one) => one.attempt },
    );
    const extra: Readonly<Record<MoreColumn, (one: Delivery) => ReactNode>> = {
      event: (one) => <span className="mono one-line">{one.push_event_id}</span>,
      channel: (one) => one.channel_id ?? '–',
      endpoint: (one) => <span className="mono one-line">{one.endpoint}</span>,
      sequence: (one) => one.sequence,
      reason: (one) => (one.reason === '' || one.reason === 'ok' ? '–' : t(`reasonNames.${one.reason as 'dns'}`)),
    };
    for (const id of more) columns.push({ id, head: t(`deliveries.column.${id}`), cell: extra[id] });
    return columns;
  }, [t, names, reason, waits, ofAll, more, narrow]);
}

/** Leads to the later sending that arrived: this failure needs nobody any more. */
export function DeliveredLater({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const t = useTranslations('deliveries.deliveredLater');
  const { delivered_later: later, integration_id } = delivery;
  if (later === undefined) return null;
  return (
    <span className="delivered-later">
      <Icon name="check" />
      <Link
        to={addressOf({ integration_id, event_id: later.event_id })}
        search={(before: object) => before}
        resetScroll={false}
      >
        {t(later.replay_id === '' ? 'resend' : 'replay')}
      </Link>
    </span>
  );
}

/** The end of an id tells neighbours apart; the beginning is the time and the same for many. */
const idShownChars = 8;
/** Of an incident the end of the id is its number, as lists and people name it. */
const numberChars = 6;

function ObjectCell({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const { ref_id: id = '', ref_title: title } = delivery;
  if (title === '') return <ObjectLink delivery={delivery} />;
  return (
    <>
      <Link to={objectAddress(delivery)} className="one-line" title={title}>
        {title}
      </Link>
      <span className="muted mono one-line" title={id}>
        {shortId(delivery)}
      </span>
    </>
  );
}

export function ObjectLink({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const id = delivery.ref_id ?? '';
  if (id === '') return '–';
  return (
    <Link to={objectAddress(delivery)} className="mono" title={id}>
      {shortId(delivery)}
    </Link>
  );
}

function isOfAlert(delivery: Delivery): boolean {
  return delivery.event_type.startsWith('a_');
}

function objectAddress(delivery: Delivery): string {
  return `/${isOfAlert(delivery) ? 'alert' : 'incident'}/detail/${delivery.ref_id ?? ''}`;
}

function shortId(delivery: Delivery): string {
  const id = delivery.ref_id ?? '';
  return isOfAlert(delivery) ? `…${id.slice(-idShownChars)}` : `#${id.slice(-numberChars).toUpperCase()}`;
}
