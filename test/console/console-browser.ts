import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import axe, { type RunOptions } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page, type Request } from 'playwright-core';
import { until } from '../support/until.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../support/test-app.ts';

const root = join(import.meta.dirname, '..', '..');
const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** How long a page may take to get to where a test expects it, on a machine that is busy with other things. */
const patienceMs = 20_000;

const program = await firstOf(programs);

/** For `describe`: why the tests of the console cannot run here; with CI set they must. */
export const noBrowser: string | false =
  program === undefined && process.env['CI'] === undefined ? 'there is no Chromium here' : false;

async function firstOf(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

export type Role = 'admin' | 'responder' | 'viewer';

export interface VisitOptions {
  /** Absent: nobody is signed in. */
  readonly role?: Role;
  readonly width?: number;
  /** A usual screen of 1280 by 1024 px on which the page is enlarged so many times; instead of a width. */
  readonly enlarged?: number;
  readonly theme?: 'light' | 'dark';
  readonly language?: 'en' | 'zh-CN';
  readonly timeZone?: string;
}

/** Somebody with a browser at the console. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Opens a path of the console. */
  open(path: string): Promise<void>;
  /** Resolves when the page has shown all that it asked the service for. */
  settled(): Promise<void>;
  /** What axe finds wrong with the page as it is, a line for each fault. */
  faultsOfPage(): Promise<string[]>;
  /** The same with the page in each theme, one after the other; it stays in the dark one. */
  faultsInBothThemes(): Promise<string[]>;
}

/** The real service with a browser to visit it. */
export interface ConsoleApp {
  readonly app: TestApp;
  visit(options?: VisitOptions): Promise<Visit>;
  /** A sign-in link for a new member. */
  linkFor(role: Role): Promise<string>;
  /** Faults of all pages so far: reports of the policy, errors, dialogs, requests to anybody else. */
  readonly mishaps: readonly string[];
  stop(): Promise<void>;
}

