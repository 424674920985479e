import { setPriority } from 'node:os';
import type { Browser, BrowserContext } from 'playwright-core';
import { launch } from '../../test/console/console-browser.ts';
import { serveParent } from '../programs/parent.ts';

/* A browser with so many consoles, each as if on a separate machine. */

/** What the browser takes must not be taken from the measured service. */
const lowestPriority = 19;

export interface Recording {
  readonly recorded: readonly Recorded[];
  readonly lengthMs: number;
}

/** A request of a console. */
export interface Recorded {
  readonly path: string;
  readonly body: string;
  /** Milliseconds from the beginning of the recording. */
  readonly at: number;
}

let browser: Browser | undefined;
let url = '';
let cookies: readonly string[] = [];
const contexts: BrowserContext[] = [];
let requests = 0;
let recorded: Recorded[] = [];
let begun = 0;

serveParent({
  /** @param cookies one for each of the people. */
  async start(input: { url: string; cookies: readonly string[] }) {
    setPriority(lowestPriority);
    browser = await launch();
    ({ url, cookies } = input);
  },
  /** Resolves when so many are open, and their rows are there. */
  async open({ count }: { count: number }) {
    for (const context of contexts.splice(0)) await context.close();
    while (contexts.length < count) {
      const context = await browser?.newContext({ baseURL: url });
      const [name = '', value] = cookies[contexts.length]?.split('=') ?? [];
      if (context === undefined || value === undefined) throw new Error('start first');
      await context.addCookies([{ name, value, url }]);
      contexts.push(context);
      const page = await context.newPage();
      await page.goto('/incident');
      await page.locator('h1').waitFor();
      page.on('request', (request) => {
        requests += 1;
        if (request.method() !== 'POST') return;
        const { pathname } = new URL(request.url());
        recorded.push({ path: pathname, body: request.postData() ?? '{}', at: performance.now() - begun });
      });
    }
  },
  requests: () => requests,
  /** Forgets what the consoles have asked for so far. */
  record() {
    recorded = [];
    begun = performance.now();
  },
  /** What they have asked for since then, and for how long. */
  recorded: (): Recording => ({ recorded, lengthMs: performance.now() - begun }),
});
