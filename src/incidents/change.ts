import type { Alert } from '../alerts/alert.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Directories } from '../events/directory.ts';
import type { IncidentEventType } from '../events/event-types.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure } from '../runtime/failure.ts';
import type { AssigningParts } from './assigning.ts';
import { ChangeSet, type ChangeSetParts, type Note } from './change-set.ts';
import type { FieldDirectory } from './field.ts';
import type { Incident } from './incident.ts';

/** What an action on alerts and incidents works with. */
export interface ActionParts extends ChangeSetParts, AssigningParts {
  readonly database: Database;
  readonly directories: Directories;
  readonly clock: Clock;
  readonly customFields: FieldSource;
}

/** The custom fields, as a transaction sees them. */
export interface FieldSource {
  in(tx: Transaction): Promise<FieldDirectory>;
}

/** One action: one transaction, in which all of `work` happens, with its events and deliveries, or nothing. */
export async function change<Result>(parts: ActionParts, work: (set: ChangeSet) => Promise<Result>): Promise<Result> {
  return parts.database.transaction(async (tx) => {
    const set = new ChangeSet(parts, tx, await parts.directories.in(tx), parts.clock.now());
    const result = await work(set);
    await set.save();
    return result;
  });
}

/** One pure change to each incident and an event for each; those that it gives back as they are get none. */
export async function changeEach(
  parts: ActionParts,
  incidentIds: readonly string[],
  type: IncidentEventType,
  step: (incident: Incident, now: number) => { readonly after: Incident; readonly note: Note },
): Promise<void> {
  await change(parts, async (set) => {
    await set.loadIncidents(incidentIds, false);
    for (const incident of known(set, incidentIds)) {
      set.begin();
      const { after, note } = step(incident, set.now);
      if (after === incident) continue;
      set.putIncident(after);
      set.incidentEvent(type, incident.incidentId, note);
    }
  });
}

/** @throws Failure `ResourceNotFound` that names every id that does not exist. */
export function known(set: ChangeSet, incidentIds: readonly string[]): Incident[] {
  return all('incident', incidentIds, (id) => set.incident(id));
}

/** @throws Failure `ResourceNotFound` that names every id that does not exist. */
export function knownAlerts(set: ChangeSet, alertIds: readonly string[]): Alert[] {
  return all('alert', alertIds, (id) => set.alert(id));
}

function all<T>(what: string, ids: readonly string[], find: (id: string) => T | undefined): T[] {
  const wanted = [...new Set(ids)];
  const missing = wanted.filter((id) => find(id) === undefined);
  if (missing.length > 0) throw new Failure('ResourceNotFound', `there is no ${what} ${missing.join(', ')}`);
  return wanted.flatMap((id) => find(id) ?? []);
}
