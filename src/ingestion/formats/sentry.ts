import type { Status } from '../../alerts/alert.ts';
import { firstText, isObject, listOf, objectOf, pick, scalarOf, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { fieldsOfPairs } from './labels.ts';
import { read } from './report.ts';
import { severityOf } from './severity.ts';
import { fitAlertKey } from './text.ts';

/**
 * Sentry: the webhook of an internal integration (issues, issue alerts, metric alerts) and of the older WebHooks plugin
 * (docs/senders/sentry.md). Alerts of an issue have its key, so that resolving it closes them; their time is that of
 * arrival, because few bodies hold one.
 */
export const sentry: Format = {
  type: 'sentry',
  parse(body, context) {
    if (isObject(body)) return parseOne(readHook(body, context));
    return { ok: false, faults: [{ field: '', message: 'the body must be an object with action and data' }] };
  },
};

function readHook(body: Fields, context: ParseContext): Item {
  const action = textOf(body, 'action').toLowerCase();
  const data = objectOf(body, 'data');
  if (isObject(data['metric_alert'])) return readMetricAlert(action, data, context);
  if (isObject(data['issue'])) return readIssue(action, data['issue'], context);
  if (isObject(data['event'])) return readEvent(data['event'], textOf(data, 'triggered_rule'), context);
  if (isObject(body['event'])) return readPlugin(body, body['event'], context);
  const message = 'has no issue, event or metric_alert: subscribe the integration to issues and alerts';
  return { field: 'data', message };
}

/** Actions on an issue that open or close an alert. */
const firingActions: ReadonlySet<string> = new Set(['created', 'unresolved']);
const endingActions: ReadonlySet<string> = new Set(['resolved', 'archived', 'ignored']);

function readIssue(action: string, issue: Fields, context: ParseContext): Item {
  const ends = endingActions.has(action);
  if (!ends && !firingActions.has(action)) return 'ignored';
  const id = scalarOf(issue, 'id');
  if (id === '') return { field: 'data.issue.id', message: 'is missing: it says which issue is meant' };
  const draft = {
    alertKey: fitAlertKey(id),
    isKeyDigest: true,
    title: textOf(issue, 'title'),
    description: firstText(objectOf(issue, 'metadata'), 'value') || textOf(issue, 'culprit'),
    status: ends ? 'Ok' : statusOf(issue, context),
    labels: [
      projectOf(issue['project']),
      pick(issue, 'level', 'culprit', 'platform', 'shortId', 'priority', 'web_url', 'permalink'),
    ],
  } as const;
  return read(draft, '', context);
}

function readEvent(event: Fields, rule: string, context: ParseContext): Item {
  const id = scalarOf(event, 'issue_id') || scalarOf(event, 'groupID') || scalarOf(event, 'event_id');
  if (id === '') return { field: 'data.event.issue_id', message: 'is missing: it says which issue is meant' };
  const draft = {
    alertKey: fitAlertKey(id),
    isKeyDigest: true,
    title: firstText(event, 'title', 'message'),
    description: firstText(objectOf(event, 'metadata'), 'value') || firstText(event, 'message', 'culprit'),
    status: statusOf(event, context),
    labels: [
      tagsOf(event),
      projectOf(event['project']),
      pick(event, 'level', 'culprit', 'platform', 'environment', 'release', 'web_url'),
      rule === '' ? {} : { triggered_rule: rule },
    ],
  } as const;
  return read(draft, '', context);
}

/** The severity of a metric alert is its action. */
function readMetricAlert(action: string, data: Fields, context: ParseContext): Item {
  const alert = objectOf(data, 'metric_alert');
  const rule = objectOf(alert, 'alert_rule');
  const id = scalarOf(alert, 'id') || scalarOf(rule, 'id');
  if (id === '') return { field: 'data.metric_alert.id', message: 'is missing: it says which alert is meant' };
  const isResolved = action === 'resolved';
  const draft = {
    alertKey: fitAlertKey(`metric:${id}`),
    isKeyDigest: true,
    title: textOf(alert, 'title') || textOf(rule, 'name') || textOf(data, 'description_title'),
    description: firstText(data, 'description_text', 'description_title'),
    status: isResolved ? 'Ok' : severityOf(action, context.settings.severityMapping),
    labels: [
      pick(rule, 'aggregate', 'query', 'environment'),
      {
        projects: listOf(alert, 'projects')
          .filter((one) => typeof one === 'string')
          .join(', '),
      },
      pick(data, 'web_url'),
    ],
    time: isResolved ? alert['date_closed'] : alert['date_detected'],
    startedAt: alert['date_started'],
  } as const;
  return read(draft, '', context);
}

/** The older plugin sends events only, so its alerts recover only by a person. */
function readPlugin(body: Fields, event: Fields, context: ParseContext): Item {
  const id = scalarOf(body, 'id') || scalarOf(event, 'event_id');
  if (id === '') return { field: 'id', message: 'is missing: it says which issue is meant' };
  const draft = {
    alertKey: fitAlertKey(id),
    isKeyDigest: true,
    title: firstText(event, 'title') || firstText(body, 'message', 'culprit'),
    description: firstText(body, 'message') || textOf(body, 'culprit'),
    status: statusOf({ level: body['level'] }, context),
    labels: [tagsOf(event), pick(body, 'project', 'project_name', 'culprit', 'logger', 'level', 'url')],
  } as const;
  return read(draft, '', context);
}

function statusOf(of: Fields, { settings }: ParseContext): Status {
  const status = severityOf(textOf(of, 'level'), settings.severityMapping);
  return status === 'Ok' ? 'Info' : status;
}

/** Sentry writes tags as pairs: lists of two. */
function tagsOf(event: Fields): Fields {
  const pairs = listOf(event, 'tags').map((tag): readonly [string, unknown] => {
    const [name, value] = Array.isArray(tag) ? (tag as unknown[]) : isObject(tag) ? [tag['key'], tag['value']] : [];
    return [typeof name === 'string' ? name : '', value];
  });
  return fieldsOfPairs(pairs);
}

function projectOf(project: unknown): Fields {
  if (isObject(project)) return { project: firstText(project, 'slug', 'name') };
  return typeof project === 'string' || typeof project === 'number' ? { project } : {};
}
