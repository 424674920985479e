import { useState } from 'react';
import type { CallError, Fault } from '../api/call.ts';
import type { Draft } from './draft.ts';

/** The part of a draft that a fault is about; a fault without an entry is about the whole draft. */
const parts: Readonly<Record<string, keyof Draft>> = {
  name: 'name',
  endpoint: 'endpoint',
  description: 'description',
  team_id: 'teamId',
  headers: 'headers',
  channel_ids: 'channelIds',
  event_types: 'eventTypes',
  timeout_ms: 'timeoutMs',
  unsent_retry_seconds: 'unsentRetry',
  rate_limit_per_second: 'rate',
  max_in_flight: 'inFlight',
  secret: 'secret',
};

/** The faults of a refused draft that still hold for the present one: a corrected field is not marked any more. */
export function faultsThatStand(faults: readonly Fault[], refused: Draft, present: Draft): readonly Fault[] {
  return faults.filter(({ field }) => {
    const part = parts[/^\w+/.exec(field)?.[0] ?? ''];
    return part === undefined ? refused === present : refused[part] === present[part];
  });
}

/** The same, for the draft as it was when the refusal came. */
export function useStandingFaults(error: CallError | null, draft: Draft): readonly Fault[] {
  const [refused, setRefused] = useState({ error, draft });
  if (refused.error !== error) setRefused({ error, draft });
  return error === null ? [] : faultsThatStand(error.faults, refused.error === error ? refused.draft : draft, draft);
}
