import { isObject, listOf, nestedObject, objectOf, pick, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { fieldsOfPairs } from './labels.ts';
import { read } from './report.ts';
import { severityOf } from './severity.ts';
import { fitAlertKey, truncate } from './text.ts';

/**
 * Alarms of AWS CloudWatch through SNS (docs/senders/cloudwatch.md). `sns.ts` has checked signatures and confirmed
 * subscriptions: bodies here are notifications of a topic.
 */
export const cloudwatch: Format = {
  type: 'cloudwatch',
  parse(body, context) {
    if (isObject(body)) return parseOne(readNotification(body, context));
    return { ok: false, faults: [{ field: '', message: 'the body must be a message of SNS' }] };
  },
};

function readNotification(body: Fields, context: ParseContext): Item {
  if (textOf(body, 'Type') !== 'Notification') return 'ignored';
  const message = textOf(body, 'Message');
  const alarm = nestedObject(message);
  if (alarm !== undefined && textOf(alarm, 'AlarmName') !== '') return readAlarm(alarm, body, context);
  return readMessage(message, body, context);
}

function readAlarm(alarm: Fields, body: Fields, context: ParseContext): Item {
  const { severityMapping } = context.settings;
  const state = textOf(alarm, 'NewStateValue').toLowerCase();
  // Insufficient data says nothing about the metric, unless the integration maps it.
  if (state !== 'ok' && state !== 'alarm' && !Object.hasOwn(severityMapping, state)) return 'ignored';
  const name = textOf(alarm, 'AlarmName');
  const trigger = objectOf(alarm, 'Trigger');
  const place = [textOf(alarm, 'AWSAccountId'), textOf(alarm, 'Region'), name].join(':');
  const isMapped = Object.hasOwn(severityMapping, state);
  const draft = {
    alertKey: fitAlertKey(textOf(alarm, 'AlarmArn') || place),
    isKeyDigest: true,
    title: name,
    description: [textOf(alarm, 'AlarmDescription'), textOf(alarm, 'NewStateReason')]
      .filter((text) => text !== '')
      .join('\n\n'),
    status: state === 'ok' ? 'Ok' : isMapped ? severityOf(state, severityMapping) : 'Critical',
    labels: [dimensionsOf(trigger), labelsOf(alarm, trigger, body)],
    time: alarm['StateChangeTime'],
  } as const;
  return read(draft, '', context);
}

/** Another message of the topic: it opens an alert, and only a person closes it. */
function readMessage(message: string, body: Fields, context: ParseContext): Item {
  const id = textOf(body, 'MessageId');
  if (id === '') return { field: 'MessageId', message: 'is missing: send notifications of SNS as they are' };
  const subject = textOf(body, 'Subject');
  const draft = {
    alertKey: fitAlertKey(id),
    isKeyDigest: true,
    title: subject || truncate(message, 512),
    description: message,
    status: 'Warning',
    labels: [pick(body, 'TopicArn', 'Subject')],
    time: body['Timestamp'],
  } as const;
  return read(draft, '', context);
}

/** Written as `name` in alarms of one metric, and as `Name` elsewhere. */
function dimensionsOf(trigger: Fields): Fields {
  const dimensions = listOf(trigger, 'Dimensions').filter(isObject);
  return fieldsOfPairs(
    dimensions.map((one) => [textOf(one, 'name') || textOf(one, 'Name'), one['value'] ?? one['Value']]),
  );
}

function labelsOf(alarm: Fields, trigger: Fields, body: Fields): Fields {
  return {
    ...pick(alarm, 'AlarmName', 'AWSAccountId', 'Region', 'AlarmArn'),
    ...pick(trigger, 'MetricName', 'Namespace', 'Statistic', 'ComparisonOperator', 'Threshold'),
    ...pick(body, 'TopicArn'),
  };
}
