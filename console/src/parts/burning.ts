import { useEffect } from 'react';
import { signal, useSignal } from '../api/signal.ts';

/** Open incidents of severity Critical: the title of every page begins with their number, and the bell turns red. */
export const openCritical = signal(0);

export function useBurning(): number {
  return useSignal(openCritical);
}

/** The bell of the tab, whose colour is the only thing that changes. */
export function useBell(): void {
  const burning = useBurning() > 0;
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (icon === null) return;
    calm ??= icon.href;
    icon.href = burning ? calm.replace(calmColour, criticalColour) : calm;
  }, [burning]);
}

let calm: string | undefined;
const calmColour = '%230b5c63';
const criticalColour = '%23b3121d';
