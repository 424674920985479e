import type { AlertReport } from '../alerts/alert.ts';
import type { Event } from '../events/event.ts';
import type { UnitOfWork } from '../incidents/unit-of-work.ts';

/** The outcomes of a report. */
export const reportOutcomes = [
  'opened',
  'muted',
  'updated',
  'recovered',
  'refreshed',
  'duplicate',
  'stale',
  'dropped',
  'unmatched',
  'unrouted',
] as const;
export type OutcomeKind = (typeof reportOutcomes)[number];

export interface TakenReport {
  readonly kind: OutcomeKind;
  readonly alertId?: string | undefined;
  /** The rule that dropped or muted it. */
  readonly rule?: string;
}

/** The reports of a push by outcome; one that goes into several channels counts in each. */
export type PushCounts = Record<OutcomeKind, number>;

/** The outcome of one report in one channel, for its sender. */
export interface ReportResult {
  readonly alertKey: string;
  readonly alertId: string;
  /** '' = none. */
  readonly incidentId: string;
  /** The event about the alert, as in its pushes; '' = nothing changed. */
  readonly eventId: string;
  readonly kind: OutcomeKind;
  readonly rule: string;
  /** The number of webhooks that get the events of the report. */
  readonly webhooks: number;
}

export interface PushResult {
  readonly counts: PushCounts;
  /** Of the first {@link resultsMax} reports. */
  readonly results: readonly ReportResult[];
  /** Reports that were taken, from the first on. */
  readonly taken: number;
}

/** Reports per transaction; more would hold the event loop for too long. */
export const pieceMax = 50;

/** Reports of one body whose results are listed; the others are counted. */
export const resultsMax = 100;

/** Collects the outcomes of one push, inside the transaction. */
export class ReportResults {
  taken = 0;
  readonly #counts = noCounts();
  readonly #told: { report: AlertReport; outcome: TakenReport; events: readonly Event[] }[] = [];

  add(report: AlertReport, outcome: TakenReport, events: readonly Event[]): void {
    this.#counts[outcome.kind] += 1;
    if (this.#told.length < resultsMax) this.#told.push({ report, outcome, events });
  }

  /** The result after the changes are saved. */
  saved(set: UnitOfWork): PushResult {
    const results = this.#told.map(({ report, outcome, events }): ReportResult => {
      const { kind, alertId = '', rule = '' } = outcome;
      const { alertKey } = report;
      const eventId = events.findLast((event) => event.entityId === alertId && isOwn(event))?.eventId ?? '';
      const incidentId = set.alert(alertId)?.incidentId ?? '';
      return { alertKey, alertId, incidentId, eventId, kind, rule, webhooks: set.webhooksOf(events) };
    });
    return { counts: this.#counts, results, taken: this.taken };
  }
}

/** Whether the event is the alert's own; a merge only follows it. */
function isOwn(event: Event): boolean {
  return event.type !== 'a_merge';
}

export function noCounts(): PushCounts {
  return { ...zeroCounts };
}

const zeroCounts = Object.fromEntries(reportOutcomes.map((outcome) => [outcome, 0])) as PushCounts;

/** The results of the pieces of one body, in order. */
export function joined(parts: readonly PushResult[]): PushResult {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const counts = noCounts();
  for (const part of parts) for (const outcome of reportOutcomes) counts[outcome] += part.counts[outcome];
  const taken = parts.reduce((sum, part) => sum + part.taken, 0);
  return { counts, results: parts.flatMap((part) => part.results).slice(0, resultsMax), taken };
}
