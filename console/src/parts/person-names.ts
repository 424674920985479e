import { useMemo } from 'react';
import { useRead } from '../api/query.ts';

const personsMax = 1000;

/** The names of these people, as far as they are known. */
export function usePersonNames(ids: readonly number[]): ReadonlyMap<number, string> {
  const wanted = [...new Set(ids)].filter((id) => id > 0).sort((a, b) => a - b);
  const found = useRead(
    '/person/infos',
    { person_ids: wanted.slice(0, personsMax) },
    { enabled: wanted.length > 0, keep: true },
  );
  const people = found.data?.items;
  return useMemo(() => new Map((people ?? []).map((one) => [one.person_id, one.person_name])), [people]);
}
