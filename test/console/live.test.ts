import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Hook, Place } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

describe('the console follows what happens', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;
  let page: Page;
  let place: Place;
  let hook: Hook;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    hook = await place.hook('incident', { name: 'Tickets', timeout_ms: 1_000 });
    visit = await console.visit({ role: 'responder' });
    ({ page } = visit);
  });
  after(() => console.stop());

  const light = (text: string) => page.locator('.state-light', { hasText: text }).waitFor();
  const rows = () => page.getByRole('row').filter({ has: page.getByRole('gridcell') });
  const newRows = (count: string) => page.getByRole('button', { name: `${count} new deliver` });

  test('an empty list shows its first delivery at once; later ones wait behind a button', async () => {
    await visit.open('/delivery');
    await light('Live');
    await place.report({ title: 'first', alert_key: 'first' });
    await rows().first().waitFor();
    await place.report({ title: 'second', alert_key: 'second' });
    await newRows('1').waitFor();
    await place.report({ title: 'third', alert_key: 'third' });
    await newRows('2').waitFor();
    assert.equal(await rows().count(), 1);
    await newRows('2').click();
    await rows().nth(2).waitFor();
    assert.equal(await rows().count(), 3);
    assert.equal(await newRows('').count(), 0);
  });

  test('held, nothing moves and the light says so; let go, what came meanwhile waits', async () => {
    await page.keyboard.press('l');
    await light('Held. Press l to go on.');
    await place.report({ title: 'while held', alert_key: 'held' });
    await hook.history(4);
    assert.equal(await newRows('').count(), 0);
    await page.keyboard.press('l');
    await light('Live');
    await newRows('1').click();
    await rows().nth(3).waitFor();
  });

  test('a row changes in its place', async () => {
    console.app.receiver.answer(hook.path, 'hang');
    await place.report({ title: 'slow', alert_key: 'slow' });
    await newRows('1').click();
    const state = rows().first().locator('.delivery-mark');
    await state.getByText(/Sending|Unknown/).waitFor();
    await state.getByText('Unknown').waitFor();
    console.app.receiver.release();
    console.app.receiver.answer(hook.path, { status: 200 });
  });

  test('open critical incidents are counted in the navigation and in the title, and the bell turns red', async () => {
    await page.locator('.nav').getByText('5 open critical incidents').waitFor();
    await page.waitForFunction(() => document.title === '(5) Deliveries · Tocsin');
    const icon = await page.locator('link[rel="icon"]').getAttribute('href');
    assert.match(icon ?? '', /%23b3121d/);
    const { items } = (await console.app.service.api('/incident/list', { progress: 'Triggered', limit: 100 })) as {
      items: { incident_id: string }[];
    };
    await console.app.service.api('/incident/resolve', { incident_ids: items.map((one) => one.incident_id) });
    await page.waitForFunction(() => document.title === 'Deliveries · Tocsin');
    assert.doesNotMatch((await page.locator('link[rel="icon"]').getAttribute('href')) ?? '', /%23b3121d/);
  });

  test('a tab that nobody sees gives its connection back, and is right again as soon as it is seen', async () => {
    const other = await console.visit({ role: 'viewer' });
    await other.page.clock.install();
    await other.open('/delivery');
    const mark = other.page.locator('.state-light');
    await mark.getByText('Live').waitFor();
    // Rows of a first read that is answered later would not be new.
    await other.page.getByRole('gridcell').first().waitFor();
    await setVisibility(other.page, 'hidden');
    await other.page.clock.fastForward(31_000);
    await mark.getByText('Connecting…').waitFor();
    await place.report({ title: 'unseen', alert_key: 'unseen' });
    await hook.history(7);
    await setVisibility(other.page, 'visible');
    await mark.getByText('Live').waitFor();
    await other.page.clock.fastForward(2_000);
    await other.page.getByRole('button', { name: /new deliver/ }).waitFor();
    await other.context.close();
  });

  test('six tabs are open, and a seventh loads', async () => {
    const { context } = await console.visit({ role: 'viewer' });
    for (let tab = 0; tab < 6; tab += 1) {
      const one = await context.newPage();
      await one.clock.install();
      await one.goto('/delivery');
      await one.locator('.state-light').getByText('Live').waitFor();
      await setVisibility(one, 'hidden');
      await one.clock.fastForward(31_000);
    }
    const seventh = await context.newPage();
    await seventh.goto('/integration-center/webhook');
    await seventh.getByRole('row', { name: /Tickets/ }).waitFor();
    await seventh.locator('.state-light').getByText('Live').waitFor();
    await context.close();
  });

  test('without a stream the page polls and says so', async () => {
    const other = await console.visit({ role: 'viewer' });
    await other.page.clock.install();
    await other.context.route('**/live?*', (route) => route.fulfill({ status: 503, body: '' }));
    await other.open('/delivery');
    await other.page.getByRole('gridcell').first().waitFor();
    await other.page.clock.fastForward(10_000);
    await other.page.locator('.state-light').getByText('Live updates are off. Refreshing every 10 s.').waitFor();
    const shown = await other.page.getByText(/^\d+ of \d+$/).innerText();
    await place.report({ title: 'polled', alert_key: 'polled' });
    await hook.history(Number(shown.split(' ')[0]) + 1);
    await other.page.clock.fastForward(11_000);
    await other.page.getByRole('button', { name: /new deliver/ }).waitFor();
    await other.context.close();
  });

  test('a push that is cancelled without having been tried is not shown as waiting for ever', async () => {
    const lake = await place.hook('incident', { name: 'Shut lake' });
    await console.app.service.api('/webhook/pause', { integration_id: lake.id });
    await place.report({ title: 'shut', alert_key: 'shut' });
    const reader = await console.visit({ role: 'viewer' });
    await reader.page.clock.install();
    await reader.open(`/delivery?webhook=${lake.id}&outcome=pending`);
    await reader.page.getByText('Waiting: paused').waitFor();
    await console.app.service.api('/webhook/disable', { integration_id: lake.id });
    await reader.page.clock.fastForward(11_000);
    await reader.page.getByRole('row', { name: /Cancelled/ }).waitFor();
    await reader.context.close();
  });

  test('the list of alerts follows the stream: a new one is there at once, and a closed one leaves those that are open', async () => {
    const reader = await console.visit({ role: 'viewer' });
    await reader.page.clock.install();
    await reader.open('/alert?active=active');
    await reader.page.locator('.state-light').getByText('Live').waitFor();
    const row = reader.page.getByRole('row', { name: /alert of the stream/ });
    // Below the ten seconds of its clock after which the page asks anyway.
    await reader.page.clock.pauseAt(Date.now() + 2_000);
    const until = async (shown: boolean) => {
      for (let ms = 0; ms < 4_500 && (await row.count()) > 0 !== shown; ms += 1) await reader.page.clock.runFor(1);
      assert.equal((await row.count()) > 0, shown);
    };
    await place.report({ title: 'alert of the stream', alert_key: 'stream' });
    await until(true);
    await place.report({ title: 'alert of the stream', alert_key: 'stream', event_status: 'Ok' });
    await until(false);
    await reader.context.close();
  });

  test('what another member saves is in an open form, and what is typed there stays', async () => {
    const desk = await place.hook('incident', { name: 'Desk', timeout_ms: 1000 });
    const reader = await console.visit({ role: 'admin' });
    await reader.page.clock.install();
    await reader.open(`/integration-center/webhook/${desk.id}?tab=settings`);
    await reader.page.getByLabel('Name', { exact: true }).fill('Front desk');
    await console.app.service.api('/webhook/update', { integration_id: desk.id, description: 'of the night shift' });
    await reader.page.clock.fastForward(11_000);
    await reader.page.waitForFunction(() =>
      [...document.querySelectorAll('textarea, input')].some(
        (field) => (field as HTMLInputElement).value === 'of the night shift',
      ),
    );
    assert.equal(await reader.page.getByLabel('Name', { exact: true }).inputValue(), 'Front desk');
    await reader.page.getByRole('button', { name: 'Save' }).click();
    await reader.page.getByRole('heading', { name: 'Front desk' }).waitFor();
    const kept = await console.app.service.api('/webhook/info', { integration_id: desk.id });
    assert.deepEqual([kept['name'], kept['description']], ['Front desk', 'of the night shift']);
    await reader.context.close();
  });

  test('what changes while a page reads for the first time is shown, though the answer was older', async () => {
    const lake = await place.hook('incident', { name: 'Lake' });
    await place.report({ title: 'again', alert_key: 'again' });
    await lake.history(1);
    const reader = await console.visit({ role: 'responder' });
    await reader.open(`/delivery?webhook=${lake.id}&outcome=success`);
    await reader.page.locator('.state-light').getByText('Live').waitFor();
    const hinted = (state: string) => reader.page.evaluate(untilReplayIs, state);
    // The page knows the replay only when it has begun, so that the hint of its end is the first one for the page.
    await holdFirst(reader.page, '/webhook/replay', '"max_per_second"', hinted('running'));
    const answer = await holdFirst(reader.page, '/replay/info', '', hinted('done'));
    await reader.page.getByRole('button', { name: 'Replay these', exact: true }).click();
    const dialog = reader.page.getByRole('dialog', { name: 'Replay these deliveries' });
    await dialog.getByText('1 push will be sent.').waitFor();
    await dialog.getByLabel('At most per second').fill('1');
    await dialog.getByRole('button', { name: 'Start the replay' }).click();
    assert.match(await answer.text, /"state":"running"/);
    await dialog.getByText('Finished').waitFor();
    await reader.context.close();
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});

async function setVisibility(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((next) => {
    Object.defineProperty(document, 'visibilityState', { value: next, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}

/** Holds back the first answer to such a request until `release` resolves, which is then given. */
async function holdFirst(
  page: Page,
  path: string,
  body: string,
  release: Promise<void>,
): Promise<{ text: Promise<string> }> {
  const held = Promise.withResolvers<string>();
  let isFirst = true;
  await page.route(`**${path}`, async (route) => {
    if (!isFirst || !(route.request().postData() ?? '').includes(body)) return route.continue();
    isFirst = false;
    const answer = await route.fetch();
    const text = await answer.text();
    await release;
    await route.fulfill({ response: answer });
    held.resolve(text);
    return undefined;
  });
  return { text: held.promise };
}

/** Runs in the page, beside its own stream. */
function untilReplayIs(state: string): Promise<void> {
  return new Promise((resolve) => {
    const stream = new EventSource('/live?topics=replay');
    stream.addEventListener('replay', ({ data }: MessageEvent<string>) => {
      if ((JSON.parse(data) as { state: string }).state !== state) return;
      stream.close();
      resolve();
    });
  });
}
