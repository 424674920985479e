import type { Found } from '../database.ts';
import {
  refreshOverlapMs,
  RefreshedAlerts,
  searchedKinds,
  type AlertMoment,
  type SearchedKind,
  type Sought,
} from '../search-text.ts';
import type { SqliteHandle } from './handle.ts';
import { dataSchema, IndexedTexts } from './indexed-texts.ts';

/**
 * An index of the texts of incidents and alerts, in a separate file, so that its cost is no part of any change. It only
 * repeats the database, so it may be lost and is made again. It follows the log of events, which has each change of them.
 */

/** Changes that one step takes; about 10 ms of work. */
const stepMax = 250;
/** Another number makes every index anew. */
const formatVersion = '4';
/** How far back it looks again when the place where it stood is gone from the log of events. */
const lookBackMax = 10_000;

interface IndexProgress {
  /** Of the last change in the log of events that is in the index. */
  readonly row: number;
  readonly eventId: string;
}

export class SearchIndex {
  readonly #handle: SqliteHandle;
  readonly #texts: Readonly<Record<SearchedKind, IndexedTexts>>;
  readonly #refreshed = new RefreshedAlerts();

  /** @param handle has the file of the index as its own and the database attached as {@link dataSchema}. */
  constructor(handle: SqliteHandle) {
    this.#handle = handle;
    this.#texts = { incident: new IndexedTexts(handle, 'incident'), alert: new IndexedTexts(handle, 'alert') };
    handle.exec('create table if not exists search_state (name text primary key, value text not null) strict');
    if (this.#state('version') !== formatVersion) this.#begin();
  }

  /** Takes some of the changes that are not in the index. False when there are none left. */
  advance(): boolean {
    for (const kind of searchedKinds) {
      const walked = this.#state(`walked ${kind}`);
      if (walked === walkedAll) continue;
      this.#walk(kind, walked ?? '');
      return true;
    }
    const place = { row: Number(this.#state('row') ?? 0), eventId: this.#state('event') ?? '' };
    const sound = this.#isWhere(place) ? place : this.#steppedBack(place);
    const changes = this.#rows<{ row: number; event_id: string; entity_kind: string; entity_id: string }>(
      `select rowid as row, event_id, entity_kind, entity_id from ${dataSchema}.event where rowid > ?
       order by rowid limit ${stepMax}`,
      [sound.row],
    );
    const last = changes.at(-1);
    if (last === undefined) {
      if (sound !== place) this.#inTransaction(() => this.#keep(sound));
      return this.#takeRefreshed();
    }
    const of = (kind: SearchedKind) => changes.filter((one) => one.entity_kind === kind).map((one) => one.entity_id);
    const alerts = of('alert');
    const moments = this.#rows<AlertMoment>(
      `select alert_id, updated_at from ${dataSchema}.alert where alert_id in (select value from json_each(?))`,
      [JSON.stringify([...new Set(alerts)])],
    );
    this.#inTransaction(() => {
      this.#texts.incident.take([...of('incident'), ...this.#incidentsOf(alerts)]);
      this.#texts.alert.take(alerts);
      this.#keep({ row: last.row, eventId: last.event_id });
    });
    this.#refreshed.takenByEvent(moments);
    return true;
  }

  /** Takes alerts whose labels were refreshed. False when there are none. */
  #takeRefreshed(): boolean {
    const since = Number(this.#state('refreshed') ?? 0);
    const moments = this.#rows<AlertMoment>(
      `select alert_id, updated_at from ${dataSchema}.alert where updated_at > ? order by updated_at, alert_id limit ?`,
      [since - refreshOverlapMs, stepMax + this.#refreshed.size],
    );
    const { fresh, reached } = this.#refreshed.next(moments, stepMax);
    if (fresh.length === 0 && reached <= since) return false;
    const ids = fresh.map((one) => one.alert_id);
    this.#inTransaction(() => {
      this.#texts.incident.take(this.#incidentsOf(ids));
      this.#texts.alert.take(ids);
      this.#set('refreshed', String(Math.max(since, reached)));
    });
    this.#refreshed.taken(fresh, Math.max(since, reached));
    return fresh.length > 0;
  }

  /** @returns undefined when there are `max` or more, or nothing to ask for. */
  find(kind: SearchedKind, sought: Sought, max: number): Found | undefined {
    return this.#texts[kind].find(sought, max);
  }

  #begin(): void {
    this.#handle.exec(`
      drop table if exists search_terms; drop table if exists search_document; drop table if exists search_words;
      delete from search_state`);
    for (const kind of searchedKinds) this.#texts[kind].begin();
    const [newest] = this.#rows<{ row: number; event_id: string }>(
      `select rowid as row, event_id from ${dataSchema}.event order by rowid desc limit 1`,
    );
    const [last] = this.#rows<{ time: number | null }>(`select max(updated_at) as time from ${dataSchema}.alert`);
    this.#inTransaction(() => {
      this.#set('version', formatVersion);
      this.#set('refreshed', String(last?.time ?? 0));
      this.#keep({ row: newest?.row ?? 0, eventId: newest?.event_id ?? '' });
    });
  }

  /** Indexes what was there before, page by page. */
  #walk(kind: SearchedKind, walked: string): void {
    const ids = this.#rows<{ id: string }>(
      `select ${kind}_id as id from ${dataSchema}.${kind} where ${kind}_id > ? order by ${kind}_id limit ${stepMax}`,
      [walked],
    ).map((row) => row.id);
    this.#inTransaction(() => {
      this.#texts[kind].take(ids);
      this.#set(`walked ${kind}`, ids.length === stepMax ? (ids.at(-1) ?? walkedAll) : walkedAll);
    });
  }

  #isWhere(place: IndexProgress): boolean {
    if (place.row === 0) return true;
    const [found] = this.#rows<{ event_id: string }>(`select event_id from ${dataSchema}.event where rowid = ?`, [
      place.row,
    ]);
    return found?.event_id === place.eventId;
  }

  /** The newest event was removed, and its row perhaps given to another; or the database is older than the index. */
  #steppedBack(place: IndexProgress): IndexProgress {
    const [newest] = this.#rows<{ row: number }>(
      `select coalesce(max(rowid), 0) as row from ${dataSchema}.event where rowid <= ?`,
      [place.row],
    );
    const row = Math.max(0, (newest?.row ?? 0) - lookBackMax);
    const [there] = this.#rows<{ row: number; event_id: string }>(
      `select rowid as row, event_id from ${dataSchema}.event where rowid <= ? order by rowid desc limit 1`,
      [row],
    );
    return { row: there?.row ?? 0, eventId: there?.event_id ?? '' };
  }

  #incidentsOf(alertIds: readonly string[]): string[] {
    if (alertIds.length === 0) return [];
    return this.#rows<{ incident_id: string }>(
      `select distinct incident_id from ${dataSchema}.alert
       where alert_id in (select value from json_each(?)) and incident_id <> ''`,
      [JSON.stringify([...new Set(alertIds)])],
    ).map((row) => row.incident_id);
  }

  #keep({ row, eventId }: IndexProgress): void {
    this.#set('row', String(row));
    this.#set('event', eventId);
  }

  #state(name: string): string | undefined {
    const [row] = this.#rows<{ value: string }>('select value from search_state where name = ?', [name]);
    return row?.value;
  }

  #set(name: string, value: string): void {
    this.#handle.execute(
      'insert into search_state (name, value) values (?, ?) on conflict do update set value = excluded.value',
      [name, value],
    );
  }

  #rows<Row>(text: string, parameters: readonly unknown[] = []): Row[] {
    return this.#handle.execute(text, parameters).rows as Row[];
  }

  #inTransaction(work: () => void): void {
    this.#handle.execute('begin');
    try {
      work();
      this.#handle.execute('commit');
    } catch (error) {
      if (this.#handle.inTransaction) this.#handle.execute('rollback');
      throw error;
    }
  }
}

/** `walked` when all that was there before the index is in it. */
const walkedAll = 'end';
