import { DatabaseFailure, type Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Ids } from '../runtime/ids.ts';
import { isRepetition, newChange, withReport, type Change, type ChangePlace, type ChangeReport } from './change.ts';
import { insertChange, lockChange, purgeChanges, saveChange } from './change-store.ts';

export interface ChangeServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'object'>;
}

/** Days that changes are kept after their last report. */
export const changesKeptDays = 90;
const dayMs = 86_400_000;

/** Another node may insert a change of the same key at the same moment; the next try finds it. */
const conflictTriesMax = 5;

/** Records what deployment and ticket systems say about changes. */
export class ChangeService {
  readonly #parts: ChangeServiceParts;

  constructor(parts: ChangeServiceParts) {
    this.#parts = parts;
  }

  /** Resolves with the change after the report, when it is durable. */
  async record(place: ChangePlace, report: ChangeReport): Promise<Change> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#recordOnce(place, report);
      } catch (error) {
        if (tries >= conflictTriesMax || !(error instanceof DatabaseFailure) || error.kind !== 'conflict') throw error;
      }
    }
  }

  /** Deletes changes that were last heard of too long ago, `max` at most. @returns how many. */
  purge(now: number, max: number): Promise<number> {
    return this.#parts.database.transaction((tx) => purgeChanges(tx, now - changesKeptDays * dayMs, max));
  }

  #recordOnce(place: ChangePlace, report: ChangeReport): Promise<Change> {
    const { database, clock, ids } = this.#parts;
    const now = clock.now();
    const event = { eventId: ids.object(), report, createdAt: now };
    return database.transaction(async (tx) => {
      const before = await lockChange(database, tx, place.integrationId, report.changeKey);
      if (before === undefined) {
        const change = newChange(ids.object(), place, report, now);
        await insertChange(tx, change, event);
        return change;
      }
      if (isRepetition(before, place, report)) return before;
      const change = withReport(before, place, report, now);
      await saveChange(tx, change, event);
      return change;
    });
  }
}
