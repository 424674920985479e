import { lazy, Suspense, useState, type ReactNode } from 'react';
import type { Incident } from '../api/operations.ts';
import { useSession } from '../api/session.ts';
import type { BatchResult } from '../parts/batch.ts';
import { HeldShortcuts } from '../parts/keys.ts';
import { ActionReport } from './action-report.tsx';
import { applies, type ActionName } from './incident-rules.ts';
import { jobOf, type Job } from './jobs.ts';
import { useJobs } from './use-jobs.ts';

const ActionDialog = lazy(() => import('./action-dialogs.tsx').then(({ ActionDialog }) => ({ default: ActionDialog })));

export interface Actions {
  /** Does it at once, or asks first for what it needs. */
  start(action: ActionName, incidents: readonly Incident[]): void;
  /** Whether it would change one of them. */
  applies(action: ActionName, incidents: readonly Incident[]): boolean;
  readonly busy: boolean;
  /** The result, for the place of the action. */
  readonly report: ReactNode;
  /** The question that is open. */
  readonly dialogs: ReactNode;
}

interface Asked {
  readonly action: ActionName;
  readonly incidents: readonly Incident[];
}

/** These need no word more. */
const atOnce: ReadonlySet<ActionName> = new Set(['ack', 'unack', 'wake']);

export function useActions(onDone?: (job: Job, result: BatchResult) => void): Actions {
  const { person } = useSession();
  const jobs = useJobs(onDone);
  const [asked, setAsked] = useState<Asked>();
  const fitting = (action: ActionName, incidents: readonly Incident[]): Incident[] =>
    incidents.filter((one) => applies(action, one, person.person_id, Date.now()));
  return {
    start(action, incidents) {
      const some = fitting(action, incidents);
      if (some.length === 0) return;
      if (atOnce.has(action)) {
        // What the action before did is seen through the live stream, often before its answer has come.
        jobs.runNext(jobOf(action as 'ack', some));
        return;
      }
      // A job that runs keeps its report.
      if (!jobs.busy) jobs.reset();
      setAsked({ action, incidents: some });
    },
    applies: (action, incidents) => fitting(action, incidents).length > 0,
    busy: jobs.busy,
    report: asked === undefined ? <ActionReport jobs={jobs} /> : null,
    dialogs:
      asked === undefined ? null : (
        <Suspense fallback={<HeldShortcuts />}>
          <ActionDialog {...asked} jobs={jobs} onClose={() => setAsked(undefined)} />
        </Suspense>
      ),
  };
}