/** @param more flags of Chromium beside those of all tests. */
export async function startConsole(options: TestAppOptions = {}, more: readonly string[] = []): Promise<ConsoleApp> {
  await promisify(execFile)(process.execPath, [join(root, 'console', 'build.ts'), '--when-stale'], { cwd: root });
  const stack = new AsyncDisposableStack();
  try {
    const app = await startTestApp(options);
    stack.defer(() => app.stop());
    const browser = await launch(more);
    stack.defer(() => browser.close());
    const mishaps: string[] = [];
    return {
      app,
      mishaps,
      visit: (visitor = {}) => visit(app, browser, mishaps, visitor),
      linkFor: (role) => linkFor(app, role),
      stop: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** @param more flags of Chromium beside those of all tests. */
export function launch(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: program ?? '', args: [...flags, ...more] });
}

let members = 0;

async function linkFor(app: TestApp, role: Role): Promise<string> {
  members += 1;
  const email = `${role}-${members}@example.org`;
  const ids: Record<Role, number> = { admin: 1, responder: 2, viewer: 3 };
  const invited = await app.service.api('/member/invite', {
    members: [{ email, member_name: `${role} ${members}`, role_ids: [ids[role]] }],
  });
  const id = (invited['items'] as { member_id: number }[])[0]?.member_id;
  const link = await app.service.api('/session/link/create', { member_id: id });
  return String(link['url']);
}

async function visit(app: TestApp, browser: Browser, mishaps: string[], options: VisitOptions): Promise<Visit> {
  const { role, width = 1440, enlarged = 1, theme = 'light', language = 'en', timeZone = 'UTC' } = options;
  const narrow = width <= 640;
  const viewport = { width, height: narrow ? 844 : 900 };
  const context = await browser.newContext({
    baseURL: app.service.url,
    viewport: enlarged === 1 ? viewport : { width: 1280 / enlarged, height: 1024 / enlarged },
    deviceScaleFactor: enlarged,
    hasTouch: narrow,
    isMobile: narrow,
    locale: 'en-US',
    timezoneId: timeZone,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(patienceMs);
  await context.addInitScript(remember, { theme, language });
  await context.exposeBinding('reportMishap', (_source, text: string) => mishaps.push(text));
  await context.addInitScript(watchPolicy);
  await context.route(
    (url) => url.origin !== app.service.url && url.protocol !== 'blob:',
    (route) => {
      mishaps.push(`a request to ${route.request().url()}`);
      return route.abort();
    },
  );
  const page = await context.newPage();
  const settled = watchRequests(page);
  page.on('pageerror', (error) => mishaps.push(`an error in ${page.url()}: ${error.message}`));
  page.on('dialog', (dialog) => {
    if (dialog.type() !== 'beforeunload') mishaps.push(`a dialog in ${page.url()}: ${dialog.message()}`);
    void dialog.accept();
  });
  page.on('console', (message) => {
    if (/content security policy|trusted ?types/i.test(message.text())) mishaps.push(message.text());
  });
  if (role !== undefined) {
    await page.goto(await linkFor(app, role));
    await page.waitForURL('**/welcome');
  }
  return {
    page,
    context,
    async open(path) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
    settled,
    faultsOfPage: () => faultsOf(page, everyRule),
    async faultsInBothThemes() {
      const faults: string[] = [];
      for (const one of ['light', 'dark'] as const) {
        await page.evaluate((chosen) => {
          document.documentElement.dataset['theme'] = chosen;
        }, one);
        // A theme is another set of colours, and nothing else.
        const found = await faultsOf(page, one === 'light' ? everyRule : rulesOfColours);
        faults.push(...found.map((fault) => `${one}: ${fault}`));
      }
      return faults;
    },
  };
}

/** Runs in the page, before anything of it. */
function remember({ theme, language }: { theme: string; language: string }): void {
  // Only at the first page: the console has to remember later choices.
  if (localStorage.getItem('tocsin.theme') !== null) return;
  localStorage.setItem('tocsin.theme', theme);
  localStorage.setItem('tocsin.language', language);
}

/** Runs in the page, before anything of it. */
function watchPolicy(): void {
  document.addEventListener('securitypolicyviolation', (event) => {
    const report = `policy: ${event.violatedDirective} by ${event.blockedURI} in ${event.sourceFile}:${event.lineNumber}`;
    (globalThis as unknown as { reportMishap(text: string): void }).reportMishap(report);
  });
}

/** The page asks for more within this time after an answer, if it does. */
const quietMs = 50;

/** @returns a function that resolves when no request is open but that of the live stream, and none follows. */
function watchRequests(page: Page): () => Promise<void> {
  const open = new Set<Request>();
  let begun = 0;
  const ended = (request: Request) => void open.delete(request);
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/live') return;
    begun += 1;
    open.add(request);
  });
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);
  return async () => {
    for (let before = -1; before !== begun || open.size > 0;) {
      await until(() => open.size === 0);
      before = begun;
      await page.evaluate(framesAfter, quietMs);
    }
  };
}

/** Runs in the page: resolves after so many milliseconds and the frame that follows. */
function framesAfter(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => setTimeout(resolve)), ms));
}

const everyRule: RunOptions = {
  resultTypes: ['violations'],
  // A fault shows its element; how to select each element that was looked at took a sixth of the time.
  selectors: false,
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
};
const rulesOfColours: RunOptions = {
  selectors: false,
  resultTypes: ['violations'],
  runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
};

async function faultsOf(page: Page, options: RunOptions): Promise<string[]> {
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(`${axe.source}; undefined`);
  const found = await page.evaluate(async (chosen) => {
    const runner = (globalThis as unknown as { axe: typeof axe }).axe;
    const results = await runner.run(document, chosen);
    return results.violations.flatMap((violation) =>
      violation.nodes.map(
        (node) => `${violation.id} (${violation.help}): ${node.html.slice(0, 200)} — ${node.failureSummary ?? ''}`,
      ),
    );
  }, options);
  return found;
}
