import { useEffect, useRef, useState } from 'react';
import type { Alert, Incident } from '../api/operations.ts';
import { useRead } from '../api/query.ts';

const recentMs = 300_000;
const marginSeconds = 60;
const alertsMax = 100;

interface Seen {
  readonly count: number;
  readonly grownAt: number;
}

/** The incidents that got more alerts in the last five minutes: as the newest alerts say, and as this page has seen it since. */
export function useGrowth(incidents: readonly Incident[], now: number): ReadonlySet<string> {
  const seen = useRef(new Map<string, Seen>());
  const [grown, setGrown] = useState<ReadonlySet<string>>(new Set());
  const [openedAt] = useState(() => Math.floor(now / 1000));
  const newest = useRead(
    '/alert/list',
    { start_time: openedAt - recentMs / 1000, end_time: openedAt + marginSeconds, limit: alertsMax },
    { enabled: incidents.some((one) => one.alert_cnt > 1), keep: true },
  ).data?.items;
  useEffect(() => {
    const joined = joinedAt(incidents, newest ?? []);
    for (const { incident_id: id, alert_cnt: count } of incidents) {
      const before = seen.current.get(id);
      const grownAt = before !== undefined && count > before.count ? now : (before?.grownAt ?? 0);
      seen.current.set(id, { count, grownAt: Math.max(grownAt, joined.get(id) ?? 0) });
    }
    const recent = [...seen.current].filter(([, one]) => one.grownAt > now - recentMs).map(([id]) => id);
    setGrown((known) =>
      recent.length === known.size && recent.every((id) => known.has(id)) ? known : new Set(recent),
    );
  }, [incidents, newest, now]);
  return grown;
}

/** By incident, Unix milliseconds: when an alert began that the incident was not opened by. */
export function joinedAt(incidents: readonly Incident[], alerts: readonly Alert[]): ReadonlyMap<string, number> {
  const opened = new Map(incidents.map((one) => [one.incident_id, one.created_at]));
  const joined = new Map<string, number>();
  for (const { incident, created_at: at } of alerts) {
    const id = incident?.incident_id ?? '';
    if (at > (opened.get(id) ?? Infinity)) joined.set(id, Math.max(joined.get(id) ?? 0, at * 1000));
  }
  return joined;
}
