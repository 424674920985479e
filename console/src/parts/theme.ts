import { useEffect } from 'react';
import { remembered } from '../api/remembered.ts';
import { useSignal } from '../api/signal.ts';

export const themeChoice = remembered('theme', ['system', 'light', 'dark'] as const, 'system');

/** Keeps the page in the chosen theme; `before-paint.ts` has set it for the first paint. */
export function useTheme(): void {
  const choice = useSignal(themeChoice);
  useEffect(() => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const apply = (): void => {
      const dark = choice === 'dark' || (choice === 'system' && system.matches);
      document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    };
    apply();
    system.addEventListener('change', apply);
    return () => system.removeEventListener('change', apply);
  }, [choice]);
}
