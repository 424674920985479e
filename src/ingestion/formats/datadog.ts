import type { Status } from '../../alerts/alert.ts';
import { firstText, isObject, nestedObject, objectOf, pick, scalarOf, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, Item, ParseContext } from './format.ts';
import { fieldsOfPairs } from './labels.ts';
import { read } from './report.ts';
import { severityOf, severityWord } from './severity.ts';
import { fitAlertKey, truncate } from './text.ts';

/** The webhook integration of Datadog, with the payload of docs/senders/datadog.md or its default one. */
export const datadog: Format = {
  type: 'datadog',
  parse(body, context) {
    if (isObject(body)) return parseOne(readEvent(body, context));
    return { ok: false, faults: [{ field: '', message: 'the body must be an object, the payload of the webhook' }] };
  },
};

/** `[Triggered on {host:web-1}] CPU is high`: the transition and the group at the start of an event's title. */
const eventTitle = /^\[([A-Za-z -]{2,20}?)(?: on \{([^{}\]]{0,500})\})?\]\s*(.*)$/s;

function readEvent(body: Fields, context: ParseContext): Item {
  const given = firstText(body, 'title', 'event_title');
  const [, fromTitle = '', group = '', name = given] = eventTitle.exec(given.slice(0, 2048)) ?? [];
  const transition = (textOf(body, 'transition') || fromTitle).toLowerCase();
  const title = textOf(body, 'alert_title') || name;
  const scope = textOf(body, 'scope') || group;
  const key = keyOf(body, title, scope);
  if (key === '') return { field: 'alert_cycle_key', message: 'is missing: set it to $ALERT_CYCLE_KEY' };
  const draft = {
    alertKey: fitAlertKey(key),
    isKeyDigest: true,
    title: scope === '' || scope === '*' ? title : `${title} / ${scope}`,
    description: firstText(body, 'body', 'event_msg', 'text_only_msg'),
    status: statusOf(transition, body, context),
    labels: [tagsOf(body), tagsOf({ tags: scope }), labelsOf(body)],
    images: textOf(body, 'snapshot') === '' ? [] : [{ src: body['snapshot'] }],
    time: scalarOf(body, 'date') || scalarOf(body, 'last_updated'),
  } as const;
  return read(draft, '', context);
}

/** One cycle from trigger to recovery, else the group of the monitor. */
function keyOf(body: Fields, title: string, scope: string): string {
  const cycle = firstText(body, 'alert_cycle_key', 'aggreg_key', 'aggregation_key');
  if (cycle !== '') return cycle;
  const monitor = scalarOf(body, 'alert_id');
  if (monitor !== '' && monitor !== 'null') return `${monitor}:${scope}`;
  return title === '' ? '' : `${title}:${scope}`;
}

/** A recovery has it in its transition, or is an event of the type success. */
function statusOf(transition: string, body: Fields, { settings }: ParseContext): Status {
  const type = textOf(body, 'alert_type').toLowerCase();
  if (transition === 'recovered' || (transition === '' && type === 'success')) return 'Ok';
  const priority = textOf(body, 'priority');
  if (/^p\d$/i.test(priority)) return severityOf(priority, settings.severityMapping);
  const word = severityWord(tagsOf(body));
  if (word !== '') return severityOf(word, settings.severityMapping);
  const kind = transition.replace(/^re-/, '');
  if (Object.hasOwn(settings.severityMapping, kind)) return severityOf(kind, settings.severityMapping);
  if (kind === 'warn' || type === 'warning') return 'Warning';
  return type === 'info' ? 'Info' : 'Critical';
}

const tagsMaxChars = 16_384;

/** `env:prod, host:web-1, critical`: a tag without a colon is a label without a value. */
function tagsOf(body: Fields): Fields {
  const tags = truncate(textOf(body, 'tags'), tagsMaxChars).split(',');
  return fieldsOfPairs(
    tags
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '*')
      .map((tag) => {
        const colon = tag.indexOf(':');
        return colon > 0 ? [tag.slice(0, colon), tag.slice(colon + 1)] : [tag, ''];
      }),
  );
}

function labelsOf(body: Fields): Fields {
  const org = isObject(body['org']) ? body['org'] : (nestedObject(textOf(body, 'org')) ?? objectOf(body, 'org'));
  return {
    ...pick(body, 'alert_id', 'hostname', 'link', 'metric', 'query', 'priority', 'event_type', 'alert_status'),
    ...(textOf(org, 'name') === '' ? {} : { org: textOf(org, 'name') }),
  };
}
