import type { Found } from '../database.ts';
import {
  alertDocument,
  incidentDocument,
  searchedAlertColumns,
  searchedAlertsMax,
  searchedColumns,
  type SearchDocument,
  type SearchedAlertLabels,
  type SearchedAlertRow,
  type SearchedKind,
  type SearchedRow,
  type Sought,
} from '../search-text.ts';
import type { SqliteHandle } from './handle.ts';

/** The database of the service, attached to the one that holds the index. */
export const dataSchema = 'data';

/** Trigrams that begin with the same one or two letters; with more of them the word is too common for the index. */
const beginningsMax = 100;
/** Trigrams of one word that are asked for; the rest of a long one is checked on the rows themselves. */
const trigramsMax = 32;

/** The texts of one kind of object by their trigrams, and the objects' labels and custom fields by their values. */
export class IndexedTexts {
  readonly #handle: SqliteHandle;
  readonly #kind: SearchedKind;

  constructor(handle: SqliteHandle, kind: SearchedKind) {
    this.#handle = handle;
    this.#kind = kind;
  }

  /** Makes it anew, empty. */
  begin(): void {
    const kind = this.#kind;
    this.#handle.exec(`
      drop table if exists ${kind}_terms; drop table if exists ${kind}_words; drop table if exists ${kind}_pair;
      drop table if exists ${kind}_document;
      create table ${kind}_document (document integer primary key, id text not null unique, hash integer not null) strict;
      create virtual table ${kind}_words using fts5 (
        text, tokenize = 'trigram', detail = none, content = '', contentless_delete = 1
      );
      create virtual table ${kind}_terms using fts5vocab(${kind}_words, row);
      create table ${kind}_pair (pair integer, document integer, primary key (pair, document)) strict, without rowid;
      create index ${kind}_pair_document on ${kind}_pair (document)`);
  }

  /**
   * Those whose text holds all trigrams of the words, which is more than those whose text holds the words, and that have
   * all the pairs.
   * @returns undefined when there are `max` or more, or there is nothing to ask for.
   */
  find({ words, pairs }: Sought, max: number): Found | undefined {
    const match = words.flatMap((word) => this.#tokensOf(word.toLowerCase()));
    if (match.includes(nowhere)) return { ids: [] };
    if (match.length === 0 && pairs.length === 0) return undefined;
    const kind = this.#kind;
    const rarest = this.#rarestFirst(pairs, max);
    if (match.length === 0 && rarest.every(({ count }) => count >= max) && rarest.length === 1) return undefined;
    const statement = findStatement(
      kind,
      match,
      rarest.map(({ wanted }) => wanted),
    );
    const found = this.#rows<{ id: string }>(statement.text, [...statement.parameters, max]);
    return found.length < max ? { ids: found.map((row) => row.id) } : undefined;
  }

  /** How many have one of each list, up to `max`: the fewest are looked through, and the rest asked of each. */
  #rarestFirst(pairs: Sought['pairs'], max: number): { wanted: string; count: number }[] {
    return pairs
      .map((list) => {
        const wanted = list.join(',');
        const [counted] = this.#rows<{ count: number }>(
          `select count(*) as count from (select 1 from ${this.#kind}_pair where pair in (${wanted}) limit ${max})`,
        );
        return { wanted, count: counted?.count ?? 0 };
      })
      .toSorted((one, other) => one.count - other.count);
  }

  /** Brings the texts of these up to date: of those that are gone too. */
  take(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const kind = this.#kind;
    const wanted = JSON.stringify([...new Set(ids)]);
    const known = new Map(
      this.#rows<{ document: number; id: string; hash: number }>(
        `select document, id, hash from ${kind}_document where id in (select value from json_each(?))`,
        [wanted],
      ).map((row) => [row.id, row]),
    );
    for (const one of kind === 'incident' ? this.#incidents(wanted) : this.#alerts(wanted)) {
      const before = known.get(one.id);
      known.delete(one.id);
      if (before?.hash === one.hash) continue;
      if (before !== undefined) this.#forget(before.document);
      this.#add(one);
    }
    for (const { document } of known.values()) this.#forget(document);
  }

  #add({ id, text, pairs, hash }: SearchDocument): void {
    const kind = this.#kind;
    const [added] = this.#rows<{ document: number }>(
      `insert into ${kind}_document (id, hash) values (?, ?) returning document`,
      [id, hash],
    );
    const document = added?.document;
    this.#handle.execute(`insert into ${kind}_words (rowid, text) values (?, ?)`, [document, text]);
    this.#handle.execute(`insert into ${kind}_pair (pair, document) select value, ? from json_each(?)`, [
      document,
      JSON.stringify(pairs),
    ]);
  }

  #forget(document: number): void {
    const kind = this.#kind;
    this.#handle.execute(`delete from ${kind}_words where rowid = ?`, [document]);
    this.#handle.execute(`delete from ${kind}_pair where document = ?`, [document]);
    this.#handle.execute(`delete from ${kind}_document where document = ?`, [document]);
  }

  #incidents(ids: string): SearchDocument[] {
    const rows = this.#rows<SearchedRow>(
      `select ${searchedColumns} from ${dataSchema}.incident
       where incident_id in (select value from json_each(?))`,
      [ids],
    );
    const firstAlerts = this.#rows<SearchedAlertLabels>(
      `select incident_id, labels_json from (
         select incident_id, labels_json, row_number() over (partition by incident_id order by alert_id) as place
         from ${dataSchema}.alert where (has_joined = 1 and incident_id in (select value from json_each(?)))
           or (incident_id in (select value from json_each(?)) and alert_id in (select first_alert
             from ${dataSchema}.incident where incident_id in (select value from json_each(?)))))
       where place <= ${searchedAlertsMax}`,
      [ids, ids, ids],
    );
    const alerts = Map.groupBy(firstAlerts, (row) => row.incident_id);
    return rows.map((row) => incidentDocument(row, alerts.get(row.incident_id) ?? []));
  }

  #alerts(ids: string): SearchDocument[] {
    const rows = this.#rows<SearchedAlertRow>(
      `select ${searchedAlertColumns} from ${dataSchema}.alert
       where alert_id in (select value from json_each(?))`,
      [ids],
    );
    return rows.map(alertDocument);
  }

  /** What the text must hold for the word: trigrams, and for one or two letters one of those that begin with them. */
  #tokensOf(word: string): string[] {
    const letters = Array.from(word);
    if (letters.length > 2) return trigramsOf(letters);
    const found = this.#rows<{ term: string }>(
      `select term from ${this.#kind}_terms where term >= ? and term < ? limit ${beginningsMax}`,
      [word, `${word}\u{10ffff}`],
    );
    if (found.length === 0) return [nowhere];
    return found.length < beginningsMax ? [`(${found.map(({ term }) => quoted(term)).join(' OR ')})`] : [];
  }

  #rows<Row>(text: string, parameters: readonly unknown[] = []): Row[] {
    return this.#handle.execute(text, parameters).rows as Row[];
  }
}

/** @param pairs lists of pairs, the rarest first: those that have one of it are looked through. */
export function findStatement(
  kind: SearchedKind,
  match: readonly string[],
  pairs: readonly string[],
): { text: string; parameters: readonly string[] } {
  const conditions = pairs.map((wanted, at) =>
    at === 0
      ? `document in (select document from ${kind}_pair where pair in (${wanted}))`
      : `exists (select 1 from ${kind}_pair where pair in (${wanted}) and document = found.document)`,
  );
  if (match.length > 0) conditions.push(`document in (select rowid from ${kind}_words where ${kind}_words match ?)`);
  return {
    text: `select id from ${kind}_document as found where ${conditions.join(' and ')} limit ?`,
    parameters: match.length > 0 ? [match.join(' AND ')] : [],
  };
}

/** Stands for a word that is in no text. */
const nowhere = '';

/** The trigrams of a word as the index splits texts, each quoted. */
function trigramsOf(letters: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = 0; at + 3 <= letters.length && found.length < trigramsMax; at += 1) {
    found.push(quoted(letters.slice(at, at + 3).join('')));
  }
  return found;
}

function quoted(token: string): string {
  return `"${token.replaceAll('"', '""')}"`;
}
