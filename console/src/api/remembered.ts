import { signal, type Signal } from './signal.ts';

/** A choice that this browser keeps; without storage it lasts as long as the page. */
export function remembered<T extends string>(name: string, choices: readonly T[], first: T): Signal<T> {
  const key = `tocsin.${name}`;
  const stored = read(key);
  const one = signal<T>(choices.find((choice) => choice === stored) ?? first);
  return {
    ...one,
    set(next) {
      write(key, next);
      one.set(next);
    },
  };
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Forbidden or full: the choice holds until the page is closed.
  }
}
