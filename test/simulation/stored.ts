import type { DatabaseSync } from 'node:sqlite';

/** What lies on the disk, read by nobody's code but this. */
export interface StoredState {
  /** `state attempt fence` by delivery. */
  readonly deliveries: ReadonlyMap<string, string>;
  readonly events: number;
  readonly attempts: number;
  readonly said: ReadonlySet<string>;
}

export function readerOf(database: DatabaseSync): () => StoredState {
  const prepare = (sql: string) => database.prepare(sql);
  const deliveries = prepare("select delivery_id, state || ' ' || attempt || ' ' || fence as line from delivery");
  const counts = prepare(
    'select (select count(*) from event) as events, (select count(*) from attempt) + (select count(*) from delivery where started_at > 0) as attempts',
  );
  const said = prepare(`select description as text from alert_event
    union all select json_extract(detail_json, '$.comment') from event where event_type = 'i_comm'`);
  return () => {
    const { events, attempts } = counts.get() ?? {};
    return {
      deliveries: new Map(deliveries.all().map((row) => [String(row['delivery_id']), String(row['line'])])),
      events: Number(events),
      attempts: Number(attempts),
      said: new Set(said.all().map(({ text }) => String(text))),
    };
  };
}
