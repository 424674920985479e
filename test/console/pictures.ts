import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { launch, noBrowser, startConsole, type ConsoleApp } from './console-browser.ts';
import { serveRecording, type RecordedService, type Recording } from './recorded-service.ts';

/**
 * Makes the pictures of the README and the documents: `npm run screenshots`. They are made from the recorded answers of a
 * service with a handful of alerts, so that they change only where the console does. `-- --record` asks a service anew:
 * after a change of the console that asks for more, or of the scene below.
 * Chinese needs a font of the system, such as Debian's fonts-wqy-zenhei.
 */

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, 'docs', 'pictures');
const recordingFile = join(import.meta.dirname, 'pictures.json');

const alerts = [
  { title: 'HighCPU / web-01:9100', event_status: 'Critical', labels: { service: 'web', instance: 'web-01:9100' } },
  { title: 'Checkout latency', event_status: 'Warning', labels: { service: 'checkout', region: 'eu-west' } },
  { title: 'DiskFull / db-3:9100', event_status: 'Warning', labels: { service: 'db', instance: 'db-3:9100' } },
  { title: 'Certificate expires in 6 days', event_status: 'Info', labels: { service: 'web', host: 'www.example.org' } },
];

interface Scene {
  readonly works: number;
  readonly silent: number;
  readonly record: string;
  readonly incident: string;
}

async function prepare({ app }: ConsoleApp): Promise<Scene> {
  const { service, receiver } = app;
  const place = await app.place();
  await service.api('/channel/update', { channel_id: place.channelId, channel_name: 'Web shop' });
  receiver.answer('/tickets', { status: 200, delayMs: 60, body: '{"ticket": "OPS-4711"}' });
  receiver.answer(
    '/chat',
    { status: 500, headers: { 'content-type': 'application/json' }, body: '{"error": "the room is being moved"}' },
    { status: 200, delayMs: 850 },
  );
  receiver.answer('/runbook', 'hang');
  const at = (path: string): { endpoint: string } => ({ endpoint: receiver.url + path });
  const tickets = await place.hook('incident', { name: 'Tickets', ...at('/tickets?team=web') });
  // By a name, so that the waterfall shows the lookup; and on connections that no other webhook has opened.
  const silent = await place.hook('incident', {
    name: 'Self-healing',
    endpoint: `${receiver.url.replace('127.0.0.1', 'localhost')}/runbook`,
    headers: { 'X-Token': 'a-token-of-some-length' },
  });
  const chat = await place.hook('alert', { name: 'Chat bridge', ...at('/chat'), tls_verify: false });
  const lake = await place.hook('alert', {
    name: 'Data lake',
    ...at('/lake'),
    delivery_mode: 'at_least_once',
    timeout_ms: 10_000,
  });
  await service.api('/webhook/pause', { integration_id: lake.id });
  await service.api('/webhook/create', { type: 'custom_action', name: 'Restart host', ...at('/restart') });
  for (const alert of alerts) {
    await place.report({
      ...alert,
      alert_key: alert.title,
      description: 'Above 90 % for five minutes.\nSee https://runbook.example.org/cpu',
    });
  }
  await chat.history(alerts.length);
  const [opened] = await tickets.history(alerts.length);
  const incident = opened?.ref_id ?? '';
  await service.api('/incident/ack', { incident_ids: [incident] });
  await service.api('/incident/comment', { incident_ids: [incident], comment: 'Looking at it. The pool is full.' });
  await tickets.history(alerts.length + 2);
  const records = await silent.history(alerts.length + 2);
  receiver.release();
  return {
    works: tickets.id,
    silent: silent.id,
    record: records.find((one) => one.ref_id === incident)?.event_id ?? '',
    incident,
  };
}

interface Album {
  /** Unix milliseconds: what the clock of the browser says in all pictures. */
  readonly now: number;
  readonly scene: Scene;
  readonly answers: Recording;
}

/** A fixed port stands in the pictures, as part of addresses to copy. */
const port = 8567;
/** Each picture is drawn whole and by one thread: edges that are drawn over a second time come out darker. */
const drawingFlags = [
  '--disable-partial-raster',
  '--num-raster-threads=1',
  '--disable-checker-imaging',
  '--disable-lcd-text',
  '--run-all-compositor-stages-before-draw',
];
/** Pictures that are taken until two are alike. */
const turnsMax = 20;
const views = [
  { width: 1440, theme: 'light', language: 'en' },
  { width: 390, theme: 'dark', language: 'zh-CN' },
] as const;

