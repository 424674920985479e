import type { Status } from '../../alerts/alert.ts';
import { firstText, isObject, listOf, objectOf, pick, scalarOf, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { fieldsOfPairs } from './labels.ts';
import { read } from './report.ts';
import { severityOf } from './severity.ts';
import { fitAlertKey } from './text.ts';

/** Action groups of Azure Monitor with the common alert schema (docs/senders/azure-monitor.md). */
export const azureMonitor: Format = {
  type: 'azure-monitor',
  parse(body, context) {
    const data = isObject(body) ? objectOf(body, 'data') : {};
    if (isObject(data['essentials'])) return parseOne(readAlert(data, context));
    const message = 'is missing: switch the common alert schema on in the action group';
    return { ok: false, faults: [{ field: 'data.essentials', message }] };
  },
};

function readAlert(data: Fields, context: ParseContext): Item {
  const essentials = objectOf(data, 'essentials');
  const key = firstText(essentials, 'alertId', 'originAlertId');
  if (key === '') return { field: 'data.essentials.alertId', message: 'is missing: it says which alert is meant' };
  const isResolved = textOf(essentials, 'monitorCondition').toLowerCase() === 'resolved';
  const target = lastPart(listOf(essentials, 'configurationItems')[0] ?? listOf(essentials, 'alertTargetIDs')[0]);
  const name = textOf(essentials, 'alertRule');
  const draft = {
    alertKey: fitAlertKey(key),
    isKeyDigest: true,
    title: [name, target].filter((part) => part !== '').join(' / '),
    description: textOf(essentials, 'description') || conditionOf(objectOf(data, 'alertContext')),
    status: isResolved ? 'Ok' : statusOf(essentials, context),
    labels: [objectOf(data, 'customProperties'), labelsOf(essentials, data), target === '' ? {} : { resource: target }],
    time: isResolved ? (essentials['resolvedDateTime'] ?? essentials['firedDateTime']) : essentials['firedDateTime'],
    startedAt: essentials['firedDateTime'],
  } as const;
  return read(draft, '', context);
}

function statusOf(essentials: Fields, { settings }: ParseContext): Status {
  return severityOf(textOf(essentials, 'severity'), settings.severityMapping);
}

const essentialLabels = [
  'severity',
  'signalType',
  'monitoringService',
  'alertRule',
  'targetResourceType',
  'targetResourceGroup',
  'alertTargetIDs',
  'investigationLink',
];

/** Dimensions identify one of several series of a rule. */
function labelsOf(essentials: Fields, data: Fields): Fields {
  const conditions = listOf(objectOf(objectOf(data, 'alertContext'), 'condition'), 'allOf').filter(isObject);
  const dimensions = conditions.flatMap((condition) => listOf(condition, 'dimensions')).filter(isObject);
  const pairs = dimensions.map((one) => [textOf(one, 'name'), one['value']] as const);
  return fieldsOfPairs([...Object.entries(pick(essentials, ...essentialLabels)), ...pairs]);
}

function conditionOf(alertContext: Fields): string {
  const [condition] = listOf(objectOf(alertContext, 'condition'), 'allOf');
  if (!isObject(condition)) return '';
  const metric = firstText(condition, 'metricName', 'searchQuery');
  const measured = [metric, scalarOf(condition, 'operator'), scalarOf(condition, 'threshold')].filter(
    (part) => part !== '',
  );
  const value = scalarOf(condition, 'metricValue');
  return `${measured.join(' ')}${value === '' ? '' : ` (measured ${value})`}`.trim();
}

function lastPart(path: unknown): string {
  return typeof path === 'string' ? path.slice(path.lastIndexOf('/') + 1) : '';
}
