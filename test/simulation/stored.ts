import { DatabaseSync } from 'node:sqlite';

/** What lies on the disk, read by nobody's code but this. */
export interface StoredState {
  /** `state attempt fence` by delivery. */
  readonly deliveries: ReadonlyMap<string, string>;
  readonly events: number;
  readonly attempts: number;
  readonly said: ReadonlySet<string>;
}

export function readStored(file: string): StoredState {
  const database = new DatabaseSync(file);
  try {
    const texts = (sql: string): string[] =>
      database
        .prepare(sql)
        .all()
        .flatMap((row) => Object.values(row).filter((value) => typeof value === 'string'));
    const count = (table: string) =>
      Number(Object.values(database.prepare(`select count(*) from ${table}`).get() ?? {})[0]);
    const lines = texts("select delivery_id || ' ' || state || ' ' || attempt || ' ' || fence from delivery");
    const comments = texts("select json_extract(detail_json, '$.comment') from event where event_type = 'i_comm'");
    return {
      deliveries: new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])),
      events: count('event'),
      attempts: count('attempt'),
      said: new Set([...texts('select description from alert_event'), ...comments]),
    };
  } finally {
    database.close();
  }
}
