import { setPriority } from 'node:os';
import type { Browser, BrowserContext } from 'playwright-core';
import { launch } from '../../test/console/console-browser.ts';
import { serveParent } from '../programs/parent.ts';

/* A browser with so many consoles, each as if on a separate machine. */

/** What the browser takes must not be taken from the measured service. */
const lowestPriority = 19;

let browser: Browser | undefined;
let url = '';
let state: Awaited<ReturnType<BrowserContext['storageState']>> | undefined;
const contexts: BrowserContext[] = [];
let requests = 0;

serveParent({
  async start(input: { url: string; link: string }) {
    setPriority(lowestPriority);
    browser = await launch();
    url = input.url;
    const context = await browser.newContext({ baseURL: url });
    const page = await context.newPage();
    await page.goto(input.link);
    await page.waitForURL('**/welcome');
    state = await context.storageState();
    await context.close();
  },
  /** Resolves when so many are open, and their rows are there. */
  async open({ count }: { count: number }) {
    for (const context of contexts.splice(0)) await context.close();
    while (contexts.length < count) {
      const context = await browser?.newContext({
        baseURL: url,
        ...(state === undefined ? {} : { storageState: state }),
      });
      if (context === undefined) throw new Error('start first');
      contexts.push(context);
      const page = await context.newPage();
      await page.goto('/incident');
      await page.locator('h1').waitFor();
      page.on('request', () => (requests += 1));
    }
  },
  requests: () => requests,
});
