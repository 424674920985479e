/** An alert as kube-prometheus sends it. @param link the expression in its link, which may be of any length. */
export function kubeAlert(namespace: string, service: string, index: number, link = '') {
  const pod = `${service}-service-7d9f6c9d8-${index}`;
  return {
    status: 'firing',
    labels: {
      alertname: 'KubePodNotReady',
      severity: 'warning',
      namespace,
      pod,
      container: 'kube-state-metrics',
      instance: '10.42.0.7:8080',
      job: 'kube-state-metrics',
      endpoint: 'http',
      prometheus: 'monitoring/kube-prometheus-stack-prometheus',
      service: 'kube-prometheus-stack-kube-state-metrics',
      uid: `d8f0c9a2-3b1e-4c55-9a61-${index}`,
    },
    annotations: {
      description: `Pod ${namespace}/${pod} has been in a non-ready state for longer than 15 minutes.`,
      runbook_url: 'https://runbooks.example.test/kubepodnotready',
      summary: 'Pod has been in a non-ready state for more than 15 minutes.',
    },
    startsAt: '2026-11-28T13:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: `http://prometheus.example.test/graph?g0.expr=${link}`,
    fingerprint: `${service}${index}`,
  };
}
