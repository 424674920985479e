import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import { candidatesMax, type Database, type Dialect, type Found } from '../database/database.ts';
import { attribute, oneOf, type Sought } from '../database/search-text.ts';

/** Text conditions of a list. */
export interface TextFilter {
  /** Each word is in the title, the description, a label's or a custom field's value, or is the id or number. */
  readonly query: string;
  /** Contained in the title; `*` for any run of characters, `?` for one. */
  readonly title: string;
  /** Each label has exactly this value. */
  readonly labels: Readonly<Record<string, string>>;
  /** Each custom field has exactly this value. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const idForm = /^[0-9a-f]{24}$/i;
const numForm = /^[0-9a-f]{6}$/i;

/** Incidents that may fit, by the index; undefined when everything has to be looked at. */
export async function candidates(database: Database, filter: TextFilter & AttributeFilter): Promise<Found | undefined> {
  const sought = soughtBy(filter);
  const isSought = sought.words.length > 0 || sought.pairs.length > 0;
  const named = searchedWords(filter.query).find(isName);
  if (!isSought && named === undefined) return undefined;
  const found = await database.find('incident', isSought ? sought : { words: [named ?? ''], pairs: [] }, candidatesMax);
  if (found?.ids === undefined || isSought || named === undefined) return found;
  return { ids: [...new Set([...found.ids, ...(await idsOf(database, named))])] };
}

/** Conditions on what a person, a severity or a state is, which the index knows too. */
export interface AttributeFilter {
  readonly severities: readonly string[];
  readonly creatorIds: readonly number[];
  readonly closerIds: readonly number[];
  /** One of these people is a responder, or has acknowledged it. */
  readonly responderIds: readonly number[];
  readonly ackerIds: readonly number[];
  readonly snoozedAt: { readonly now: number; readonly snoozed: boolean } | undefined;
  readonly everMuted: boolean | undefined;
}

/** An id or a number: it need not stand in the text. */
function isName(word: string): boolean {
  return idForm.test(word) || numForm.test(word);
}

/** A condition that only an index makes quick. */
export function hasText({ query, title, labels, fields }: TextFilter): boolean {
  return query !== '' || title !== '' || Object.keys(labels).length > 0 || Object.keys(fields).length > 0;
}

export function textConditions(dialect: Dialect, filter: TextFilter, found: Found | undefined): RawBuilder<boolean>[] {
  const { like, hasMember } = dialect;
  return [
    ...searchedWords(filter.query).map((word) => mentions(dialect, word, found)),
    ...(filter.title === '' ? [] : [like('title', filter.title)]),
    ...Object.entries(filter.labels).map(([name, value]) => hasMember('labels_json', name, JSON.stringify(value))),
    ...Object.entries(filter.fields).map(([name, value]) => hasMember('fields_json', name, JSON.stringify(value))),
  ];
}

function mentions(dialect: Dialect, word: string, found: Found | undefined): RawBuilder<boolean> {
  const { contains, containsValue } = dialect;
  const columns = [
    contains('title', word),
    contains('description', word),
    containsValue('labels_json', word),
    containsValue('fields_json', word),
  ];
  const places = [
    ...(found?.holds === undefined ? [...columns, hasAlertWith(dialect, word)] : [found.holds(word)]),
    ...(numForm.test(word) ? [sql<boolean>`num = ${word.toUpperCase()}`] : []),
    ...(idForm.test(word) ? [sql<boolean>`incident_id = ${word.toLowerCase()}`] : []),
  ];
  return sql<boolean>`(${sql.join(places, sql` or `)})`;
}

/** The labels of an incident are those of its first alert: only others have to be looked at. */
function hasAlertWith({ containsValue }: Dialect, word: string): RawBuilder<boolean> {
  return sql<boolean>`((alert_cnt > 1 or creator_id <> 0) and exists (select 1 from alert
    where ((alert.has_joined = 1 and alert.incident_id = incident.incident_id)
      or (alert.alert_id = incident.first_alert and alert.incident_id = incident.incident_id)) and ${containsValue('alert.labels_json', word)}))`;
}

export function searchedWords(query: string): string[] {
  return [...new Set(query.split(/\s+/).filter((word) => word !== ''))];
}

/** What an incident that fits must have, id and number aside: all that is asked of the index. */
function soughtBy(filter: TextFilter & AttributeFilter): Sought {
  const { query, title, labels, fields } = filter;
  const words = [...searchedWords(query).filter((word) => !isName(word)), ...title.split(/[*?]/)];
  const named = [...Object.entries(labels), ...Object.entries(fields)];
  const pairs = [
    ...named.flatMap(([name, value]) => oneOf(name, [value])),
    ...oneOf(attribute.severity, filter.severities),
    ...oneOf(attribute.creator, filter.creatorIds),
    ...oneOf(attribute.closer, filter.closerIds),
    ...oneOf(attribute.responder, filter.responderIds),
    ...oneOf(attribute.responder, filter.ackerIds),
    ...oneOf(attribute.muted, filter.everMuted === undefined ? [] : [filter.everMuted]),
    ...oneOf(attribute.snoozed, filter.snoozedAt?.snoozed === true ? [true] : []),
  ];
  return { words: words.filter((word) => word !== ''), pairs };
}

async function idsOf(database: Database, name: string): Promise<string[]> {
  const rows = await database.longRead
    .selectFrom('incident')
    .select('incident_id')
    .where(({ eb, or }) => or([eb('incident_id', '=', name.toLowerCase()), eb('num', '=', name.toUpperCase())]))
    .limit(candidatesMax)
    .execute();
  return rows.map((row) => row.incident_id);
}
