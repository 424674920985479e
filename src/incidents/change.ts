import type { Alert } from '../alerts/alert.ts';
import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Database } from '../database/database.ts';
import type { Directories } from '../events/directory.ts';
import type { IncidentEventType } from '../events/event-types.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure } from '../runtime/failure.ts';
import type { IncidentConfig } from './incident-config.ts';
import { UnitOfWork, type EventNote, type UnitOfWorkParts } from './unit-of-work.ts';
import type { Incident } from './incident.ts';

/** The parts that an action on alerts and incidents needs. */
export interface ActionParts extends UnitOfWorkParts {
  readonly database: Database;
  readonly directories: Directories;
  readonly clock: Clock;
  readonly config: SharedConfig<IncidentConfig>;
}

/** One action in one transaction: all of `work` happens, with its events and deliveries, or nothing. */
export async function change<Result>(parts: ActionParts, work: (set: UnitOfWork) => Promise<Result>): Promise<Result> {
  return parts.database.transaction(async (tx) => {
    const surroundings = { config: await parts.config.in(tx), directory: await parts.directories.in(tx) };
    const set = new UnitOfWork(parts, tx, surroundings, parts.clock.now());
    const result = await work(set);
    await set.save();
    return result;
  });
}

/**
 * An action that is too large for one transaction, in one after the other. A process that dies in between leaves what is done,
 * and the action can be repeated.
 * @param work does a part of it. @returns whether that was the last.
 */
export async function changeInRounds(
  parts: ActionParts,
  work: (set: UnitOfWork, isFirst: boolean) => Promise<boolean>,
): Promise<void> {
  let isFirst = true;
  while (!(await change(parts, (set) => work(set, isFirst)))) isFirst = false;
}

/** Applies one pure change to each incident, with an event for each that it changed. */
export async function changeEach(
  parts: ActionParts,
  incidentIds: readonly string[],
  type: IncidentEventType,
  step: (incident: Incident, now: number) => { readonly after: Incident; readonly note: EventNote },
): Promise<void> {
  await change(parts, async (set) => {
    await set.loadIncidents(incidentIds);
    for await (const incident of set.each(known(set, incidentIds))) {
      const { after, note } = step(incident, set.now);
      if (after === incident) continue;
      set.putIncident(after);
      set.incidentEvent(type, incident.incidentId, note);
    }
  });
}

/** @throws Failure `ResourceNotFound` that names every id that does not exist. */
export function known(set: UnitOfWork, incidentIds: readonly string[]): Incident[] {
  return all('incident', incidentIds, (id) => set.incident(id));
}

/** @throws Failure `ResourceNotFound` that names every id that does not exist. */
export function knownAlerts(set: UnitOfWork, alertIds: readonly string[]): Alert[] {
  return all('alert', alertIds, (id) => set.alert(id));
}

function all<T>(what: string, ids: readonly string[], find: (id: string) => T | undefined): T[] {
  const wanted = [...new Set(ids)];
  const missing = wanted.filter((id) => find(id) === undefined);
  if (missing.length > 0) throw new Failure('ResourceNotFound', `there is no ${what} ${missing.join(', ')}`);
  return wanted.flatMap((id) => find(id) ?? []);
}
