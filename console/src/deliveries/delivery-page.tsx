import type { UseQueryResult } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { use, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { CallError } from '../api/call.ts';
import type { Hint } from '../api/live-stream.ts';
import type { DeliveryDetail } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { BodyView, HeaderTable } from '../parts/body-view.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Duration, TimeStamp } from '../parts/clock.tsx';
import { CopyByHand, useCopy } from '../parts/copy.tsx';
import { curlOf, headersOf } from '../parts/curl.ts';
import { addressOf, DeliveredLater, ObjectLink, useWebhookNames } from '../parts/delivery-columns.tsx';
import { DeliveryMark, useReason } from '../parts/delivery-mark.tsx';
import { deliveryStates, missed, momentOf, onItsWay, stateOf } from '../parts/delivery-state.ts';
import { Explain } from '../parts/explain.tsx';
import { Icon } from '../parts/icons.tsx';
import { useShortcuts } from '../parts/keys.ts';
import { Beside, Page } from '../parts/page.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { choice } from '../parts/search-params.ts';
import { Tabs } from '../parts/tabs.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useWaits } from '../parts/waits.tsx';
import { Attempts } from './attempts.tsx';
import { ResendNotice, useResend } from './resend.tsx';
import './delivery-page.css';

const params = { tab: choice(['attempts', 'request', 'response', 'explain'], 'attempts') };

/** One push to one webhook: the request, the answer, and the reason of its state. */
export function DeliveryPage(): ReactNode {
  const t = useTranslations('deliveries');
  const { webhook = '', record = '' }: { webhook?: string; record?: string } = useParams({ strict: false });
  const webhookId = /^[1-9]\d{0,14}$/.test(webhook) ? Number(webhook) : 0;
  const found: UseQueryResult<DeliveryDetail, CallError> = useRead(
    '/webhook/history/detail',
    { integration_id: webhookId, event_id: record },
    {
      enabled: webhookId !== 0,
      // A resend has another record: that it is about the same push is known by the object and the webhook.
      live: {
        topics: ['delivery'],
        wants: ({ data }) => data['event_id'] === record || isOfSameLane(data, webhookId, found.data),
      },
      // It may end without an attempt.
      poll: (delivery) => onItsWay.has(stateOf(delivery)),
    },
  );
  if (found.data !== undefined) return <OneDelivery key={record} delivery={found.data} />;
  const missing =
    webhookId === 0 || found.error?.code === 'ResourceNotFound' || found.error?.code === 'InvalidParameter';
  return (
    <Page title={t('title')} back={<Back />}>
      {missing ? <Empty title={t('gone')} /> : null}
      {!missing && found.error !== null ? <Failed error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isLoading ? <Loading /> : null}
    </Page>
  );
}

/** Whether a hint is about a push of the same object to the same webhook; of which object is not known before the first answer. */
function isOfSameLane(hint: Hint['data'], webhookId: number, shown: DeliveryDetail | undefined): boolean {
  return hint['integration_id'] === webhookId && (shown === undefined || hint['ref_id'] === shown.ref_id);
}

function Back(): ReactNode {
  const t = useTranslations('deliveries');
  const beside = use(Beside);
  if (beside) {
    return (
      <ButtonLink
        look="quiet"
        icon="close"
        iconOnly
        to="/delivery"
        search={(before: object) => before}
        resetScroll={false}
      >
        {t('close')}
      </ButtonLink>
    );
  }
  return (
    <Link to="/delivery" search={(before: object) => before}>
      <Icon name="left" />
      {t('back')}
    </Link>
  );
}

function OneDelivery({ delivery }: { readonly delivery: DeliveryDetail }): ReactNode {
  const t = useTranslations();
  const names = useWebhookNames();
  const name =
    names.get(delivery.integration_id) ?? t('deliveries.deletedWebhook', { id: String(delivery.integration_id) });
  const type = `events.${delivery.event_type as 'i_new'}` as const;
  const reason = useReason()(delivery);
  const waits = useWaits();
  const mayHaveArrived = t('deliveries.mayHaveArrived');
  return (
    <Page
      title={t('deliveries.detailTitle', { type: t.has(type) ? t(type) : delivery.event_type, webhook: name })}
      back={<Back />}
      below={
        <>
          <DeliveryMark delivery={delivery} waits={waits} />
          <span className="mono">{delivery.event_type}</span>
          <TimeStamp ms={momentOf(delivery.event_time)} />
          <span className="muted">
            {t('deliveries.sentInfo', {
              sequence: delivery.sequence,
              mode: t(delivery.mode === 'at_most_once' ? 'deliveries.atMostOnce' : 'deliveries.atLeastOnce'),
            })}
          </span>
        </>
      }
    >
      {reason === '' ? null : (
        <p className={`sentence delivery-reason delivery-reason-${stateOf(delivery)}`}>
          {reason}
          {stateOf(delivery) === 'unknown' && !reason.includes('may have') && !reason.includes(mayHaveArrived)
            ? ` ${mayHaveArrived}`
            : ''}
        </p>
      )}
      <DeliveredLater delivery={delivery} />
      <Neighbour delivery={delivery} />
      <DeliveryActions delivery={delivery} />
      <Exchange delivery={delivery} />
      <Facts delivery={delivery} name={name} />
    </Page>
  );
}

/** The delivery that took its place, or that goes before it. */
function Neighbour({ delivery }: { readonly delivery: DeliveryDetail }): ReactNode {
  const t = useTranslations('deliveries');
  const isSuperseded = delivery.superseded_by > 0;
  const sequence = isSuperseded ? delivery.superseded_by : delivery.behind;
  const [now] = useState(() => Date.now());
  const at = momentOf(delivery.event_time);
  const lane = useRead(
    '/webhook/history/list',
    {
      // The one that took its place came after it, the one that goes first came before it: among the nearest, at any age.
      start_time: isSuperseded ? at : earliestMs,
      end_time: isSuperseded ? Math.max(now, at) + marginMs : at + 1,
      asc: isSuperseded,
      limit: 100,
      ref_id: delivery.ref_id ?? '',
      integration_id: delivery.integration_id,
      states: deliveryStates.filter((state) => state !== 'superseded'),
    },
    { enabled: sequence > 0 },
  );
  const found = lane.data?.items.find((one) => one.sequence === sequence);
  if (found === undefined) return null;
  return (
    <p>
      <Link to={addressOf(found)} search={(before: object) => before}>
        {t('openNumber', { sequence: String(sequence) })}
      </Link>
    </p>
  );
}

/** The first moment that the history takes. */
const earliestMs = 1_000_000_000_000;
/** Clocks of nodes differ. */
const marginMs = 3_600_000;

function DeliveryActions({ delivery }: { readonly delivery: DeliveryDetail }): ReactNode {
  const t = useTranslations('deliveries');
  const k = useTranslations('keys');
  const mayResend = useMay('responder');
  const resend = useResend(delivery);
  const state = stateOf(delivery);
  const isOpen = onItsWay.has(state);
  const curl = useCopy();
  const link = useCopy();
  const { set } = useFilters(params);
  const copyCurl = (): void =>
    curl.copy(
      curlOf({
        url: delivery.endpoint,
        headers: headersOf(delivery.request_headers),
        body: delivery.request_body ?? '',
      }),
    );
  const group = k('page');
  useShortcuts([
    { keys: 'e', label: t('explain'), group, run: () => set({ tab: 'explain' }) },
    ...(mayResend && !isOpen ? [{ keys: 'r', label: k('resend'), group, run: resend.send }] : []),
    { keys: 'u', label: k('curl'), group, run: copyCurl },
  ]);
  return (
    <div className="delivery-actions">
      {mayResend ? (
        <Button
          look={missed.has(state) && delivery.delivered_later === undefined ? 'primary' : 'plain'}
          icon="retry"
          busy={resend.pending}
          disabled={isOpen}
          onClick={resend.send}
        >
          {t('resend')}
        </Button>
      ) : null}
      <Button icon={curl.state === 'copied' ? 'check' : 'copy'} onClick={copyCurl}>
        {t('curl')}
      </Button>
      <Button
        icon={link.state === 'copied' ? 'check' : 'link'}
        onClick={() => link.copy(window.location.origin + window.location.pathname)}
      >
        {t('copyLink')}
      </Button>
      {mayResend && isOpen ? <span className="muted">{t('stillSent')}</span> : null}
      <span role="status" className="muted">
        {curl.state === 'copied' ? t('curlCopied') : ''}
      </span>
      {curl.state === 'failed' ? <CopyByHand text={curl.text} /> : null}
      {link.state === 'failed' ? <CopyByHand text={link.text} /> : null}
      <ResendNotice resend={resend} />
    </div>
  );
}

function Exchange({ delivery }: { readonly delivery: DeliveryDetail }): ReactNode {
  const t = useTranslations('deliveries');
  const { values, set } = useFilters(params);
  const answered = delivery.status_code !== 0;
  return (
    <Tabs
      label={t('tabsLabel')}
      value={values.tab}
      onChange={(tab) => set({ tab })}
      tabs={[
        {
          value: 'attempts',
          label: `${t('attempts')} ${delivery.attempts.length}`,
          content: <Attempts delivery={delivery} />,
        },
        {
          value: 'request',
          label: t('request'),
          content: (
            <div className="exchange">
              <p className="mono exchange-line">POST {delivery.endpoint}</p>
              <HeaderTable label={t('headers')} headers={headersOf(delivery.request_headers)} />
              <BodyView text={delivery.request_body ?? ''} fileName={`${delivery.event_id}-request.txt`} />
            </div>
          ),
        },
        {
          value: 'response',
          label: t('response'),
          content: answered ? (
            <div className="exchange">
              <p className="mono exchange-line">HTTP {delivery.status_code}</p>
              <HeaderTable label={t('headers')} headers={headersOf(delivery.response_headers)} />
              <BodyView text={delivery.response_body ?? ''} fileName={`${delivery.event_id}-response.txt`} />
            </div>
          ) : (
            <p className="muted">{t('noResponse')}</p>
          ),
        },
        { value: 'explain', label: t('explain'), content: <Explain eventId={delivery.push_event_id} /> },
      ]}
    />
  );
}

function Facts({ delivery, name }: { readonly delivery: DeliveryDetail; readonly name: string }): ReactNode {
  const t = useTranslations('deliveries');
  const facts: (readonly [string, ReactNode])[] = [
    [t('object'), <ObjectName key="object" delivery={delivery} />],
    ...(delivery.channel_name === '' ? [] : [[t('channel'), delivery.channel_name] as const]),
    [
      t('webhook'),
      <Link key="webhook" to={`/integration-center/webhook/${delivery.integration_id}`}>
        {name}
      </Link>,
    ],
    [t('took'), delivery.attempt === 0 ? '–' : <Duration key="took" ms={delivery.duration} />],
    [t('attempts'), delivery.attempt],
    ...(delivery.generation > 0 ? [[t('resend'), t('generation', { count: delivery.generation })] as const] : []),
    ...(delivery.finished_at > 0
      ? [[t('finished'), <TimeStamp key="finished" ms={delivery.finished_at} />] as const]
      : []),
    [
      t('pushId'),
      <span key="push" className="mono">
        {delivery.push_event_id}
      </span>,
    ],
    [
      t('record'),
      <span key="record" className="mono">
        {delivery.event_id}
      </span>,
    ],
  ];
  return (
    <dl className="facts">
      {facts.map(([label, value]) => (
        <div className="facts-line" key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function ObjectName({ delivery }: { readonly delivery: DeliveryDetail }): ReactNode {
  return (
    <>
      {delivery.ref_title === '' ? '' : `${delivery.ref_title} `}
      <ObjectLink delivery={delivery} />
    </>
  );
}
