import { useEffect, useRef, useState } from 'react';
import type { Incident } from '../api/operations.ts';

const recentMs = 300_000;

interface Seen {
  readonly count: number;
  readonly grownAt: number;
}

/** The incidents that got more alerts in the last five minutes, as far as this page has seen it. */
export function useGrowth(incidents: readonly Incident[], now: number): ReadonlySet<string> {
  const seen = useRef(new Map<string, Seen>());
  const [grown, setGrown] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    for (const { incident_id: id, alert_cnt: count } of incidents) {
      const before = seen.current.get(id);
      const grownAt = before !== undefined && count > before.count ? now : (before?.grownAt ?? 0);
      seen.current.set(id, { count, grownAt });
    }
    const recent = [...seen.current].filter(([, one]) => one.grownAt > now - recentMs).map(([id]) => id);
    setGrown((known) =>
      recent.length === known.size && recent.every((id) => known.has(id)) ? known : new Set(recent),
    );
  }, [incidents, now]);
  return grown;
}
