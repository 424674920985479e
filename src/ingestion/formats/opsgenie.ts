import { isObject, listOf, objectOf, pick, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne, withReply } from './format.ts';
import type { Format, OwnReply, ParseContext, Parsed, Refused } from './format.ts';
import { read } from './report.ts';
import { severityOf, severityWord } from './severity.ts';
import { fitAlertKey, fitTitle } from './text.ts';

/** Senders of Opsgenie's alert API: create, and close by alias (docs/senders/opsgenie.md). */
export const opsgenie: Format = {
  type: 'opsgenie',
  parse,
  postsTo: (path) => path === 'v2/alerts' || actionPath.test(path),
  refusal: (_status, messages) => ({ message: messages.join('; '), took: 0, requestId: '' }),
};

/** Actions on one alert; only closing ends it. */
const actionPath =
  /^v2\/alerts\/(.{1,1024})\/(close|acknowledge|unacknowledge|notes|tags|details|snooze|assign|responders|escalate|teams)$/;

/** Opsgenie's default priority. */
const defaultPriority = 'P3';

function parse(body: unknown, context: ParseContext): Parsed | Refused {
  const [, alias = '', action = ''] = actionPath.exec(context.path) ?? [];
  const parsed = action === '' ? create(body, context) : act(alias, action, body, context);
  return parsed.ok ? withReply(parsed, accepted(context)) : parsed;
}

function create(body: unknown, context: ParseContext): Parsed | Refused {
  if (!isObject(body)) return { ok: false, faults: [{ field: '', message: 'the body must be one alert' }] };
  const message = textOf(body, 'message');
  if (fitTitle(message) === '') {
    return { ok: false, faults: [{ field: 'message', message: 'must be a text that says what is wrong' }] };
  }
  const alias = textOf(body, 'alias');
  const details = objectOf(body, 'details');
  const word = textOf(body, 'priority') || severityWord(details) || defaultPriority;
  const status = severityOf(word, context.settings.severityMapping);
  const draft = {
    alertKey: alias === '' ? context.shortId() : fitAlertKey(alias),
    title: message,
    description: textOf(body, 'description'),
    status: status === 'Ok' ? 'Info' : status,
    labels: [details, pick(body, 'entity', 'source', 'priority'), tagsOf(body)],
  } as const;
  return parseOne(read(draft, '', context));
}

function act(alias: string, action: string, body: unknown, context: ParseContext): Parsed | Refused {
  if (action !== 'close') return parseOne('ignored');
  const note = isObject(body) ? textOf(body, 'note') : '';
  const draft = { alertKey: fitAlertKey(alias), title: '', description: note, status: 'Ok', labels: [] } as const;
  return parseOne(read(draft, '', context));
}

function tagsOf(body: Fields): Fields {
  const tags = listOf(body, 'tags').filter((tag) => typeof tag === 'string' && tag !== '');
  return tags.length === 0 ? {} : { tags: tags.join(', ') };
}

function accepted(context: ParseContext): OwnReply {
  const body = { result: 'Request will be processed', took: 0, requestId: context.shortId() };
  return { status: 202, body };
}
