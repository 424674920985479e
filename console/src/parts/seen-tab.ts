import { useEffect, useRef, type RefObject } from 'react';

/** A row of tabs that is wider than its screen begins where the chosen one is seen. */
export function useSeenTab<T extends HTMLElement>(chosen: string): RefObject<T | null> {
  const list = useRef<T>(null);
  useEffect(() => {
    const row = list.current;
    const tab = row?.querySelector(`[data-tab="${chosen}"]`);
    if (row === null || tab === null || tab === undefined) return;
    const [outer, inner] = [row.getBoundingClientRect(), tab.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) {
      row.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    }
  }, [chosen]);
  return list;
}
