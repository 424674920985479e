import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { TestReport, WebhookType } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { BodyView, HeaderTable } from '../parts/body-view.tsx';
import { CopyButton } from '../parts/copy.tsx';
import { curlOf } from '../parts/curl.ts';
import { SelectField } from '../parts/field.tsx';
import { Icon } from '../parts/icons.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { Waterfall } from '../parts/waterfall.tsx';
import { showDuration } from '../time/show.ts';
import { typesOf } from './event-types.ts';
import type { TestObject } from './draft.ts';

interface TestPanelProps {
  readonly type: WebhookType;
  readonly eventType: string;
  readonly onEventType: (type: string) => void;
  readonly object: TestObject | undefined;
  readonly onObject: (object: TestObject | undefined) => void;
  readonly report: TestReport | undefined;
  readonly pending: boolean;
}

/** The sample that is sent, and what came back, exactly. */
export function TestPanel({
  type,
  eventType,
  onEventType,
  object,
  onObject,
  report,
  pending,
}: TestPanelProps): ReactNode {
  const t = useTranslations();
  const types = typesOf(type);
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    if (pending) place.current?.scrollIntoView({ block: 'nearest' });
  }, [pending]);
  return (
    <section ref={place} className="panel panel-part" aria-labelledby="test-push" aria-busy={pending}>
      <h2 id="test-push">{t('webhooks.testPush')}</h2>
      <SelectField
        label={t('editor.event')}
        name="event_type"
        value={eventType === '' ? (types[0] ?? '') : eventType}
        onChange={onEventType}
        choices={types.map((value) => ({ value, label: `${t(`events.${value}`)} (${value})` }))}
      />
      <ObjectField type={type} object={object} onObject={onObject} />
      <div role="status">
        {pending ? (
          <p className="muted">{t('editor.testing')}</p>
        ) : report === undefined ? null : (
          <Outcome report={report} />
        )}
      </div>
      {report === undefined ? <p className="muted">{t('editor.previewHint')}</p> : <Exchange report={report} />}
    </section>
  );
}

const offeredMax = 20;
const daySeconds = 86_400;
/** How far back they are offered. */
const offeredDays = 7;

/** A sample, or one of the latest incidents or alerts. */
function ObjectField({ type, object, onObject }: Pick<TestPanelProps, 'type' | 'object' | 'onObject'>): ReactNode {
  const t = useTranslations('editor');
  const of = type === 'alert' ? 'alert' : 'incident';
  const [now] = useState(() => Math.ceil(Date.now() / 1000));
  const span = { start_time: now - offeredDays * daySeconds, end_time: now, limit: offeredMax };
  const incidents = useRead('/incident/list', span, { enabled: of === 'incident' });
  const alerts = useRead('/alert/list', span, { enabled: of === 'alert' });
  const offered =
    of === 'alert'
      ? (alerts.data?.items ?? []).map((one) => ({ value: one.alert_id, label: one.title }))
      : (incidents.data?.items ?? []).map((one) => ({ value: one.incident_id, label: `#${one.num} ${one.title}` }));
  return (
    <SelectField
      label={t('object')}
      name="object"
      value={object?.of === of ? object.id : ''}
      onChange={(id) => onObject(id === '' ? undefined : { of, id })}
      choices={[{ value: '', label: t('sample') }, ...offered]}
    />
  );
}

function Outcome({ report }: { readonly report: TestReport }): ReactNode {
  const t = useTranslations();
  const locale = useLocale();
  const took = showDuration(report.duration_ms, locale);
  const code = report.response?.status_code;
  const line =
    code !== undefined
      ? t(report.outcome === 'delivered' ? 'editor.testDelivered' : 'editor.testFailed', { code: String(code), took })
      : t(report.outcome === 'unknown' ? 'editor.testUnknown' : 'editor.testNoAnswer', { took });
  return (
    <>
      <p className={`test-outcome test-outcome-${report.outcome}`}>
        <Icon name={report.outcome} />
        {line}
      </p>
      {report.timing === undefined ? null : (
        <Waterfall timing={report.timing} totalMs={report.duration_ms} cut={code === undefined} />
      )}
      {report.outcome === 'delivered' ? null : <p className="sentence">{reasonText(t, report, locale)}</p>}
    </>
  );
}

/** The service's sentence has the details, in English; in another language the words for the reason come before it. */
function reasonText(
  t: ReturnType<typeof useTranslations<never>>,
  { reason, error_message: message }: TestReport,
  locale: string,
): string {
  const key = `reasons.${reason}` as 'reasons.ok';
  if ((locale === 'en' && message !== '') || !t.has(key)) return message;
  return message === '' ? t(key) : `${t(key)} ${message}`;
}

function Exchange({ report }: { readonly report: TestReport }): ReactNode {
  const t = useTranslations();
  const [tab, setTab] = useState<'request' | 'response'>('response');
  const { request, response } = report;
  const headers = Object.entries(request.headers);
  const curl = curlOf({ url: request.endpoint, headers, body: request.body });
  return (
    <Tabs
      label={t('deliveries.tabsLabel')}
      value={tab}
      onChange={setTab}
      tabs={[
        {
          value: 'response',
          label: t('editor.response'),
          content:
            response === undefined ? (
              <p className="muted">{t('editor.noResponse')}</p>
            ) : (
              <div className="exchange">
                <HeaderTable label={t('deliveries.headers')} headers={Object.entries(response.headers)} />
                <BodyView text={response.body} fileName="response.txt" />
              </div>
            ),
        },
        {
          value: 'request',
          label: t('editor.request'),
          content: (
            <div className="exchange">
              <p className="mono exchange-line">POST {request.endpoint}</p>
              <CopyButton text={curl}>{t('deliveries.curl')}</CopyButton>
              <HeaderTable label={t('deliveries.headers')} headers={headers} />
              <BodyView text={request.body} fileName="request.txt" />
            </div>
          ),
        },
      ]}
    />
  );
}
