import { useEffect, useRef } from 'react';
import { useRead } from '../api/query.ts';
import { useSignal } from '../api/signal.ts';
import { liveStream } from '../api/live-stream.ts';
import { openCritical } from '../parts/burning.ts';
import { failingWebhooks, openIncidents } from '../parts/usual-requests.ts';

export interface Counts {
  readonly critical: number;
  readonly failing: number;
}

const everyMs = 1000;
/** For the service it is the dearest of the numbers: it goes through the deliveries of all webhooks. */
const failingEveryMs = 5000;
const goesWell: ReadonlySet<string> = new Set(['pending', 'sending', 'delivered']);
/** A tab that nobody looks at has a title all the same. */
const hiddenEveryMs = 30_000;

/** The numbers in the navigation. */
export function useCounts(): Counts {
  const asleep = useSignal(liveStream.state) === 'asleep';
  const incidents = useRead('/incident/stats', openIncidents, { live: { topics: ['incident'], everyMs }, poll: true });
  const failing = useRef(0);
  const webhooks = useRead('/webhook/list', failingWebhooks, {
    live: {
      topics: ['delivery'],
      everyMs: failingEveryMs,
      // While nothing fails, a push that goes well changes nothing.
      wants: ({ data }) => failing.current > 0 || !goesWell.has(String(data['state'])),
    },
    poll: true,
  });
  const { refetch } = incidents;
  useEffect(() => {
    if (!asleep) return undefined;
    const timer = setInterval(() => void refetch(), hiddenEveryMs);
    return () => clearInterval(timer);
  }, [asleep, refetch]);
  const critical = incidents.data?.by_severity.Critical ?? 0;
  useEffect(() => openCritical.set(critical), [critical]);
  const count = webhooks.data?.total ?? 0;
  useEffect(() => {
    failing.current = count;
  }, [count]);
  return { critical, failing: count };
}
