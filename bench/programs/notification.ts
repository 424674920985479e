/** Precedes the moment of sending in every body: digits of the monotonic clock in microseconds. */
export const marker = 'bench-at-';
export const markerDigits = 16;

/** `webhook`: what Alertmanager posts to a webhook · `alerts`: what is posted to Alertmanager. */
export type BodyKind = 'webhook' | 'alerts';

/** Makes bodies of about 1.3 KB, each with an alert of its own. */
export function notifications(kind: BodyKind): (id: string, atMicroseconds: number) => string {
  const idMark = '#id#';
  const timeMark = '#at#';
  const text = JSON.stringify(kind === 'webhook' ? group(idMark, timeMark) : [alert(idMark, timeMark)]);
  const parts = text.split(/(#id#|#at#)/);
  return (id, at) => {
    const time = String(at).padStart(markerDigits, '0');
    let body = '';
    for (const part of parts) body += part === idMark ? id : part === timeMark ? time : part;
    return body;
  };
}

function group(id: string, at: string): object {
  return {
    receiver: 'bench',
    status: 'firing',
    alerts: [{ status: 'firing', ...alert(id, at), endsAt: '0001-01-01T00:00:00Z', fingerprint: id }],
    groupLabels: { alertname: 'HighRequestLatency' },
    commonLabels: { alertname: 'HighRequestLatency', severity: 'warning' },
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example.org:9093',
    version: '4',
    groupKey: `{}:{alertname="HighRequestLatency", instance="${id}"}`,
    truncatedAlerts: 0,
  };
}

function alert(id: string, at: string): object {
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
        'The 99th percentile of the request latency has been above one second for ten minutes; look at the database first.',
      runbook_url: 'https://runbooks.example.org/checkout/latency',
    },
    startsAt: '2026-01-01T00:00:00.000Z',
    generatorURL: 'http://prometheus.example.org:9090/graph?g0.expr=histogram_quantile%280.99%2C+rate%29',
  };
}
