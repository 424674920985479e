import { choice, choices, numberOrNone, text, type ValuesOf } from '../parts/search-params.ts';
import { rangeNames, spanOf } from '../time/range.ts';
import { moment } from '../parts/delivery-filters.ts';
import { openIncidents } from '../parts/usual-requests.ts';

export const progressChoices = ['open', 'Triggered', 'Processing', 'Closed', 'all'] as const;
export const severities = ['Critical', 'Warning', 'Info'] as const;

/** Closed incidents are hidden until somebody asks for them. */
export const incidentFilters = {
  progress: choice(progressChoices, 'open'),
  severity: choices(severities),
  channel: numberOrNone,
  who: choice(['me', 'teams']),
  q: text,
  /** `name:value` */
  label: text,
  range: choice(rangeNames, '30d'),
  from: moment,
  to: moment,
  sort: choice(['worst', 'newest'], 'worst'),
};

export type IncidentValues = ValuesOf<typeof incidentFilters>;

/** Open incidents are found whenever they began, so only for closed ones there is a time to choose. */
export function hasWindow({ progress }: Pick<IncidentValues, 'progress'>): boolean {
  return progress === 'Closed' || progress === 'all';
}

/** The worst first is an order of open incidents only. */
export function isWorstFirst(values: IncidentValues): boolean {
  return values.sort === 'worst' && !hasWindow(values);
}

/** The request for these filters. */
export function requestOf(values: IncidentValues, personId: number, now: number) {
  const span = spanOf(values, now);
  return {
    ...openIncidents,
    ...(hasWindow(values) ? { start_time: Math.floor(span.from / 1000), end_time: Math.ceil(span.to / 1000) } : {}),
    progress: progressOf(values.progress),
    incident_severity: values.severity.join(','),
    channel_ids: values.channel === 0 ? [] : [values.channel],
    responder_ids: values.who === 'me' ? [personId] : [],
    is_my_team: values.who === 'teams',
    query: values.q,
    labels: labelsOf(values.label),
  };
}

export const pageRows = 100;

/** The request for a page of the list. The worst first goes by page numbers, the newest first by cursors. */
export function listRequestOf(values: IncidentValues, personId: number, now: number, from: string) {
  const filter = { ...requestOf(values, personId, now), limit: pageRows };
  if (isWorstFirst(values)) {
    return { ...filter, orderby: 'severity' as const, p: from === '' ? 1 : Number(from) };
  }
  return { ...filter, ...(from === '' ? {} : { search_after_ctx: from }) };
}

/** The request for the counts, which say what choosing a severity or a progress would show. */
export function countsRequestOf(values: IncidentValues, personId: number) {
  return requestOf({ ...values, severity: [], progress: 'open' }, personId, 0);
}

/** As the service calls it; empty = all. */
function progressOf(chosen: (typeof progressChoices)[number]): string {
  if (chosen === 'open') return 'Triggered,Processing';
  return chosen === 'all' ? '' : chosen;
}

function labelsOf(label: string): Record<string, string> {
  const colon = label.indexOf(':');
  return colon < 1 ? {} : { [label.slice(0, colon)]: label.slice(colon + 1) };
}
