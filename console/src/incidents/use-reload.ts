import { useQueryClient } from '@tanstack/react-query';
import type { Path } from '../api/operations.ts';

/** What a change of incidents makes old. */
const incidentReads: readonly Path[] = [
  '/incident/list',
  '/incident/info',
  '/incident/stats',
  '/incident/feed',
  '/incident/alert/list',
  '/webhook/history/summary',
  '/webhook/history/list',
];

export function useReload(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await Promise.all(incidentReads.map((path) => client.invalidateQueries({ queryKey: [path] })));
  };
}