async function take(
  browser: Browser,
  service: RecordedService,
  { scene, now }: Album,
  view: (typeof views)[number],
): Promise<void> {
  const narrow = view.width <= 640;
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width: view.width, height: narrow ? 844 : 900 },
    hasTouch: narrow,
    isMobile: narrow,
    locale: 'en-US',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  await context.addInitScript(({ theme, language }) => {
    localStorage.setItem('tocsin.theme', theme);
    localStorage.setItem('tocsin.language', language);
  }, view);
  const page = await context.newPage();
  await page.clock.setFixedTime(now);
  const tag = view.language === 'en' ? `${view.width}-${view.theme}` : `${view.width}-${view.theme}-${view.language}`;
  const shoot = async (name: string): Promise<void> => {
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    await page.mouse.move(0, 0);
    // Answers and the live light come when they come: the picture is the one that stays as it is.
    await page.waitForLoadState('networkidle');
    const picture = () => page.screenshot({ animations: 'disabled', caret: 'hide' });
    let [before, now] = [await picture(), await picture()];
    for (let turn = 0; turn < turnsMax && !before.equals(now); turn += 1) [before, now] = [now, await picture()];
    await writeFile(join(folder, `${name}-${tag}.png`), now);
  };
  const open = async (path: string, ready: string): Promise<void> => {
    await page.goto(path);
    await page.locator(ready).first().waitFor();
    await page.waitForFunction(() => document.querySelector('[aria-busy="true"], .loading') === null);
    if (!narrow) await page.locator('.state-light-live').waitFor();
  };
  await open('/integration-center/webhook', '.webhook-name');
  await shoot('webhooks');
  await open('/incident', '.incident-title');
  await shoot('incidents');
  await open(`/integration-center/webhook/${scene.works}?tab=settings`, '.rehearsal-types');
  await page.locator('.page-actions .button').first().click();
  await page.locator('.test-outcome').waitFor();
  await shoot('editor');
  await open(`/delivery/${scene.silent}/${scene.record}`, '.attempt');
  await shoot('delivery');
  await open(`/incident/detail/${scene.incident}`, '.entry-pushes');
  await shoot('incident');
  await context.close();
}

/** Asks a real service, and keeps its answers for all pictures to come. */
async function record(browser: Browser): Promise<void> {
  const console = await startConsole();
  try {
    const scene = await prepare(console);
    const visit = await console.visit({ role: 'admin' });
    await visit.page.locator('input[name="member_name"]').fill('Ada Lovelace');
    await visit.page.locator('input[name="new_password"]').fill('Vier Birnen + 1 Velo');
    await visit.page.locator('.welcome .button-primary').click();
    await visit.page.waitForURL('**/incident');
    const cookies = await visit.context.cookies();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    await visit.context.close();
    const album: Album = { now: Date.now(), scene, answers: {} };
    const service = await serveRecording(album.answers, port, { url: console.app.service.url, cookie });
    for (const view of views) await take(browser, service, album, view);
    await service.stop();
    await writeFile(recordingFile, `${JSON.stringify(album, null, 1)}\n`);
  } finally {
    await console.stop();
  }
}

async function replay(browser: Browser): Promise<void> {
  const album = JSON.parse(await readFile(recordingFile, 'utf8')) as Album;
  const service = await serveRecording(album.answers, port);
  try {
    for (const view of views) await take(browser, service, album, view);
  } finally {
    await service.stop();
  }
  if (service.unknown.length > 0) throw new Error(`record again (--record); not known: ${service.unknown.join('\n')}`);
}

if (noBrowser !== false) throw new Error(noBrowser);
await mkdir(folder, { recursive: true });
await promisify(execFile)(process.execPath, [join(root, 'console', 'build.ts'), '--when-stale'], { cwd: root });
const browser = await launch(drawingFlags);
try {
  if (process.argv.includes('--record')) await record(browser);
  await replay(browser);
} finally {
  await browser.close();
}
