import type { Status } from '../../alerts/alert.ts';
import { firstText, isObject, objectOf, pick, scalarOf, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { read } from './report.ts';
import { severityOf, severityWord } from './severity.ts';
import { fitAlertKey } from './text.ts';

/** Webhook channels of Google Cloud Monitoring (docs/senders/google-cloud.md). */
export const googleCloud: Format = {
  type: 'google-cloud',
  parse(body, context) {
    const incident = isObject(body) ? body['incident'] : undefined;
    if (isObject(incident)) return parseOne(readIncident(incident, context));
    return { ok: false, faults: [{ field: 'incident', message: 'is missing: it must be an object' }] };
  },
};

function readIncident(incident: Fields, context: ParseContext): Item {
  const key = scalarOf(incident, 'incident_id');
  if (key === '') return { field: 'incident.incident_id', message: 'is missing: it says which incident is meant' };
  const isClosed = textOf(incident, 'state').toLowerCase() === 'closed';
  const name = firstText(incident, 'policy_name', 'condition_name');
  const resource = firstText(incident, 'resource_display_name', 'resource_name');
  const documentation = incident['documentation'];
  const draft = {
    alertKey: fitAlertKey(key),
    isKeyDigest: true,
    title: [name, resource].filter((part) => part !== '').join(' / '),
    description: descriptionOf(incident, documentation),
    status: isClosed ? 'Ok' : statusOf(incident, context),
    labels: labelsOf(incident),
    time: isClosed ? (incident['ended_at'] ?? incident['started_at']) : incident['started_at'],
    startedAt: incident['started_at'],
  } as const;
  return read(draft, '', context);
}

/** A policy without a severity may have one in its labels. */
function statusOf(incident: Fields, { settings }: ParseContext): Status {
  const severity = textOf(incident, 'severity');
  const word = severity.toLowerCase() === 'no severity' ? '' : severity;
  return severityOf(word || severityWord(objectOf(incident, 'policy_user_labels')), settings.severityMapping);
}

/** The event, then the policy author's documentation. */
function descriptionOf(incident: Fields, documentation: unknown): string {
  const written = isObject(documentation) ? textOf(documentation, 'content') : documentation;
  return [textOf(incident, 'summary'), typeof written === 'string' ? written : '']
    .filter((text) => text !== '')
    .join('\n\n');
}

function labelsOf(incident: Fields): readonly Fields[] {
  const resource = objectOf(incident, 'resource');
  const metric = objectOf(incident, 'metric');
  return [
    objectOf(incident, 'policy_user_labels'),
    objectOf(resource, 'labels'),
    objectOf(metric, 'labels'),
    pick(incident, 'policy_name', 'condition_name', 'resource_display_name', 'scoping_project_id', 'severity', 'url'),
    pick(incident, 'observed_value', 'threshold_value'),
    { ...pick({ resource_type: resource['type'] ?? '' }, 'resource_type') },
    { ...pick({ metric_type: metric['type'] ?? '' }, 'metric_type') },
  ];
}
