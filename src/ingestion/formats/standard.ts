import type { Status } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import { isObject, listOf, objectOf, textOf } from './format.ts';
import type { Format, ParseContext, Parsed, Refused } from './format.ts';
import {
  alertKeyMax,
  fitTitle,
  instantOf,
  isLongerThan,
  keepImages,
  keepLabels,
  normalizeAlertKey,
  report,
  titleRuleMax,
  truncate,
} from './report.ts';
import { renderTitleRule } from './title-rule.ts';

/** Our own format, which Uptime Kuma, Keep, ElastAlert2 and many scripts send too (contract 5.2, 5.6, 5.7). */
export const standard: Format = {
  type: 'standard',
  parse,
};

type Body = Readonly<Record<string, unknown>>;

const statuses: readonly string[] = ['Critical', 'Warning', 'Info', 'Ok'] satisfies Status[];

function parse(body: unknown, context: ParseContext): Parsed | Refused {
  if (!isObject(body)) {
    return { ok: false, faults: [{ field: '', message: 'the body must be one JSON object, the alert event' }] };
  }
  const faults = faultsOf(body, context.now);
  if (faults.length > 0) return { ok: false, faults };
  const status = textOf(body, 'event_status') as Status;
  const givenKey = textOf(body, 'alert_key') || context.shortId();
  const alertKey = normalizeAlertKey(givenKey);
  const labels = keepLabels(objectOf(body, 'labels'));
  const titleRule = truncate(textOf(body, 'title_rule'), titleRuleMax);
  const description = textOf(body, 'description');
  const title = fitTitle(textOf(body, 'title'));
  const attributes = new Map([
    ['Title', title],
    ['Description', description],
    ['EventSeverity', status],
    ['EventStatus', status],
    ['AlertKey', alertKey],
    ['TitleRule', titleRule],
    ['IntegrationType', context.integrationType],
    ['IntegrationName', context.integrationName],
  ]);
  const reports = [
    report({
      alertKey,
      title: title || renderTitleRule(titleRule, { labels, attributes }),
      titleRule,
      description,
      status,
      labels,
      images: keepImages(listOf(body, 'images')),
      eventTime: eventTimeOf(body['event_time'], context.now) ?? context.now,
    }),
  ];
  return { ok: true, reports, reply: { data: { alert_key: givenKey } }, ignored: 0, skipped: [] };
}

function faultsOf(body: Body, now: number): readonly Fault[] {
  return [
    ...['title', 'title_rule', 'description', 'alert_key'].flatMap((field) => mustBeText(body, field)),
    ...statusFaults(body),
    ...titleFaults(body),
    ...alertKeyFaults(body),
    ...timeFaults(body['event_time'], now),
    ...labelFaults(body['labels']),
    ...imageFaults(body['images']),
  ];
}

function mustBeText(body: Body, field: string): Fault[] {
  const value = body[field];
  if (isAbsent(value) || typeof value === 'string') return [];
  return [{ field, message: `must be a string, and it is ${kindOf(value)}` }];
}

function statusFaults(body: Body): Fault[] {
  const status = body['event_status'];
  if (typeof status === 'string' && statuses.includes(status)) return [];
  const message = isAbsent(status) ? 'is missing' : `is ${shown(status)}`;
  return [{ field: 'event_status', message: `${message}: send "Critical", "Warning", "Info" or "Ok", in this case` }];
}

/** A recovery needs no title, because the alert keeps its own. */
function titleFaults(body: Body): Fault[] {
  const hasTitle = [body['title'], body['title_rule']].some((text) => !isAbsent(text) && !isBlank(text));
  if (hasTitle || body['event_status'] === 'Ok') return [];
  return [{ field: 'title_rule', message: 'is missing: send title_rule, or title' }];
}

function alertKeyFaults(body: Body): Fault[] {
  const key = textOf(body, 'alert_key');
  if (isLongerThan(normalizeAlertKey(key), alertKeyMax)) {
    return [
      { field: 'alert_key', message: `is longer than ${alertKeyMax} characters: send a shorter one, such as a hash` },
    ];
  }
  const missing = isAbsent(body['alert_key']) || body['alert_key'] === '';
  if (!missing || body['event_status'] !== 'Ok') return [];
  return [{ field: 'alert_key', message: 'is missing: an Ok event needs the key of the alert that recovered' }];
}

/** Zero counts as absent: it is what clients send that have a field and no time. */
function eventTimeOf(value: unknown, now: number): number | undefined {
  return typeof value === 'number' && value !== 0 ? instantOf(value, now) : undefined;
}

function timeFaults(value: unknown, now: number): Fault[] {
  const field = 'event_time';
  if (isAbsent(value) || value === 0) return [];
  if (typeof value !== 'number')
    return [{ field, message: `must be a number of Unix seconds, and it is ${kindOf(value)}` }];
  if (eventTimeOf(value, now) !== undefined) return [];
  const hint = instantOf(value / 1000, now) === undefined ? '' : '; it looks like milliseconds';
  return [{ field, message: `must be Unix seconds within 10 years from now${hint}` }];
}

function labelFaults(value: unknown): Fault[] {
  if (isAbsent(value) || isObject(value)) return [];
  return [{ field: 'labels', message: `must be an object of names and values, and it is ${kindOf(value)}` }];
}

function imageFaults(value: unknown): Fault[] {
  if (isAbsent(value)) return [];
  if (!Array.isArray(value)) return [{ field: 'images', message: `must be an array, and it is ${kindOf(value)}` }];
  return value.flatMap((image: unknown, index) => {
    if (!isObject(image)) return [{ field: `images[${index}]`, message: 'must be an object with src, alt and href' }];
    return ['src', 'alt', 'href'].flatMap((name) => {
      if (isAbsent(image[name]) && name !== 'src') return [];
      if (typeof image[name] === 'string') return [];
      return [{ field: `images[${index}].${name}`, message: 'must be a string' }];
    });
  });
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && fitTitle(value) === '';
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Enough of a wrong value to find it by, and no more. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(truncate(value, 40)) : kindOf(value);
}
