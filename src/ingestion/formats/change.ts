import { changeStatuses, type ChangeReport, type ChangeStatus } from '../../changes/change.ts';
import type { Fault } from '../../runtime/failure.ts';
import { isObject, listOf, objectOf, textOf, withoutBlanks, type Fields } from './fields.ts';
import { withReply, type ParseContext, type Parsed, type Refused, type Reply } from './format.ts';
import { eventTimeOf } from './instant.ts';
import { keepLabels, type KeptLabels } from './labels.ts';
import { alertKeyMax, descriptionMax, fitTitle, normalizeAlertKey, truncate } from './text.ts';

/*
 * Reports of changes: deployments, switches of configuration, tickets. They have the limits of alerts.
 */

/** The path of standard changes, as the format of standard events knows it. */
export const changePath = 'event/push/change/standard';

const linkMax = 2048;

/** A change as its sender says it, before limits. */
interface ChangeDraft {
  readonly changeKey: string;
  readonly title: string;
  readonly description: string;
  readonly status: ChangeStatus;
  readonly labels: KeptLabels;
  readonly link: string;
  readonly time: unknown;
}

export function parseStandardChange(body: unknown, context: ParseContext): Parsed | Refused {
  if (!isObject(body)) return { ok: false, faults: [{ field: '', message: 'the body must be one change object' }] };
  const faults = standardFaults(body);
  if (faults.length > 0) return { ok: false, faults };
  const givenKey = textOf(body, 'change_key') || context.shortId();
  const draft = {
    changeKey: normalizeAlertKey(givenKey) ?? givenKey,
    title: textOf(body, 'title'),
    description: textOf(body, 'description'),
    // A report without a status is about something that has happened.
    status: statusOf(body['change_status']) ?? 'Done',
    labels: keepLabels(objectOf(body, 'labels')),
    link: textOf(body, 'link'),
    time: body['event_time'],
  } as const;
  return taken(draft, { data: { change_key: givenKey } }, context);
}

/** A change event of PagerDuty: it says what has happened, once, and has no key. */
export function parsePagerdutyChange(body: Fields, context: ParseContext): Parsed | Refused {
  const payload = objectOf(body, 'payload');
  const title = textOf(payload, 'summary');
  if (fitTitle(title) === '') {
    return { ok: false, faults: [{ field: 'payload.summary', message: 'must be a text that says what was changed' }] };
  }
  const [first, ...others] = listOf(body, 'links').filter(isObject);
  const draft = {
    changeKey: context.shortId(),
    title,
    description: others
      .map((link) => [textOf(link, 'text'), textOf(link, 'href')].filter(Boolean).join(': '))
      .join('\n'),
    status: 'Done',
    labels: keepLabels(withoutBlanks({ source: payload['source'] }), objectOf(payload, 'custom_details')),
    link: first === undefined ? '' : textOf(first, 'href'),
    time: payload['timestamp'],
  } as const;
  return taken(draft, { status: 202, body: { status: 'success', message: 'Change event processed' } }, context);
}

function taken({ time, labels, ...draft }: ChangeDraft, reply: Reply, { now }: ParseContext): Parsed {
  const { eventTime, isAhead } = eventTimeOf(time, now);
  const change: ChangeReport = {
    ...draft,
    title: fitTitle(draft.title),
    description: truncate(draft.description, descriptionMax),
    link: truncate(draft.link, linkMax),
    labels: labels.labels,
    eventTime,
  };
  const skipped: Fault[] =
    labels.dropped.length === 0
      ? []
      : [{ field: 'labels', message: `are more than 50; left out: ${labels.dropped.length}` }];
  const counts = { ignored: 0, unreadable: 0, truncated: 0, ahead: isAhead ? 1 : 0 };
  return withReply({ ok: true, reports: [], change, reply, skipped, ...counts }, reply);
}

function standardFaults(body: Fields): Fault[] {
  const faults: Fault[] = [];
  if (fitTitle(textOf(body, 'title')) === '') {
    faults.push({ field: 'title', message: 'must be a text that says what is changed' });
  }
  const status = body['change_status'] ?? '';
  if (status !== '' && statusOf(status) === undefined) {
    faults.push({ field: 'change_status', message: `must be one of ${changeStatuses.join(', ')}` });
  }
  const key = body['change_key'] ?? '';
  if (typeof key !== 'string') faults.push({ field: 'change_key', message: 'must be a text' });
  else if (normalizeAlertKey(key) === undefined) {
    faults.push({ field: 'change_key', message: `must not be longer than ${alertKeyMax} characters` });
  }
  const labels = body['labels'] ?? {};
  if (!isObject(labels)) faults.push({ field: 'labels', message: 'must be an object of names and values' });
  return faults;
}

function statusOf(value: unknown): ChangeStatus | undefined {
  if (typeof value !== 'string') return undefined;
  const word = value.trim().toLowerCase();
  return changeStatuses.find((status) => status.toLowerCase() === word);
}
