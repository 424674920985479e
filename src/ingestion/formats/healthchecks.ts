import { firstText, isObject, pick, scalarOf, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { fieldsOfPairs } from './labels.ts';
import { read } from './report.ts';
import { severityOf, severityWord, type SeverityMapping } from './severity.ts';
import { fitAlertKey, truncate } from './text.ts';

/** Webhooks of healthchecks.io, whose body is `$JSON` or an object of its placeholders (docs/senders/healthchecks.md). */
export const healthchecks: Format = {
  type: 'healthchecks',
  parse(body, context) {
    if (isObject(body)) return parseOne(readCheck(body, context));
    return { ok: false, faults: [{ field: '', message: 'the body must be an object: set it to $JSON' }] };
  },
};

function readCheck(check: Fields, context: ParseContext): Item {
  const state = textOf(check, 'status').toLowerCase();
  if (state === '') return { field: 'status', message: 'is missing: set the body to $JSON, for up and for down' };
  // A check that is new, late within its grace, or paused is neither down nor up.
  if (state !== 'down' && state !== 'up') return 'ignored';
  const name = firstText(check, 'name', 'slug');
  const key = firstText(check, 'code', 'uuid', 'unique_key') || lastPart(textOf(check, 'ping_url')) || name;
  if (key === '') return { field: 'name', message: 'is missing: it says which check is meant' };
  const { severityMapping } = context.settings;
  const tags = tagsOf(check);
  const draft = {
    alertKey: fitAlertKey(key),
    title: name === '' ? 'A check is down' : `${name} is down`,
    description: firstText(check, 'desc', 'body') || lastPingOf(check),
    status: state === 'up' ? 'Ok' : severityOf(severityWord(tags) || wordOf(state, severityMapping), severityMapping),
    labels: [tags, { check: name }, pick(check, 'slug', 'schedule', 'tz', 'timeout', 'grace', 'last_ping')],
  } as const;
  return read(draft, '', context);
}

/** A check that is down is critical, unless the integration says otherwise. */
function wordOf(state: string, mapping: SeverityMapping): string {
  return Object.hasOwn(mapping, state) ? state : 'critical';
}

function lastPingOf(check: Fields): string {
  const last = scalarOf(check, 'last_ping');
  return last === '' ? '' : `The last ping came at ${last}`;
}

const tagsMaxChars = 4096;

/** Tags are words separated by blanks; one with a colon or an equals sign has a value. */
function tagsOf(check: Fields): Fields {
  const pairs: [string, string][] = [];
  const plain: string[] = [];
  for (const tag of truncate(textOf(check, 'tags'), tagsMaxChars).split(/[\s,]+/)) {
    const [, name = '', value = ''] = /^([^:=]+)[:=](.+)$/.exec(tag) ?? [];
    if (name !== '') pairs.push([name, value]);
    else if (tag !== '') plain.push(tag);
  }
  if (plain.length > 0) pairs.push(['tags', plain.join(' ')]);
  return fieldsOfPairs(pairs);
}

function lastPart(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
