import type { Status } from '../../alerts/alert.ts';
import { firstText, isObject, textOf, withoutBlanks } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext, Parsed, Refused } from './format.ts';
import { read } from './report.ts';
import { normalizeSeverityWord } from './severity.ts';
import { fitAlertKey } from './text.ts';

/** The notification command of Nagios, which posts a form by curl (docs/senders/nagios.md). */
export const nagios: Format = {
  type: 'nagios',
  parse: parseNotification,
};

/** Reads a notification of Nagios, or of Icinga, which has the same kinds and states. */
export function parseNotification(body: unknown, context: ParseContext): Parsed | Refused {
  if (isObject(body)) return parseOne(readNotification(body, context));
  const message = 'the body must be a form, or an object, of what the notification command knows';
  return { ok: false, faults: [{ field: '', message }] };
}

/** Notifications that need nobody: acknowledgements, flapping, downtimes. */
const ignoredKinds = /^(?:acknowledgement|flapping\w*|downtime\w*)$/;

function readNotification(body: Fields, context: ParseContext): Item {
  const kind = textOf(body, 'type').slice(0, 64).toLowerCase();
  if (ignoredKinds.test(kind)) return 'ignored';
  const host = textOf(body, 'host');
  if (host === '') return { field: 'host', message: 'is missing: it says which host is meant' };
  const state = normalizeSeverityWord(textOf(body, 'state'));
  const status = kind === 'recovery' ? 'Ok' : statusOf(state, context);
  if (status === undefined) {
    const message = `must be a state such as CRITICAL, WARNING, UNKNOWN, OK, DOWN, UNREACHABLE or UP`;
    return { field: 'state', message };
  }
  const service = textOf(body, 'service');
  const draft = {
    alertKey: fitAlertKey(service === '' ? host : `${host}!${service}`),
    title: service === '' ? `Host down / ${host}` : `${service} / ${host}`,
    description: withLineBreaks([textOf(body, 'output'), textOf(body, 'long_output')]),
    status,
    labels: [labelsOf(body)],
    time: body['time'],
  } as const;
  return read(draft, '', context);
}

/** `UNKNOWN` means that the check could not run, which somebody should look at. */
const statusOfState: Readonly<Record<string, Status>> = {
  critical: 'Critical',
  down: 'Critical',
  unreachable: 'Critical',
  warning: 'Warning',
  unknown: 'Warning',
  ok: 'Ok',
  up: 'Ok',
};

function statusOf(state: string, { settings }: ParseContext): Status | undefined {
  const known = Object.hasOwn(statusOfState, state) ? statusOfState[state] : undefined;
  if (known === undefined || known === 'Ok') return known;
  return Object.hasOwn(settings.severityMapping, state) ? settings.severityMapping[state] : known;
}

/** Nagios writes line breaks of a long output as `\n`. */
function withLineBreaks(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== '')
    .join('\n')
    .replaceAll(String.raw`\n`, '\n');
}

/** All fields of the command become labels, except those in the title and the description. */
function labelsOf(body: Fields): Fields {
  const { type: _type, output: _output, long_output: _long, time: _time, state, ...rest } = body;
  const address = firstText(rest, 'address', 'host_address');
  return withoutBlanks({ ...rest, state: textOf({ state }, 'state'), address });
}
