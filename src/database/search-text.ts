/** The kinds of object whose texts are indexed. */
export const searchedKinds = ['incident', 'alert'] as const;
export type SearchedKind = (typeof searchedKinds)[number];

/** What the index is asked for: all of it must hold. */
export interface Sought {
  /** Each stands in the text. */
  readonly words: readonly string[];
  /** Of each list it has one: labels, custom fields and attributes with their values, by {@link pairOf}. */
  readonly pairs: readonly (readonly number[])[];
}

/** What the index holds of an incident or an alert. */
export interface SearchDocument {
  readonly id: string;
  readonly text: string;
  readonly pairs: readonly number[];
  /** Tells whether it is still what was indexed. */
  readonly hash: number;
}

/** What a list of incidents is narrowed by. */
export interface SearchedRow {
  readonly incident_id: string;
  readonly title: string;
  readonly description: string;
  readonly labels_json: string;
  readonly fields_json: string;
  readonly severity: string;
  readonly creator_id: number;
  readonly closer_id: number;
  readonly ever_muted: number;
  readonly snoozed_before: number;
  readonly responders_json: string;
}

/** The columns of {@link SearchedRow}. */
export const searchedColumns =
  'incident_id, title, description, labels_json, fields_json, severity, creator_id, closer_id, ever_muted, snoozed_before, responders_json';

/** What a list of alerts is narrowed by. */
export interface SearchedAlertRow {
  readonly alert_id: string;
  readonly title: string;
  readonly labels_json: string;
  readonly channel_id: number;
  readonly integration_id: number;
  readonly alert_key: string;
  readonly severity: string;
  readonly ever_muted: number;
  readonly end_time: number;
}

/** The columns of {@link SearchedAlertRow}. */
export const searchedAlertColumns =
  'alert_id, title, labels_json, channel_id, integration_id, alert_key, severity, ever_muted, end_time';

export interface SearchedAlertLabels {
  readonly incident_id: string;
  readonly labels_json: string;
}

/**
 * Labels are refreshed without an event, so alerts are found by the time of their last change too, which another may
 * commit this much later.
 */
export const refreshOverlapMs = 15_000;

/** A change of an alert with the same time is committed within so long. */
const momentMs = 100;

/** An alert and when it last changed. */
export interface AlertMoment {
  readonly alert_id: string;
  readonly updated_at: number;
}

/** Alerts of the last seconds that are in the index as they are: they are met again and again. */
export class RefreshedAlerts {
  readonly #seen = new Map<string, number>();

  get size(): number {
    return this.#seen.size;
  }

  /** How many of them changed after an instant. */
  knownSince(since: number): number {
    let known = 0;
    for (const updatedAt of this.#seen.values()) if (updatedAt > since) known += 1;
    return known;
  }

  /**
   * @param alerts in the order of their changes.
   * @returns those to take, at most so many, and the time up to which all are in the index then.
   */
  next(alerts: readonly AlertMoment[], max: number): { fresh: readonly AlertMoment[]; reached: number } {
    const unknown = alerts.filter((one) => this.#seen.get(one.alert_id) !== one.updated_at);
    const fresh = unknown.slice(0, max);
    const last = unknown.length > max ? fresh.at(-1) : alerts.at(-1);
    return { fresh, reached: last?.updated_at ?? 0 };
  }

  /**
   * They were taken because of an event, and need not be taken again. The newest may change once more within the same
   * millisecond, so they are.
   * @param alerts as they were before their texts were read.
   */
  takenByEvent(alerts: readonly AlertMoment[]): void {
    const newest = alerts.reduce((latest, one) => Math.max(latest, one.updated_at), 0);
    for (const { alert_id, updated_at } of alerts) {
      if (updated_at > newest - momentMs) continue;
      this.#seen.delete(alert_id);
      this.#seen.set(alert_id, updated_at);
    }
  }

  /** @param reached the time of the newest that was taken. */
  taken(alerts: readonly AlertMoment[], reached: number): void {
    for (const { alert_id, updated_at } of alerts) {
      this.#seen.delete(alert_id);
      this.#seen.set(alert_id, updated_at);
    }
    // About in the order of their changes, as they came.
    for (const [alertId, updatedAt] of this.#seen) {
      if (updatedAt > reached - 2 * refreshOverlapMs) break;
      this.#seen.delete(alertId);
    }
  }
}

/** Alerts of one incident whose labels are searched: the oldest. */
export const searchedAlertsMax = 100;

/** Names of labels and fields are not part of the text. */
export function incidentDocument(row: SearchedRow, alerts: readonly SearchedAlertLabels[]): SearchDocument {
  const labels = membersOf(row.labels_json);
  const fields = membersOf(row.fields_json);
  const ofAlerts = alerts.flatMap((alert) => textsOf(membersOf(alert.labels_json)));
  const lines = [row.title, row.description, ...textsOf(labels), ...textsOf(fields), ...ofAlerts];
  const responders = JSON.parse(row.responders_json) as { personId: number }[];
  const attributes: Members = [
    [attribute.severity, row.severity],
    [attribute.creator, row.creator_id],
    [attribute.closer, row.closer_id],
    [attribute.muted, row.ever_muted === 1],
    [attribute.snoozed, row.snoozed_before !== 0],
    ...responders.map(({ personId }) => [attribute.responder, personId] as const),
  ];
  return documentOf(row.incident_id, lines, [...labels, ...fields, ...attributes]);
}

export function alertDocument(row: SearchedAlertRow): SearchDocument {
  const attributes: Members = [
    [attribute.channel, row.channel_id],
    [attribute.integration, row.integration_id],
    [attribute.key, row.alert_key],
    [attribute.severity, row.severity],
    [attribute.muted, row.ever_muted === 1],
    [attribute.active, row.end_time === 0],
  ];
  return documentOf(row.alert_id, [row.title], [...membersOf(row.labels_json), ...attributes]);
}

/** Names of attributes beside labels: no label's name begins with a blank. */
export const attribute = {
  severity: ' severity',
  creator: ' creator',
  closer: ' closer',
  responder: ' responder',
  muted: ' muted',
  snoozed: ' snoozed',
  channel: ' channel',
  integration: ' integration',
  key: ' key',
  active: ' active',
} as const;

/** One of these values; nothing is asked for where there are none. */
export function oneOf(name: string, values: readonly unknown[]): (readonly number[])[] {
  return values.length === 0 ? [] : [values.map((value) => pairOf(name, value))];
}

/** A label, custom field or attribute with its value, as a number of 32 bits: two pairs may fall together, but seldom do. */
export function pairOf(name: string, value: unknown): number {
  return hashOf(`${name}\n${JSON.stringify(value)}`);
}

type Members = readonly (readonly [name: string, value: unknown])[];

function documentOf(id: string, lines: readonly string[], members: Members): SearchDocument {
  // In lower case, each line once. Two characters follow the last one, so that each character begins a trigram.
  const text = `${[...new Set(lines)].join('\n').toLowerCase()}\n\n`;
  const pairs = [...new Set(members.map(([name, value]) => pairOf(name, value)))];
  return { id, text, pairs, hash: hashOf(`${pairs.join(' ')}\n${text}`) };
}

function membersOf(json: string): Members {
  return Object.entries(JSON.parse(json) as Record<string, unknown>);
}

function textsOf(members: Members): string[] {
  return members.flatMap(([, value]) => (Array.isArray(value) ? value.map(String) : [String(value)]));
}

/** FNV-1a with 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
