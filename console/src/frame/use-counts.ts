import { useEffect } from 'react';
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
/** A tab that nobody looks at has a title all the same. */
const hiddenEveryMs = 30_000;

/** The numbers in the navigation. */
export function useCounts(): Counts {
  const asleep = useSignal(liveStream.state) === 'asleep';
  const incidents = useRead('/incident/stats', openIncidents, { live: { topics: ['incident'], everyMs }, poll: true });
  const webhooks = useRead('/webhook/list', failingWebhooks, {
    live: { topics: ['delivery'], everyMs: failingEveryMs },
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
  return { critical, failing: webhooks.data?.total ?? 0 };
}
