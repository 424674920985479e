import { useSyncExternalStore } from 'react';

/** A value that components follow, and that code outside of components can set. */
export interface Signal<T> {
  get(): T;
  set(next: T): void;
  follow(listener: () => void): () => void;
}

export function signal<T>(first: T): Signal<T> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useSignal<T>(one: Signal<T>): T {
  return useSyncExternalStore(one.follow, one.get);
}
