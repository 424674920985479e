import type { ChannelSettings } from '../channels/channel.ts';
import type { Incident } from './incident.ts';

/*
 * The deadlines of an incident (contract 4.6 to 4.8): pure. An incident holds its own, so that the transaction that has
 * locked its row sees whether one is due, and none can fire twice.
 */

/** Instants are Unix milliseconds, 0 = never. */
export interface Deadlines {
  /** The next layer's turn. During a snooze, as if the snooze ran to its end. */
  readonly escalateAt: number;
  /** Automatic closing. */
  readonly resolveAt: number;
  /** The time until it closes, from the channel's settings at opening; 0 = never. */
  readonly resolveAfterMs: number;
  /** Whether alerts that join or change restart that time. */
  readonly resolveRestarts: boolean;
}

export const noDeadlines: Deadlines = { escalateAt: 0, resolveAt: 0, resolveAfterMs: 0, resolveRestarts: false };

export type Due = 'resolve' | 'snooze' | 'escalate';

/** The earliest deadline; 0 = none. */
export function dueAt(incident: Incident): number {
  const times = dues(incident).map(({ at }) => at);
  return times.length === 0 ? 0 : Math.min(...times);
}

/** The first of the due deadlines. Closing goes first: nothing else matters after it. */
export function dueNow(incident: Incident, now: number): Due | undefined {
  return dues(incident).find(({ at }) => at <= now)?.due;
}

/** The deadlines of an incident that opens now; `settings` of its channel, `undefined` when it has none. */
export function deadlinesAtOpening(
  settings: Pick<ChannelSettings, 'autoResolveTimeoutSeconds' | 'autoResolveMode'> | undefined,
  now: number,
): Deadlines {
  const resolveAfterMs = (settings?.autoResolveTimeoutSeconds ?? 0) * 1000;
  if (resolveAfterMs === 0) return noDeadlines;
  const resolveRestarts = settings?.autoResolveMode === 'update';
  return { ...noDeadlines, resolveAt: now + resolveAfterMs, resolveAfterMs, resolveRestarts };
}

/** An alert joined or changed. */
export function restarted(timers: Deadlines, now: number): Deadlines {
  return timers.resolveRestarts ? { ...timers, resolveAt: now + timers.resolveAfterMs } : timers;
}

/** Deadlines after reopening: the time until it closes starts again. */
export function reopenedDeadlines(timers: Deadlines, now: number): Deadlines {
  return { ...timers, escalateAt: 0, resolveAt: timers.resolveAfterMs === 0 ? 0 : now + timers.resolveAfterMs };
}

/** The wait for the next layer starts now, or when the snooze ends. */
export function waitingForNextLayer(incident: Incident, now: number): Deadlines {
  const escalation = incident.assignedTo?.escalation;
  const waits = escalation !== undefined && (escalation.force || incident.progress !== 'Processing');
  const escalateAt = waits ? Math.max(now, incident.snoozedBefore) + escalation.afterMs : 0;
  return { ...incident.timers, escalateAt };
}

export function withoutNextLayer(timers: Deadlines): Deadlines {
  return timers.escalateAt === 0 ? timers : { ...timers, escalateAt: 0 };
}

/** Replaces the snooze by one until `end` (0 = none); the wait for the next layer pauses as long. */
export function pausedUntil(incident: Incident, end: number, now: number): Deadlines {
  const { timers } = incident;
  if (timers.escalateAt === 0) return timers;
  const moved = Math.max(end, now) - Math.max(incident.snoozedBefore, now);
  return { ...timers, escalateAt: timers.escalateAt + moved };
}

function dues(incident: Incident): { due: Due; at: number }[] {
  if (incident.progress === 'Closed') return [];
  const { resolveAt, escalateAt } = incident.timers;
  const all = [
    { due: 'resolve' as const, at: resolveAt },
    // A snoozed incident is not escalated.
    incident.snoozedBefore === 0
      ? { due: 'escalate' as const, at: escalateAt }
      : { due: 'snooze' as const, at: incident.snoozedBefore },
  ];
  return all.filter(({ at }) => at !== 0);
}
