import type { ChannelSettings } from '../channels/channel.ts';
import type { Incident } from './incident.ts';

/*
 * What happens to an incident by time alone (contract 4.6 to 4.8): pure. An incident holds its own due times, so that
 * whoever has locked its row sees whether something is due, and nothing can be due twice.
 */

/** Instants are Unix milliseconds, 0 = never. */
export interface Timers {
  /** The next layer's turn. While the incident is snoozed it counts as if the snooze ran to its end. */
  readonly escalateAt: number;
  /** It closes by itself. */
  readonly resolveAt: number;
  /** After how long, as its channel said when it opened; 0 = never. */
  readonly resolveAfterMs: number;
  /** Whether alerts that join or change put the closing off. */
  readonly resolveRestarts: boolean;
}

export const noTimers: Timers = { escalateAt: 0, resolveAt: 0, resolveAfterMs: 0, resolveRestarts: false };

export type Due = 'resolve' | 'snooze' | 'escalate';

/** The earliest moment at which something is due; 0 = nothing is waited for. */
export function dueAt(incident: Incident): number {
  const times = dues(incident).map(({ at }) => at);
  return times.length === 0 ? 0 : Math.min(...times);
}

/** What is due first of all that is due now. Closing goes first: nothing else matters after it. */
export function dueNow(incident: Incident, now: number): Due | undefined {
  return dues(incident).find(({ at }) => at <= now)?.due;
}

/** The timers of an incident that opens now; `settings` of its channel, `undefined` when it has none. */
export function timersAtOpening(
  settings: Pick<ChannelSettings, 'autoResolveTimeoutSeconds' | 'autoResolveMode'> | undefined,
  now: number,
): Timers {
  const resolveAfterMs = (settings?.autoResolveTimeoutSeconds ?? 0) * 1000;
  if (resolveAfterMs === 0) return noTimers;
  const resolveRestarts = settings?.autoResolveMode === 'update';
  return { ...noTimers, resolveAt: now + resolveAfterMs, resolveAfterMs, resolveRestarts };
}

/** An alert joined or changed. */
export function restarted(timers: Timers, now: number): Timers {
  return timers.resolveRestarts ? { ...timers, resolveAt: now + timers.resolveAfterMs } : timers;
}

/** What was closed is open again: the time until it closes by itself begins anew. */
export function reopenedTimers(timers: Timers, now: number): Timers {
  return { ...timers, escalateAt: 0, resolveAt: timers.resolveAfterMs === 0 ? 0 : now + timers.resolveAfterMs };
}

/** The wait for the next layer begins now, or when the snooze ends. */
export function waitingForNextLayer(incident: Incident, now: number): Timers {
  const escalation = incident.assignedTo?.escalation;
  const waits = escalation !== undefined && (escalation.force || incident.progress !== 'Processing');
  const escalateAt = waits ? Math.max(now, incident.snoozedBefore) + escalation.afterMs : 0;
  return { ...incident.timers, escalateAt };
}

export function withoutNextLayer(timers: Timers): Timers {
  return timers.escalateAt === 0 ? timers : { ...timers, escalateAt: 0 };
}

/** A snooze until `end` (0 = none) takes the place of the one that there was: the wait for the next layer pauses as long. */
export function pausedUntil(incident: Incident, end: number, now: number): Timers {
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
    // A snoozed incident goes to nobody else.
    incident.snoozedBefore === 0
      ? { due: 'escalate' as const, at: escalateAt }
      : { due: 'snooze' as const, at: incident.snoozedBefore },
  ];
  return all.filter(({ at }) => at !== 0);
}
