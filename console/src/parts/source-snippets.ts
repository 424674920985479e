/** What to paste where, for each kind of source, and a test alert in its words. Pure. */

export const sourceTypes = [
  'standard',
  'prometheus',
  'grafana',
  'n9e',
  'pagerduty',
  'zabbix',
  'nagios',
  'icinga',
  'cloudwatch',
  'sentry',
  'uptime-kuma',
  'datadog',
  'azure-monitor',
  'google-cloud',
  'opsgenie',
  'healthchecks',
] as const;
export type SourceType = (typeof sourceTypes)[number];

/** Proper names; the standard format has its name in the dictionary. */
export const productNames: Readonly<Record<Exclude<SourceType, 'standard'>, string>> = {
  prometheus: 'Prometheus, Alertmanager',
  grafana: 'Grafana',
  n9e: 'Nightingale',
  pagerduty: 'PagerDuty',
  zabbix: 'Zabbix',
  nagios: 'Nagios',
  icinga: 'Icinga',
  cloudwatch: 'AWS CloudWatch',
  sentry: 'Sentry',
  'uptime-kuma': 'Uptime Kuma',
  datadog: 'Datadog',
  'azure-monitor': 'Azure Monitor',
  'google-cloud': 'Google Cloud Monitoring',
  opsgenie: 'Opsgenie',
  healthchecks: 'healthchecks.io',
};

export interface Sample {
  /** A key of the dictionary: where the text belongs. */
  readonly where: 'alertmanager' | 'prometheusStraight' | 'grafana' | 'curl' | 'url';
  readonly text: string;
}

/** Of a URL on this service, the part that the browser may ask for. */
export function pathOf(pushUrl: string): string {
  const url = new URL(pushUrl);
  return url.pathname + url.search;
}

export function samplesOf(type: SourceType, pushUrl: string, now: number): Sample[] {
  if (type === 'prometheus') {
    return [
      { where: 'alertmanager', text: alertmanagerYaml(pushUrl) },
      { where: 'prometheusStraight', text: prometheusYaml(pushUrl) },
    ];
  }
  if (type === 'grafana') return [{ where: 'grafana', text: grafanaYaml(pushUrl) }];
  const body = testBodyOf(type, 'Test alert', now);
  return body === undefined ? [{ where: 'url', text: pushUrl }] : [{ where: 'curl', text: curlOf(pushUrl, body) }];
}

function alertmanagerYaml(url: string): string {
  return `receivers:
  - name: tocsin
    webhook_configs:
      - url: '${url}'
        send_resolved: true

route:
  receiver: tocsin`;
}

/** Prometheus without an Alertmanager appends /api/v2/alerts to the path. */
function prometheusYaml(pushUrl: string): string {
  const url = new URL(pushUrl);
  return `alerting:
  alertmanagers:
    - scheme: ${url.protocol.replace(':', '')}
      path_prefix: /event/push/alert/prometheus/${url.searchParams.get('integration_key') ?? ''}
      static_configs:
        - targets: ['${url.host}']`;
}

function grafanaYaml(url: string): string {
  return `apiVersion: 1
contactPoints:
  - orgId: 1
    name: tocsin
    receivers:
      - uid: tocsin
        type: webhook
        settings:
          url: '${url}'
          httpMethod: POST`;
}

function curlOf(url: string, body: object): string {
  const text = JSON.stringify(body, undefined, 2).replaceAll("'", String.raw`'\''`);
  return `curl -X POST '${url}' \\\n  -H 'content-type: application/json' \\\n  -d '${text}'`;
}

interface TestAlert {
  readonly title: string;
  readonly key: string;
  /** Unix milliseconds. */
  readonly now: number;
}

const description = 'Sent by the console of Tocsin.';

function standardBody({ title, key }: TestAlert): object {
  return { title, event_status: 'Warning', alert_key: key, description, labels: { service: 'test' } };
}

/** As Alertmanager and Grafana send it. */
function alertmanagerBody({ title, now }: TestAlert): object {
  const alert = {
    status: 'firing',
    labels: { alertname: title, severity: 'warning', service: 'test' },
    annotations: { summary: description },
    startsAt: new Date(now).toISOString(),
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: now.toString(16).padStart(16, '0'),
  };
  return { version: '4', status: 'firing', alerts: [alert] };
}

function pagerdutyBody({ title, key, now }: TestAlert): object {
  const payload = { summary: title, source: 'console', severity: 'warning', timestamp: new Date(now).toISOString() };
  return { event_action: 'trigger', dedup_key: key, payload };
}

function opsgenieBody({ title, key }: TestAlert): object {
  return { message: title, alias: key, priority: 'P3', description };
}

const testBodies: Readonly<Partial<Record<SourceType, (alert: TestAlert) => object>>> = {
  standard: standardBody,
  prometheus: alertmanagerBody,
  grafana: alertmanagerBody,
  pagerduty: pagerdutyBody,
  opsgenie: opsgenieBody,
};

/** An alert that a source of this kind would send; undefined where this page knows none. */
export function testBodyOf(type: SourceType, title: string, now: number): object | undefined {
  return testBodies[type]?.({ title, key: `console-test-${now}`, now });
}
