import { useSyncExternalStore } from 'react';

/** From here on, a detail fits beside its list. */
const query = matchMedia('(min-width: 1200px)');

function follow(listener: () => void): () => void {
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}

export function useWide(): boolean {
  return useSyncExternalStore(follow, () => query.matches);
}
