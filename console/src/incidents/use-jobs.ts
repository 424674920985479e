import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import type { CallError } from '../api/call.ts';
import type { Incident } from '../api/operations.ts';
import { inBatches, type BatchResult } from '../parts/batch.ts';
import { undoOf, type Job } from './jobs.ts';
import { useReload } from './use-reload.ts';

interface Progress {
  readonly finished: number;
  readonly total: number;
}

export interface Jobs {
  readonly busy: boolean;
  readonly progress: Progress | undefined;
  readonly finished: { readonly job: Job; readonly result: BatchResult } | undefined;
  /** Nothing was done: the service refused the call, or did not answer. */
  readonly error: CallError | null;
  run(job: Job, onDone?: (result: BatchResult) => void): void;
  /** As soon as the one that is on its way has been done in full; not once more when it is the same action. */
  runNext(job: Job): void;
  undo(): Job | undefined;
  reset(): void;
}

/** Carries jobs out, one after the other. */
export function useJobs(onDone: ((job: Job, result: BatchResult) => void) | undefined): Jobs {
  const reload = useReload();
  const [progress, setProgress] = useState<Progress>();
  const line = useRef<{ readonly running?: Job; readonly next?: Job }>({});
  const write = useMutation<BatchResult, CallError, Job>({
    mutationFn: (job) => {
      const total = job.incidents.length;
      line.current = { running: job };
      setProgress({ finished: 0, total });
      const ids = job.incidents.map((one) => one.incident_id);
      return inBatches(ids, job.send, (finished) => setProgress({ finished, total }), job.size);
    },
    onSuccess: (result, job) => {
      onDone?.(job, result);
      void reload();
    },
    onSettled: (result) => {
      const { next } = line.current;
      line.current = {};
      setProgress(undefined);
      if (next !== undefined && result?.refused.length === 0) write.mutate(next);
    },
  });
  const finished =
    write.data === undefined || write.variables === undefined
      ? undefined
      : { job: write.variables, result: write.data };
  return {
    busy: write.isPending,
    progress,
    finished,
    error: write.error,
    run: (job, then) => write.mutate(job, { onSuccess: (result) => then?.(result) }),
    runNext(job) {
      const { running } = line.current;
      if (running === undefined) write.mutate(job);
      else if (running.action !== job.action) line.current = { running, next: job };
    },
    undo: () => (finished === undefined ? undefined : undoOf(finished.job, finished.result.done)),
    reset: () => write.reset(),
  };
}

/** A sentence about several incidents names their number, about one its own number. */
export function useNameOf(): (incidents: readonly Incident[]) => string {
  const t = useTranslations('acting');
  return (incidents) => {
    const [only, second] = incidents;
    return only !== undefined && second === undefined
      ? t('one', { num: only.num, title: only.title })
      : t('several', { count: incidents.length });
  };
}
