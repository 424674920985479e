import { useEffect, useLayoutEffect, useRef, type RefObject } from 'react';
import { remembered } from '../api/remembered.ts';

/** A shortcut: one key, or two after each other with a space between, such as `g i`. */
export interface Shortcut {
  readonly keys: string;
  readonly label: string;
  readonly group: string;
  run(): void;
}

/** One entry for each component that has shortcuts. */
const registered = new Set<RefObject<readonly Shortcut[]>>();

/** What works now. */
export function activeShortcuts(): Shortcut[] {
  return [...registered].flatMap((one) => one.current);
}

/** Single letters can get in the way of speech input, so they can be turned off. */
export const singleLetters = remembered('keys', ['on', 'off'] as const, 'on');

/** Makes shortcuts work while the component is there. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const held = useRef(shortcuts);
  useEffect(() => {
    held.current = shortcuts;
  });
  useEffect(() => {
    registered.add(held);
    return () => {
      registered.delete(held);
    };
  }, []);
}

/** How many things are open over the page, or about to be. */
let covers = 0;

/** Keeps the shortcuts of the page from working while the component is there. */
export function useHeldShortcuts(): void {
  useLayoutEffect(() => {
    covers += 1;
    return () => {
      covers -= 1;
    };
  }, []);
}

/**
 * Stands in for a dialog whose script is still coming: a quick hand writes into it already, and must not acknowledge
 * an incident by that.
 */
export function HeldShortcuts(): null {
  useHeldShortcuts();
  return null;
}

const sequenceMaxMs = 1000;

/** Listens for all shortcuts; to be called once. Gives back what ends it. */
export function listenForShortcuts(target: Document): () => void {
  let before = '';
  let beforeAt = 0;
  const onKey = (event: KeyboardEvent): void => {
    if (covers > 0 || event.defaultPrevented || event.isComposing || isTyping(event.target)) return;
    const key = keyOf(event);
    if (key === '') return;
    const sequence = event.timeStamp - beforeAt < sequenceMaxMs && before !== '' ? `${before} ${key}` : '';
    const found = find(sequence) ?? find(key);
    before = found === undefined ? key : '';
    beforeAt = event.timeStamp;
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  };
  target.addEventListener('keydown', onKey);
  return () => target.removeEventListener('keydown', onKey);
}

function find(keys: string): Shortcut | undefined {
  if (keys === '') return undefined;
  if (singleLetters.get() === 'off' && !keys.startsWith('Ctrl+')) return undefined;
  return activeShortcuts().find((one) => one.keys === keys);
}

function keyOf(event: KeyboardEvent): string {
  if (event.altKey || ['Shift', 'Control', 'Meta', 'Alt'].includes(event.key)) return '';
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.key.toLowerCase()}`;
  return event.key;
}

/** In a field a letter is a letter; in a dialog or a menu keys belong to that. Ctrl+K opens the palette from anywhere. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return (
    target.closest(
      'input:not([type="checkbox"], [type="radio"]), textarea, select, [role="dialog"], [role="menu"], [role="listbox"]',
    ) !== null
  );
}
