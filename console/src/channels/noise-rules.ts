import type { Reply } from '../api/operations.ts';
import { emptyCondition, type Filter } from '../parts/conditions.ts';

export type Silence = Reply<'/channel/silence/rule/list'>['items'][number];
export type Inhibition = Reply<'/channel/inhibit/rule/list'>['items'][number];
export type Drop = Reply<'/channel/unsubscribe/rule/list'>['items'][number];

export const newFilter: Filter = [[emptyCondition]];

const dayMs = 86_400_000;
/** A Sunday: the service counts days of the week from it. */
const sunday = Date.UTC(2023, 0, 1);

/** A moment on that day of the week, in UTC. */
export function dayOfWeek(day: number): number {
  return sunday + day * dayMs;
}
