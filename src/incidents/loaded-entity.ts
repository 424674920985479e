import type { Alert } from '../alerts/alert.ts';

/** A row as loaded, `undefined` when new, and as it is now. */
export interface LoadedEntity<T> {
  readonly stored: T | undefined;
  now: T;
}

export function held<T>(map: ReadonlyMap<string, LoadedEntity<T>>, id: string): T {
  const one = map.get(id);
  if (one === undefined) throw new Error(`${id} is changed without having been loaded`);
  return one.now;
}

export function changed<T>(map: ReadonlyMap<string, LoadedEntity<T>>): T[] {
  return [...map.values()].filter((one) => one.stored !== undefined && one.stored !== one.now).map((one) => one.now);
}

export function added<T>(map: ReadonlyMap<string, LoadedEntity<T>>): T[] {
  return [...map.values()].filter((one) => one.stored === undefined).map((one) => one.now);
}

/** About how many characters the row of an alert, an incident or a report has. */
export function sizeOf({ labels, description }: Pick<Alert, 'labels' | 'description'>): number {
  let characters = description.length;
  for (const name in labels) characters += labels[name]?.length ?? 0;
  return characters;
}

export function sizeOfReport({ report }: { readonly report: Pick<Alert, 'labels' | 'description'> }): number {
  return sizeOf(report);
}
