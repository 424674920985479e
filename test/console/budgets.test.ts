import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { pushOf } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

const sources = join(import.meta.dirname, '..', '..', 'console');
const dist = join(sources, 'dist');
const assets = join(dist, 'assets');

/** Rooms whose pages are in the file of another one. */
const roomsTogether: Readonly<Record<string, string>> = {
  alerts: 'incidents',
  channels: 'sources',
  'first-run': 'sources',
};

/** Kilobytes after gzip. */
const scriptsMaxKb = 220;
const furtherScriptsMaxKb = 40;
const stylesMaxKb = 20;
const fontMaxKb = 49;
const requestsMax = 8;

describe('what the console costs', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;

  before(async () => {
    console = await startConsole();
    visit = await console.visit({ role: 'admin' });
  });
  after(() => console.stop());

  const firstPages = [
    '/',
    '/alert',
    '/delivery',
    '/integration-center/source/new',
    '/integration-center/webhook',
    '/integration-center/webhook/new',
    '/channel',
    '/channel/1',
    '/people',
    '/settings/audit',
    '/welcome/guide',
  ];
  for (const path of firstPages) {
    test(`${path} as the first page keeps to its budgets`, async () => {
      const page = await visit.context.newPage();
      const files: string[] = [];
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        // The live stream stays open after the page is there: it is no part of loading it.
        if (request.method() === 'GET' && pathname !== '/live') files.push(pathname);
      });
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      assert.ok(files.length <= requestsMax, files.join(' '));
      const sizeOf = (ending: string) => gzippedKb(files.filter((file) => file.endsWith(ending)));
      const [scripts, styles, font] = [await sizeOf('.js'), await sizeOf('.css'), await sizeOf('.woff2')];
      assert.ok(scripts > 50 && scripts <= scriptsMaxKb, `${scripts} kB of scripts`);
      assert.ok(styles > 1 && styles <= stylesMaxKb, `${styles} kB of styles`);
      assert.ok(font > 10 && font <= fontMaxKb, `${font} kB of font`);
      await page.close();
    });
  }

  /** So old may an answer be that was asked for before the scripts. */
  const begunMaxMs = 1_500;
  const firstCalls = ['/channel/list', '/incident/list', '/incident/stats', '/session/info', '/webhook/list'];

  test('the files of a page and what it shows are asked for before its first script has run, and once', async () => {
    const page = await visit.context.newPage();
    const { promise: allAsked, resolve } = Promise.withResolvers<void>();
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      asked.push(/\/incidents-[\w-]+\.js$/.test(pathname) ? 'files' : pathname);
      if (['files', ...firstCalls].every((path) => asked.includes(path))) resolve();
    });
    await page.route('**/assets/first-*.js', async (route) => {
      await allAsked;
      await route.continue();
    });
    await page.goto('/incident');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    assert.deepEqual(asked.filter((path) => firstCalls.includes(path)).sort(), firstCalls);
    await page.close();
  });

  test('an answer that was asked for long before its page is there is not shown: its changes came too early', async () => {
    const page = await visit.context.newPage();
    const lists: string[] = [];
    const { promise: isAsked, resolve } = Promise.withResolvers<void>();
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      lists.push(pathname);
      if (pathname === '/incident/list') resolve();
    });
    await page.addInitScript(() => {
      const clock = Object.assign(globalThis, { lateMs: 0 });
      const now = performance.now.bind(performance);
      performance.now = () => now() + clock.lateMs;
    });
    await page.route('**/assets/first-*.js', async (route) => {
      await isAsked;
      await page.evaluate((ms) => Object.assign(globalThis, { lateMs: ms }), begunMaxMs + 1);
      await route.continue();
    });
    await page.goto('/incident');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    assert.equal(lists.filter((path) => path === '/incident/list').length, 2);
    assert.equal(lists.filter((path) => path === '/session/info').length, 1);
    await page.close();
  });

  test('a filter in the address is asked for alone', async () => {
    const page = await visit.context.newPage();
    const bodies: string[] = [];
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/incident/list') bodies.push(request.postData() ?? '');
    });
    await page.goto('/incident?severity=Warning');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    assert.equal(bodies.length, 1);
    assert.match(bodies[0] ?? '', /"incident_severity":"Warning"/);
    await page.close();
  });

  test('there are no source maps, and each text file is there in its compressed form too', async () => {
    const files = await readdir(assets);
    assert.deepEqual(
      files.filter((file) => file.endsWith('.map')),
      [],
    );
    const texts = files.filter((file) => /\.(?:js|css|svg)$/.test(file));
    assert.deepEqual(
      texts.filter((file) => !files.includes(`${file}.br`)),
      [],
    );
  });

  test('each page of the routes adds few scripts to a page that is there, as the build has measured', async () => {
    const routes = await readFile(join(sources, 'src', 'routes.tsx'), 'utf8');
    const sizes = JSON.parse(await readFile(join(dist, '.sizes.json'), 'utf8')) as Size[];
    const pages = [...routes.matchAll(/import\('\.\/([\w-]+)\/([\w-]+\.tsx)'\)/g)];
    assert.ok(pages.length > 15, `${pages.length} pages`);
    for (const [, room = '', file = ''] of pages) {
      // The pages of a room are one file, also with those of another one, unless one of them is apart.
      const name = `src/${room}/${file}`;
      const size = sizes.find((one) => one.name === name || one.name.startsWith(`_${roomsTogether[room] ?? room}-`));
      assert.ok(size !== undefined, `nobody has measured ${name}`);
      assert.ok(size.firstKb > 100 && size.firstKb <= scriptsMaxKb, `${name}: ${size.firstKb} kB as the first page`);
      assert.ok(size.furtherKb > 0.1 && size.furtherKb <= furtherScriptsMaxKb, `${name} adds ${size.furtherKb} kB`);
    }
  });

  test('another page asks for no more scripts than the build has measured', async () => {
    const { page } = visit;
    await visit.open('/delivery');
    await visit.settled();
    let added = 0;
    for (const name of ['Incidents', 'Alert sources', 'Webhooks', 'Channels', 'People & teams']) {
      const files: string[] = [];
      const note = (request: { url(): string }) => void files.push(new URL(request.url()).pathname);
      page.on('request', note);
      await page
        .getByRole('link', { name: new RegExp(`^${name}`) })
        .first()
        .click();
      await page.getByRole('heading', { level: 1, name: new RegExp(`^${name}`) }).waitFor();
      await visit.settled();
      page.off('request', note);
      const size = await gzippedKb(files.filter((file) => file.endsWith('.js')));
      assert.ok(size <= furtherScriptsMaxKb, `${name} adds ${size} kB`);
      added += size;
    }
    assert.ok(added > 10, `${added} kB in all`);
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});

