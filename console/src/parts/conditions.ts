/** Conditions of rules as they are typed. Pure. */

export interface Condition {
  readonly key: string;
  readonly oper: 'IN' | 'NOTIN';
  readonly vals: readonly string[];
}

export type Filter = readonly (readonly Condition[])[];

export const emptyCondition: Condition = { key: 'severity', oper: 'IN', vals: [] };

/** A value a line: values may hold any other character. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** For requests, whose arrays can be changed. */
export function plainConditions(list: readonly Condition[]): { key: string; oper: 'IN' | 'NOTIN'; vals: string[] }[] {
  return list.map(({ key, oper, vals }) => ({ key: key.trim(), oper, vals: vals.filter((value) => value !== '') }));
}

export function plainFilter(filter: Filter): ReturnType<typeof plainConditions>[] {
  return filter.map(plainConditions);
}
