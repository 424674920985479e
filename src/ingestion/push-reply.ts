import type { Reply } from './formats/format.ts';
import type { OutcomeKind, PushCounts, PushResult, ReportResult } from './push-result.ts';

/** The outcomes of a report, in the words of the wire. */
export const resultWords = [
  'opened',
  'updated',
  'repeated',
  'recovered',
  'unmatched',
  'unrouted',
  'dropped',
  'muted',
  'stale',
] as const;
type ResultWord = (typeof resultWords)[number];

const wordOf: Readonly<Record<OutcomeKind, ResultWord>> = {
  opened: 'opened',
  updated: 'updated',
  recovered: 'recovered',
  refreshed: 'repeated',
  duplicate: 'repeated',
  stale: 'stale',
  dropped: 'dropped',
  muted: 'muted',
  unmatched: 'unmatched',
  unrouted: 'unrouted',
};

/** Outcomes that a sender should notice: its reports had no effect, or none yet. */
const noticed = ['unmatched', 'unrouted', 'stale', 'dropped', 'muted'] as const satisfies readonly OutcomeKind[];

/** Adds the outcomes to a format's reply: of one report beside its key, of several in a list. */
export function withResults(reply: Reply, { counts, results }: PushResult, refused: number): Reply {
  const [first] = results;
  if (first === undefined) return reply;
  const isGroup = 'data' in reply && 'accepted' in reply.data;
  const hidesResult = 'body' in reply && Object.hasOwn(reply.body, 'result');
  const told = isGroup || hidesResult || results.length > 1 ? { results: results.map(entryOf) } : {};
  const more = {
    ...(isGroup ? {} : withoutKey(entryOf(first))),
    ...countsOf(counts),
    ...(refused === 0 ? {} : { refused }),
    ...told,
  };
  // A format's own words stay: Opsgenie's senders read `result` as a text of its API, and the outcome is in the list.
  return 'data' in reply ? { data: { ...reply.data, ...more } } : { ...reply, body: { ...more, ...reply.body } };
}

function entryOf(one: ReportResult) {
  return {
    alert_key: one.alertKey,
    result: wordOf[one.kind],
    alert_id: one.alertId,
    incident_id: one.incidentId,
    event_id: one.eventId,
    ...(one.rule === '' ? {} : { rule: one.rule }),
    webhooks: one.webhooks,
  };
}

function withoutKey({ alert_key: _key, ...entry }: ReturnType<typeof entryOf>) {
  return entry;
}

function countsOf(counts: PushCounts): Partial<PushCounts> {
  return Object.fromEntries(noticed.filter((kind) => counts[kind] > 0).map((kind) => [kind, counts[kind]]));
}
