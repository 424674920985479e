import type { Status } from '../../alerts/alert.ts';
import { groupReply, isObject, listOf, objectOf, textOf } from './format.ts';
import type { Format, ParseContext, Parsed, Refused } from './format.ts';
import { parseGroup } from './prometheus.ts';
import { fitAlertKey, keepImages, keepLabels, report } from './report.ts';

/** Grafana: contact points of unified alerting, and the webhook of legacy alerting, Grafana 4 to 8 (contract 5.4). */
export const grafana: Format = {
  type: 'grafana',
  parse(body, context) {
    if (isObject(body) && !Object.hasOwn(body, 'alerts') && Object.hasOwn(body, 'state'))
      return parseLegacy(body, context);
    return parseGroup(body, context);
  },
};

type Fields = Readonly<Record<string, unknown>>;

const statusOfState: ReadonlyMap<string, Status> = new Map([
  ['alerting', 'Warning'],
  ['no_data', 'Critical'],
  ['ok', 'Ok'],
]);

const scalarFields = ['ruleId', 'ruleName', 'ruleUrl', 'dashboardId', 'panelId', 'orgId'];

/** Grafana 4 has only one organisation and does not name it. */
const firstOrganisation = 1;

function parseLegacy(body: Fields, context: ParseContext): Parsed | Refused {
  const ruleId = body['ruleId'];
  if (typeof ruleId !== 'number' && (typeof ruleId !== 'string' || ruleId === '')) {
    return { ok: false, faults: [{ field: 'ruleId', message: 'is missing: it identifies the alert' }] };
  }
  const status = statusOfState.get(textOf(body, 'state').toLowerCase());
  // A paused or pending rule is no alert and no recovery.
  if (status === undefined) return { ok: true, reports: [], reply: groupReply(0, 1, []), ignored: 1, skipped: [] };
  const name = textOf(body, 'ruleName') || textOf(body, 'title');
  const reports = [
    report({
      alertKey: fitAlertKey(`${scalarText(body['orgId']) || firstOrganisation}:${ruleId}`),
      title: name,
      description: textOf(body, 'message'),
      status,
      labels: labelsOf(body),
      images: keepImages([{ src: body['imageUrl'] }]),
      eventTime: context.now,
    }),
  ];
  return { ok: true, reports, reply: groupReply(1, 0, []), ignored: 0, skipped: [] };
}

/** The rule's tags before those of the first series, before what identifies the rule. */
function labelsOf(body: Fields): ReturnType<typeof keepLabels> {
  const matches = listOf(body, 'evalMatches').filter(isObject);
  const scalars: Record<string, unknown> = matches.length > 0 ? { evalMatches: matches } : {};
  for (const field of scalarFields) if (body[field] !== '') scalars[field] = body[field];
  return keepLabels(objectOf(body, 'tags'), objectOf(matches[0] ?? {}, 'tags'), scalars);
}

function scalarText(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : '';
}
