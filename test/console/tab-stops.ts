import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

/** Tab stops that a test may take to get anywhere. */
export const stopsMax = 80;

/** The name of the element that has the focus. */
export function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    const isField = element instanceof HTMLInputElement || element instanceof HTMLSelectElement;
    const label = isField ? (element.labels?.[0]?.querySelector('.unseen') ?? element.labels?.[0])?.textContent : '';
    return label || (element?.getAttribute('aria-label') ?? element?.textContent ?? '');
  });
}

/** Presses Tab until the element of this name has the focus. */
export async function tabToName(page: Page, name: string): Promise<void> {
  for (let stop = 0; stop < stopsMax; stop += 1) {
    if ((await focusedName(page)).trim() === name) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no tab stop is called ${name}`);
}
