import { emptyCondition, type Filter } from '../parts/conditions.ts';
import type { RuleOf } from './rule-kind.ts';

export type Silence = RuleOf<'silence'>;

export const newFilter: Filter = [[emptyCondition]];

const dayMs = 86_400_000;
/** A Sunday: the service counts days of the week from it. */
const sunday = Date.UTC(2023, 0, 1);

/** A moment on that day of the week, in UTC. */
export function dayOfWeek(day: number): number {
  return sunday + day * dayMs;
}
