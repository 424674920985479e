/** The requests of each action, and those of its opposite. */
import type { Incident, Path, Request } from '../api/operations.ts';
import { carryOut } from '../api/carry-out.ts';
import type { ActionName } from './incident-rules.ts';

export interface Job {
  readonly action: ActionName;
  readonly incidents: readonly Incident[];
  send(ids: string[]): Promise<unknown>;
  /** The number of the incident that others are merged into. */
  readonly target?: string;
  /** Ids that one call takes, where that is not the usual number. */
  readonly size?: number;
}

export type SeverityName = Incident['incident_severity'];
export type Assignment = NonNullable<Request<'/incident/assign'>['assigned_to']>;

/** Paths that take a list of ids and what goes with them. */
function withIds<P extends Path>(path: P, more: Omit<Request<P>, 'incident_ids'>): Job['send'] {
  return (ids) => carryOut(path, { ...more, incident_ids: ids } as Request<P>);
}

export function jobOf(action: 'ack' | 'unack' | 'wake' | 'remove', incidents: readonly Incident[]): Job {
  return { action, incidents, send: withIds(`/incident/${action}`, {}) };
}

export function snoozeJob(incidents: readonly Incident[], minutes: number): Job {
  return { action: 'snooze', incidents, send: withIds('/incident/snooze', { minutes }) };
}

export function resolveJob(incidents: readonly Incident[], rootCause: string, resolution: string): Job {
  const texts = {
    ...(rootCause === '' ? {} : { root_cause: rootCause }),
    ...(resolution === '' ? {} : { resolution }),
  };
  return { action: 'resolve', incidents, send: withIds('/incident/resolve', texts) };
}

export function reopenJob(incidents: readonly Incident[], reason: string): Job {
  return { action: 'reopen', incidents, send: withIds('/incident/reopen', { reason }) };
}

export function assignJob(incidents: readonly Incident[], assignment: Assignment): Job {
  return { action: 'assign', incidents, send: withIds('/incident/assign', { assigned_to: assignment }) };
}

export function severityJob(incidents: readonly Incident[], severity: SeverityName): Job {
  return eachSeverity(incidents, () => severity);
}

function eachSeverity(incidents: readonly Incident[], severityOf: (id: string) => SeverityName): Job {
  const send = ([id = '']: string[]): Promise<unknown> =>
    carryOut('/incident/reset', { incident_id: id, incident_severity: severityOf(id) });
  return { action: 'severity', incidents, send, size: 1 };
}

export interface MergeInto {
  readonly target: Incident;
  readonly comment: string;
  readonly remove: boolean;
}

export function mergeJob(incidents: readonly Incident[], { target, comment, remove }: MergeInto): Job {
  const send = (ids: string[]): Promise<unknown> =>
    carryOut('/incident/merge', {
      source_incident_ids: ids,
      target_incident_id: target.incident_id,
      comment,
      remove_source_incidents: remove,
    });
  const sources = incidents.filter((one) => one.incident_id !== target.incident_id);
  return { action: 'merge', incidents: sources, send, target: target.num };
}

/** The opposite, for those with whom it was done; undefined where there is none. The opposite raises a separate event. */
export function undoOf({ action, incidents }: Job, done: readonly string[]): Job | undefined {
  const some = incidents.filter((one) => done.includes(one.incident_id));
  if (some.length === 0) return undefined;
  const before = new Map(some.map((one) => [one.incident_id, one.incident_severity]));
  switch (action) {
    case 'ack':
      return jobOf('unack', some);
    case 'unack':
      return jobOf('ack', some);
    case 'snooze':
      return jobOf('wake', some);
    case 'resolve':
      return reopenJob(some, '');
    case 'reopen':
      return resolveJob(some, '', '');
    case 'severity':
      return eachSeverity(some, (id) => before.get(id) ?? 'Info');
    case 'wake':
    case 'assign':
    case 'merge':
    case 'remove':
      return undefined;
  }
}

/** The event that each of them raises. */
export const eventOf: Readonly<Record<ActionName, string>> = {
  ack: 'i_ack',
  unack: 'i_unack',
  snooze: 'i_snooze',
  wake: 'i_wake',
  resolve: 'i_rslv',
  reopen: 'i_reopen',
  assign: 'i_assign',
  merge: 'i_merge',
  severity: 'i_r_severity',
  remove: '',
};