interface Size {
  readonly name: string;
  readonly firstKb: number;
  readonly furtherKb: number;
}

/** @param files paths below `/assets/`. */
async function gzippedKb(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async (file) => gzipSync(await readFile(join(assets, file.slice('/assets/'.length)))).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1000;
}

describe('what long lists cost', { skip: noBrowser }, () => {
  const incidents = 10_000;
  const alertsOfAPush = 1_000;
  /** The pages of the list that are read, of a hundred rows. */
  const pagesRead = 10;
  /** Those that fit on the screen, and as many above and below it as the list keeps ready. */
  const rowsMax = 60;
  /** The changed rows, the number of all, the counts of the filters and of the navigation, the pushes in sight. */
  const requestsOfAHintMax = 6;
  /** What the browser itself keeps for a while. */
  const growthMax = 1.05;
  let console: ConsoleApp;
  let visit: Visit;
  let page: Page;
  const ids: string[] = [];

  before(async () => {
    console = await startConsole({ env: { TOCSIN_INGEST_RATE: '0' } });
    const { app } = console;
    const place = await app.place();
    const hook = await place.hook('incident', { event_types: ['i_new'] });
    // The first ones have a webhook; the others would only be many more pushes.
    for (let index = 0; index < 3; index += 1) await place.report({ title: `first ${index}`, event_status: 'Info' });
    const pushes = await hook.pushes(3);
    ids.push(...pushes.map((one) => String(pushOf(one).incident?.['incident_id'])));
    await app.service.api('/webhook/disable', { integration_id: hook.id });
    const source = await app.service.api('/integration/create', {
      name: 'Prometheus',
      type: 'prometheus',
      channel_id: place.channelId,
    });
    for (let from = 0; from < incidents; from += alertsOfAPush) {
      const alerts = Array.from({ length: alertsOfAPush }, (_, index) => alertOf(from + index));
      const body = JSON.stringify({ version: '4', status: 'firing', receiver: 'r', groupLabels: {}, alerts });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(String(source['push_url']), { method: 'POST', headers, body });
      assert.equal(answer.status, 200);
    }
    visit = await console.visit({ role: 'responder' });
    ({ page } = visit);
  });
  after(() => console.stop());

  const rowsInPage = () => page.locator('.data-list-item').count();

  test('of ten thousand incidents only those about the screen are in the page, wherever it is', async () => {
    await visit.open('/incident');
    for (let read = 1; read <= pagesRead; read += 1) {
      await page.getByText(new RegExp(`^${(read * 100).toLocaleString('en-US')} of`)).waitFor();
      assert.ok((await rowsInPage()) <= rowsMax, `${await rowsInPage()} rows after ${read} pages`);
      if (read < pagesRead) await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    }
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2));
    await visit.settled();
    const rows = await rowsInPage();
    assert.ok(rows > 15 && rows <= rowsMax, `${rows} rows in the middle`);
  });

  test('a hint about a row of a long list costs the same few requests as in a short one, and no page of it', async () => {
    const { app } = console;
    const requests: string[] = [];
    const note = (request: { url(): string; postData(): string | null }) => {
      requests.push(`${new URL(request.url()).pathname} ${request.postData() ?? ''}`);
    };
    page.on('request', note);
    const changed = page.waitForResponse((one) => one.url().endsWith('/incident/list') && isAbout(one, ids[0] ?? ''));
    await app.service.api('/incident/ack', { incident_ids: [ids[0]] });
    await changed;
    await visit.settled();
    page.off('request', note);
    const lists = requests.filter((one) => one.startsWith('/incident/list'));
    assert.ok(lists.length > 0 && lists.length <= 2, lists.join('\n'));
    assert.ok(requests.length <= requestsOfAHintMax, requests.join('\n'));
  });

  test('hundreds of hints leave no more nodes and listeners in the page than there were', async () => {
    const { app } = console;
    const session = await visit.context.newCDPSession(page);
    await session.send('Performance.enable');
    const held = async (): Promise<{ nodes: number; listeners: number }> => {
      await session.send('HeapProfiler.collectGarbage');
      const { metrics } = await session.send('Performance.getMetrics');
      const of = (name: string): number => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
      return { nodes: of('Nodes'), listeners: of('JSEventListeners') };
    };
    const actAll = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        for (const path of ['/incident/ack', '/incident/unack']) await app.service.api(path, { incident_ids: ids });
      }
      await visit.settled();
    };
    await actAll(5);
    const before = await held();
    await actAll(40);
    const after = await held();
    assert.ok(before.nodes > 100 && after.nodes <= before.nodes * growthMax, `${before.nodes} to ${after.nodes} nodes`);
    assert.ok(after.listeners <= before.listeners * growthMax, `${before.listeners} to ${after.listeners} listeners`);
  });
});

function isAbout(response: { request(): { postData(): string | null } }, id: string): boolean {
  return response.request().postData()?.includes(id) === true;
}

function alertOf(number: number): object {
  return {
    status: 'firing',
    labels: { alertname: 'DiskFull', instance: `host-${number}:9100`, severity: 'critical' },
    startsAt: new Date().toISOString(),
    fingerprint: `host-${number}`,
  };
}
