import { firstText, isObject, listOf, scalarOf, textOf, withoutBlanks } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { fieldsOfPairs } from './labels.ts';
import { read } from './report.ts';
import { severityOf, severityWord } from './severity.ts';
import { fitAlertKey } from './text.ts';

/** The notification type Webhook of Uptime Kuma, with the preset body in JSON (docs/senders/uptime-kuma.md). */
export const uptimeKuma: Format = {
  type: 'uptime-kuma',
  parse(body, context) {
    if (isObject(body)) return parseOne(readNotification(body, context));
    return {
      ok: false,
      faults: [{ field: '', message: 'the body must be an object with heartbeat, monitor and msg' }],
    };
  },
};

const down = 0;
const up = 1;

function readNotification(body: Fields, context: ParseContext): Item {
  const { heartbeat, monitor } = body;
  const message = textOf(body, 'msg');
  if (!isObject(heartbeat) || !isObject(monitor)) return readMessage(message, context);
  const status = heartbeat['status'];
  // A monitor that is pending or under maintenance is neither down nor up.
  if (status !== down && status !== up) return 'ignored';
  const name = firstText(monitor, 'pathName', 'name');
  const tags = tagsOf(monitor);
  const word = severityWord(tags);
  const draft = {
    alertKey: fitAlertKey(scalarOf(monitor, 'id') || scalarOf(heartbeat, 'monitorID') || name),
    title: name === '' ? 'Monitor is down' : `${name} is down`,
    description: firstText(heartbeat, 'msg') || message,
    status: status === up ? 'Ok' : word === '' ? 'Critical' : severityOf(word, context.settings.severityMapping),
    labels: [tags, labelsOf(monitor, context)],
    // UTC, without a zone.
    time: heartbeat['time'],
  } as const;
  return read(draft, '', context);
}

/** A test notification or an expiring certificate, which belong to no monitor. */
function readMessage(message: string, context: ParseContext): Item {
  if (message === '') return { field: 'msg', message: 'is missing, and there is no heartbeat with its monitor' };
  const isTest = message.slice(-64).includes('Testing');
  return read(
    {
      alertKey: isTest ? context.shortId() : fitAlertKey(message),
      title: message,
      description: message,
      status: isTest ? 'Info' : 'Warning',
      labels: [],
    },
    '',
    context,
  );
}

function tagsOf(monitor: Fields): Fields {
  const tags = listOf(monitor, 'tags').filter(isObject);
  return fieldsOfPairs(tags.map((tag) => [textOf(tag, 'name'), textOf(tag, 'value')]));
}

function labelsOf(monitor: Fields, { settings }: ParseContext): Fields {
  const id = scalarOf(monitor, 'id');
  const { name, type, url, hostname, port } = monitor;
  const resource = url === 'https://' || url === 'http://' ? '' : url;
  const page =
    settings.consoleUrl === '' || id === '' ? '' : `${settings.consoleUrl}/dashboard/${encodeURIComponent(id)}`;
  return withoutBlanks({ check: name, resource: resource || hostname, hostname, port, type, event_url: page });
}
