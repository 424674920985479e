import type { AlertReport } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import { isObject, objectOf, parseItems, textOf } from './format.ts';
import type { Format, ParseContext, Parsed, Refused } from './format.ts';
import { fitAlertKey, instantOf, keepImages, keepLabels, keyOfLabels, report } from './report.ts';
import { statusOf } from './severity-words.ts';

/** The webhook receiver of Alertmanager 0.16 or later (contract 5.3). */
export const prometheus: Format = {
  type: 'prometheus',
  parse: parseGroup,
};

type Fields = Readonly<Record<string, unknown>>;

/** What an alert may carry beside its labels and annotations; Grafana's unified alerting adds all but the first. */
const extraLabels = ['generatorURL', 'dashboardURL', 'panelURL', 'silenceURL', 'valueString', 'values'];

/** Reads a group of alerts, of Alertmanager or of Grafana's unified alerting, which speaks the same and adds to it. */
export function parseGroup(body: unknown, context: ParseContext): Parsed | Refused {
  const alerts = isObject(body) ? body['alerts'] : undefined;
  if (!isObject(body) || !Array.isArray(alerts)) {
    const message = 'must be an array: send the body of a webhook receiver, with one item per alert';
    return { ok: false, faults: [{ field: 'alerts', message }] };
  }
  return parseItems(alerts, 'alerts', (alert, path) => readAlert(alert, path, textOf(body, 'status'), context.now));
}

function readAlert(alert: Fields, path: string, groupStatus: string, now: number): AlertReport | Fault {
  const labels = objectOf(alert, 'labels');
  const annotations = objectOf(alert, 'annotations');
  const fingerprint = textOf(alert, 'fingerprint');
  if (fingerprint === '' && Object.keys(labels).length === 0) {
    return { field: path, message: 'has neither labels nor a fingerprint, so it cannot be told from other alerts' };
  }
  const state = textOf(alert, 'status') || groupStatus;
  return report({
    alertKey: fitAlertKey(fingerprint || keyOfLabels(labels)),
    title: titleOf(labels, annotations),
    description: firstText(annotations, ['description', 'summary', 'message']),
    status: state.toLowerCase() === 'resolved' ? 'Ok' : statusOf(labels),
    labels: keepLabels(labels, annotations, extrasOf(alert)),
    images: keepImages([{ src: alert['imageURL'] }]),
    eventTime: timestampOf(annotations, now) ?? now,
  });
}

/** Policy, then resource, as the default title of mapped integrations has it (contract 4.9). */
function titleOf(labels: Fields, annotations: Fields): string {
  const name = textOf(labels, 'alertname');
  const instance = textOf(labels, 'instance');
  if (name !== '' && instance !== '') return `${name} / ${instance}`;
  return name || firstText(annotations, ['summary', 'description', 'message']) || instance;
}

function firstText(annotations: Fields, names: readonly string[]): string {
  for (const name of names) {
    const text = textOf(annotations, name);
    if (text !== '') return text;
  }
  return '';
}

function extrasOf(alert: Fields): Fields {
  const extras: Record<string, unknown> = {};
  for (const name of extraLabels) if (alert[name] !== '') extras[name] = alert[name];
  return extras;
}

/** An annotation may say when it happened; `startsAt` says when the rule first fired, which a later report is not about. */
function timestampOf(annotations: Fields, now: number): number | undefined {
  const text = textOf(annotations, 'timestamp');
  return /^\d{1,12}(?:\.\d{1,9})?$/.test(text) ? instantOf(Number(text), now) : undefined;
}
