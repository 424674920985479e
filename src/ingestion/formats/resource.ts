import { firstText, textOf } from './fields.ts';
import type { Fields } from './fields.ts';

/** Kubernetes objects that an alert can be about, the most specific first. All but nodes are in a namespace. */
const workloads = [
  'persistentvolumeclaim',
  'deployment',
  'statefulset',
  'daemonset',
  'replicaset',
  'cronjob',
  'job_name',
  'horizontalpodautoscaler',
];

const workloadLabels = workloads.flatMap((name) => [`exported_${name}`, name]);

/** Exporter pods: an alert with the name of one is about another pod. */
const exporterPod = /kube-state-metrics|node-exporter/;

/**
 * The object of an alert: the Kubernetes object in its labels, else the instance. The instance of kube-state-metrics is
 * the exporter's, whatever the alert is about.
 */
export function resourceOf(labels: Fields): string {
  const job = textOf(labels, 'job');
  const kubeState = job.slice(0, 256).includes('kube-state-metrics');
  const pod = podOf(labels);
  const workload = firstText(labels, ...workloadLabels);
  const [first, second] = kubeState ? [workload, pod] : [pod, workload];
  const namespace = firstText(labels, 'exported_namespace', 'namespace');
  const named = first || second;
  if (named !== '') return namespace === '' ? named : `${namespace}/${named}`;
  const node = firstText(labels, 'exported_node', 'node');
  if (kubeState) return node || namespace;
  return node || firstText(labels, 'exported_instance', 'instance');
}

/** Prometheus renames a displaced label of the source to `exported_…`. */
function podOf(labels: Fields): string {
  const pod = firstText(labels, 'exported_pod', 'pod');
  return exporterPod.test(pod.slice(0, 256)) ? '' : pod;
}
