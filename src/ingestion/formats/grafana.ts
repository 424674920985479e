import type { Status } from '../../alerts/alert.ts';
import { isObject, listOf, objectOf, pick, scalarOf, textOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { parseOne } from './format.ts';
import type { Format, ParseContext, Parsed, Refused } from './format.ts';
import { parseGroup } from './prometheus.ts';
import { read } from './report.ts';
import { severityOf, severityWord } from './severity.ts';
import { fitAlertKey } from './text.ts';

/** Grafana: contact points of unified alerting, and the webhook of legacy alerting, Grafana 4 to 8 (contract 5.4). */
export const grafana: Format = {
  type: 'grafana',
  parse(body, context) {
    if (isObject(body) && !Object.hasOwn(body, 'alerts') && Object.hasOwn(body, 'state'))
      return parseLegacy(body, context);
    return parseGroup(body, context);
  },
};

/** Grafana 4 has only one organisation and does not name it. */
const firstOrganisation = 1;

function parseLegacy(body: Fields, context: ParseContext): Parsed | Refused {
  const ruleId = scalarOf(body, 'ruleId');
  if (ruleId === '') {
    return { ok: false, faults: [{ field: 'ruleId', message: 'is missing: it identifies the alert' }] };
  }
  const status = statusOf(body, context);
  // A paused or pending rule neither fires nor recovers.
  if (status === undefined) return parseOne('ignored');
  const draft = {
    alertKey: fitAlertKey(`${scalarOf(body, 'orgId') || firstOrganisation}:${ruleId}`),
    title: textOf(body, 'ruleName') || textOf(body, 'title'),
    description: textOf(body, 'message'),
    status,
    labels: labelsOf(body),
    images: textOf(body, 'imageUrl') === '' ? [] : [{ src: body['imageUrl'] }],
  };
  return parseOne(read(draft, '', context));
}

/** A rule of legacy alerting has no severity; its tags may have one. */
function statusOf(body: Fields, { settings }: ParseContext): Status | undefined {
  switch (textOf(body, 'state').toLowerCase()) {
    case 'alerting':
      return severityOf(severityWord(objectOf(body, 'tags')), settings.severityMapping);
    case 'no_data':
      return 'Critical';
    case 'ok':
      return 'Ok';
    default:
      return undefined;
  }
}

/** The rule's tags, then those of the first series, then the rule's identity. */
function labelsOf(body: Fields): readonly Fields[] {
  const matches = listOf(body, 'evalMatches').filter(isObject);
  const rule = pick(body, 'ruleId', 'ruleName', 'ruleUrl', 'dashboardId', 'panelId', 'orgId');
  const scalars = matches.length > 0 ? { evalMatches: matches, ...rule } : rule;
  return [objectOf(body, 'tags'), objectOf(matches[0] ?? {}, 'tags'), scalars];
}
