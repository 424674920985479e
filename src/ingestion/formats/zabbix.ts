import type { Severity, Status } from '../../alerts/alert.ts';
import { firstText, isObject, parseNested, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { fieldsOfPairs } from './labels.ts';
import { read } from './report.ts';
import { severityOf } from './severity.ts';
import { fitAlertKey } from './text.ts';

/** The webhook media type of Zabbix 5.4 and later, whose parameters are macros (docs/senders/zabbix.md). */
export const zabbix: Format = {
  type: 'zabbix',
  parse(body, context) {
    if (isObject(body)) return parseOne(readEvent(sentFields(body), context));
    return { ok: false, faults: [{ field: '', message: 'the body must be an object of the media type’s parameters' }] };
  },
};

/** Parameters that are read; a media type cannot have more. */
const parametersMax = 200;

/** A macro that Zabbix could not resolve is sent as written. */
const unresolved = /^(?:\{[^{}]*\}|\*UNKNOWN\*)$/;

/** Parameters by lower-case name with `_`, so that `EVENT.ID` and `event_id` are equal. */
function sentFields(body: Fields): Fields {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body).slice(0, parametersMax)) {
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const text = String(value);
    if (text === '' || (text.length < 64 && unresolved.test(text))) continue;
    fields[name.slice(0, 128).toLowerCase().replaceAll('.', '_')] = text;
  }
  return fields;
}

function readEvent(event: Fields, context: ParseContext): Item {
  const id = textOf(event, 'event_id') || textOf(event, 'trigger_id');
  if (id === '') {
    return { field: 'event_id', message: 'is missing: give the media type the parameter event_id with {EVENT.ID}' };
  }
  const name = firstText(event, 'event_name', 'trigger_name', 'subject');
  const host = firstText(event, 'host_name', 'host', 'host_host');
  const { tags, ...rest } = tagsOf(event);
  const draft = {
    alertKey: fitAlertKey(id),
    isKeyDigest: true,
    title: [name, host].filter((part) => part !== '').join(' / '),
    description: firstText(event, 'trigger_description', 'message', 'event_opdata'),
    status: isRecovery(event) ? 'Ok' : severityOfEvent(event, context),
    labels: [tags, rest, linkOf(event, context)],
  } as const;
  return read(draft, '', context);
}

/** A recovery has the id of the problem and the value 0. */
function isRecovery(event: Fields): boolean {
  const value = firstText(event, 'event_value', 'trigger_value');
  return (
    value === '0' || /^(?:ok|resolved|recovery)$/i.test(firstText(event, 'event_status', 'trigger_status').slice(0, 16))
  );
}

/** Zabbix counts from 0 = not classified to 5 = disaster; users can rename the levels, not renumber them. */
const severityOfNumber: readonly Severity[] = ['Info', 'Info', 'Warning', 'Warning', 'Critical', 'Critical'];

function severityOfEvent(event: Fields, { settings }: ParseContext): Status {
  const number = firstText(event, 'event_nseverity', 'trigger_nseverity');
  const word = firstText(event, 'event_severity', 'trigger_severity');
  const { severityMapping } = settings;
  if (Object.hasOwn(severityMapping, number)) return severityOf(number, severityMapping);
  if (word !== '' && Object.hasOwn(severityMapping, word.toLowerCase())) return severityOf(word, severityMapping);
  return severityOfNumber[Number(number === '' ? Number.NaN : number)] ?? severityOf(word, severityMapping);
}

/** Tags are JSON, a list of names and values; the other parameters become labels. */
function tagsOf(event: Fields): Record<string, unknown> & { tags: Fields } {
  const { event_tags_json: json, event_tagsjson: other, ...rest } = event;
  const pairs = tagList(json ?? other).map((tag) => [textOf(tag, 'tag'), textOf(tag, 'value')] as const);
  return { ...rest, tags: fieldsOfPairs(pairs) };
}

const tagsJsonMaxChars = 65_536;

function tagList(json: unknown): readonly Fields[] {
  if (typeof json !== 'string' || json.length > tagsJsonMaxChars) return [];
  try {
    const list = parseNested(json);
    return Array.isArray(list) ? list.filter(isObject) : [];
  } catch {
    return [];
  }
}

function linkOf(event: Fields, { settings }: ParseContext): Fields {
  const url = (textOf(event, 'zabbix_url') || settings.consoleUrl).replace(/\/$/, '');
  const [trigger, id] = [textOf(event, 'trigger_id'), textOf(event, 'event_id')];
  if (url === '' || trigger === '' || id === '') return {};
  return {
    event_url: `${url}/tr_events.php?triggerid=${encodeURIComponent(trigger)}&eventid=${encodeURIComponent(id)}`,
  };
}
