import type { Status } from '../../alerts/alert.ts';
import { firstText, isObject, objectOf, pick, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseItems } from './format.ts';
import type { Format, Item, ParseContext, Parsed, Refused } from './format.ts';
import { readInstant } from './instant.ts';
import { read } from './report.ts';
import { resourceOf } from './resource.ts';
import { severityOf, severityWord } from './severity.ts';
import { fitAlertKey, keyOfLabels } from './text.ts';

/**
 * The webhook receiver of Alertmanager 0.16 or later (contract 5.3), and arrays of alerts, which Prometheus and vmalert
 * send to an Alertmanager.
 */
export const prometheus: Format = {
  type: 'prometheus',
  postsTo: (path) => path === 'api/v2/alerts',
  parse: (body, context) => (Array.isArray(body) ? parsePosted(body, context) : parseGroup(body, context)),
};

/** Fields that become labels beside labels and annotations; Grafana's unified alerting adds all but the first. */
const extraLabels = ['generatorURL', 'dashboardURL', 'panelURL', 'silenceURL', 'valueString', 'values'];

/** Reads a group of alerts of Alertmanager, or of Grafana's unified alerting, which extends the same shape. */
export function parseGroup(body: unknown, context: ParseContext): Parsed | Refused {
  const alerts = isObject(body) ? body['alerts'] : undefined;
  if (!isObject(body) || !Array.isArray(alerts)) {
    const message = 'must be an array: send the body of a webhook receiver, with one item per alert';
    return { ok: false, faults: [{ field: 'alerts', message }] };
  }
  const groupStatus = textOf(body, 'status');
  const links = pick(body, 'externalURL');
  const readItem = (alert: Fields, path: string): Item => {
    const state = textOf(alert, 'status') || groupStatus;
    return readAlert(alert, path, { isResolved: state.toLowerCase() === 'resolved', links }, context);
  };
  return parseItems(alerts, 'alerts', readItem, truncatedOf(body));
}

/**
 * Alerts as posted to an Alertmanager. A firing one is sent repeatedly, each time with a later end; an ended one has
 * its end. One that is not sent again recovers at its end.
 */
function parsePosted(alerts: readonly unknown[], context: ParseContext): Parsed | Refused {
  return parseItems(alerts, '', (alert, path) => {
    const end = readInstant(alert['endsAt']);
    const isResolved = isEnd(end) && end <= context.now;
    const expiresAt = isEnd(end) && !isResolved ? end : undefined;
    return readAlert(alert, path, { isResolved, expiresAt, endedAt: isResolved ? end : undefined, links: {} }, context);
  });
}

/** Go writes its zero time, in the year 1, for no end. */
function isEnd(end: number | undefined): end is number {
  return end !== undefined && end > 0;
}

interface Told {
  readonly isResolved: boolean;
  readonly expiresAt?: number | undefined;
  /** When it ended, where that is said. */
  readonly endedAt?: number | undefined;
  /** Links of the whole group. */
  readonly links: Fields;
}

function readAlert(alert: Fields, path: string, told: Told, context: ParseContext): Item {
  const labels = objectOf(alert, 'labels');
  const annotations = objectOf(alert, 'annotations');
  const fingerprint = textOf(alert, 'fingerprint');
  if (fingerprint === '' && Object.keys(labels).length === 0) {
    return {
      field: path,
      message: 'has neither labels nor a fingerprint, so it cannot be distinguished from other alerts',
    };
  }
  const draft = {
    alertKey: fitAlertKey(fingerprint || keyOfLabels(labels)),
    isKeyDigest: true,
    title: titleOf(labels, annotations),
    description: firstText(annotations, 'description', 'details', 'summary', 'message'),
    status: told.isResolved ? 'Ok' : firingStatus(labels, annotations, context),
    labels: [labels, annotations, pick(alert, ...extraLabels), told.links],
    images: imagesOf(alert),
    // Not `startsAt`, which is when the rule first fired.
    time: told.endedAt ?? annotations['timestamp'],
    startedAt: alert['startsAt'],
    expiresAt: told.expiresAt,
  } as const;
  return read(draft, path, context);
}

function firingStatus(labels: Fields, annotations: Fields, { settings }: ParseContext): Status {
  return severityOf(severityWord(labels, annotations), settings.severityMapping);
}

/** Name, then resource (contract 4.9). */
function titleOf(labels: Fields, annotations: Fields): string {
  const name = nameOf(labels);
  const resource = resourceOf(labels);
  if (name !== '' && resource !== '') return [name, resource].join(' / ');
  return name || firstText(annotations, 'summary', 'description', 'details', 'message') || resource;
}

/** Grafana fires these instead of a rule without data or with an error; `rulename` says which. */
const standIns: ReadonlySet<string> = new Set(['DatasourceNoData', 'DatasourceError']);

function nameOf(labels: Fields): string {
  const name = textOf(labels, 'alertname');
  return standIns.has(name) ? textOf(labels, 'rulename') || name : name;
}

function imagesOf(alert: Fields): readonly unknown[] {
  return textOf(alert, 'imageURL') === '' ? [] : [{ src: alert['imageURL'] }];
}

/** Of one body; more says nothing more, and the sum of many stays a number that can be stored. */
export const truncatedMax = 1_000_000;

/** The number of alerts that Alertmanager left out by its `max_alerts`. */
function truncatedOf(body: Fields): number {
  const count = body['truncatedAlerts'];
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? Math.min(count, truncatedMax) : 0;
}
