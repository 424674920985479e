/** Precedes the moment of sending in every body: digits of the monotonic clock in microseconds. */
export const marker = 'bench-at-';
export const markerDigits = 16;

/** `webhook`: what Alertmanager posts to a webhook · `alerts`: the body for Alertmanager's API. */
export type BodyKind = 'webhook' | 'alerts';

/** Precedes the number of the change of its alert, from 1, in every description. */
export const changeMark = 'Seen for the time ';

/** Makes a body of about 1.3 KB about an alert: its id, the number of this change of it, and when it is sent. */
export function notifications(kind: BodyKind): (id: string, change: number, atMicroseconds: number) => string {
  const [idMark, changeNumberMark, timeMark] = ['#id#', '#change#', '#at#'];
  const marks = { id: idMark, change: changeNumberMark, at: timeMark };
  const text = JSON.stringify(kind === 'webhook' ? group(marks) : [alert(marks)]);
  const parts = text.split(/(#id#|#change#|#at#)/);
  return (id, change, at) => {
    const values: Record<string, string> = {
      [idMark]: id,
      [changeNumberMark]: String(change),
      [timeMark]: String(at).padStart(markerDigits, '0'),
    };
    let body = '';
    for (const part of parts) body += values[part] ?? part;
    return body;
  };
}

interface Marks {
  readonly id: string;
  readonly change: string;
  readonly at: string;
}

function group(marks: Marks): object {
  const { id } = marks;
  return {
    receiver: 'bench',
    status: 'firing',
    alerts: [{ status: 'firing', ...alert(marks), endsAt: '0001-01-01T00:00:00Z', fingerprint: id }],
    groupLabels: { alertname: 'HighRequestLatency' },
    commonLabels: { alertname: 'HighRequestLatency', severity: 'warning' },
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example.org:9093',
    version: '4',
    groupKey: `{}:{alertname="HighRequestLatency", instance="${id}"}`,
    truncatedAlerts: 0,
  };
}

function alert({ id, change, at }: Marks): object {
  return {
    labels: {
      alertname: 'HighRequestLatency',
      cluster: 'production-eu-1',
      instance: `web-${id}.example.org:9100`,
      job: 'checkout',
      namespace: 'shop',
      pod: 'checkout-7d9f8b6c5d-x2x9p',
      severity: 'warning',
      sent: `${marker}${at}`,
    },
    annotations: {
      summary: 'The checkout answers slowly',
      description:
        'The 99th percentile of the request latency has been above one second for ten minutes; look at the database first. ' +
        `${changeMark}${change}.`,
      runbook_url: 'https://runbooks.example.org/checkout/latency',
    },
    startsAt: '2026-01-01T00:00:00.000Z',
    generatorURL: 'http://prometheus.example.org:9090/graph?g0.expr=histogram_quantile%280.99%2C+rate%29',
  };
}
