import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Hook, Place } from '../support/test-app.ts';
import { until } from '../support/until.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';
import { focusedName, stopsMax, tabToName } from './tab-stops.ts';

describe('the console without a mouse', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;
  let page: Page;
  let place: Place;
  let hook: Hook;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    hook = await place.hook('incident', { name: 'Self-healing' });
    console.app.receiver.answer(hook.path, { status: 500 });
    for (const key of ['one', 'two', 'three']) await place.report({ title: key, alert_key: key });
    await hook.history(3);
    visit = await console.visit({ role: 'admin' });
    ({ page } = visit);
  });
  after(() => console.stop());

  const focused = (): Promise<string> => focusedName(page);
  const tabTo = (name: string): Promise<void> => tabToName(page, name);
  const isIn = (selector: string): Promise<boolean> =>
    page.evaluate((within) => document.activeElement?.closest(within) !== null, selector);
  const focusIn = (selector: string) =>
    page.waitForFunction((within) => (document.activeElement?.closest(within) ?? null) !== null, selector);

  test('the first stop skips the navigation', async () => {
    await visit.open('/integration-center/webhook');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'content');
  });

  test('g and a letter go to places, and single letters do nothing in a field', async () => {
    for (const [key, name] of [
      ['i', 'Incidents'],
      ['a', 'Alerts'],
      ['d', 'Deliveries'],
      ['s', 'Alert sources'],
      ['c', 'Channels'],
      ['p', 'People & teams'],
      ['w', 'Webhooks'],
    ] as const) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    }
    await page.keyboard.press('/');
    await page.keyboard.type('gd?');
    assert.equal(await page.getByLabel('Search').inputValue(), 'gd?');
    assert.equal(new URL(page.url()).pathname, '/integration-center/webhook');
    await page.getByLabel('Search').fill('');
  });

  test('a webhook is made and tested', async () => {
    await visit.open('/integration-center/webhook');
    await page.getByRole('row', { name: /Self-healing/ }).waitFor();
    await tabTo('New webhook');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'New incident webhook' }).waitFor();
    await tabTo('Name');
    await page.keyboard.type('By keyboard');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Endpoint');
    await page.keyboard.type(`${console.app.receiver.url}/keyboard`);
    await page.keyboard.press('Shift+Tab');
    for (let stop = 0; stop < stopsMax && (await focused()).trim() !== 'Test push'; stop += 1)
      await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByText('200 in').waitFor();
    await page.keyboard.press('Tab');
    assert.equal((await focused()).trim(), 'Create webhook');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo('Copy');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('Copied').waitFor({ state: 'attached' });
    await tabTo('Done');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'By keyboard' }).waitFor();
  });

  test('a failed delivery is found by j and Enter, sent again by r, and left by Escape', async () => {
    await visit.open('/delivery');
    await page
      .getByRole('row', { name: /Failed 500/ })
      .first()
      .waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'Opened → Self-healing' }).waitFor();
    console.app.receiver.answer(hook.path, { status: 200 });
    await page.keyboard.press('r');
    await page.locator('.resend').getByText('Delivered').waitFor();
    await page.keyboard.press('u');
    await page.getByText('Masked values are written as variables.').waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL(/\/delivery$/);
    assert.match(await page.evaluate(() => document.activeElement?.getAttribute('role') ?? ''), /row/);
  });

  test('failed deliveries are chosen and replayed: counted, started, stopped; then the focus is where it was', async () => {
    const lake = await place.hook('incident', { name: 'Lake', timeout_ms: 1_000 });
    console.app.receiver.answer(lake.path, { status: 500 });
    for (const key of ['four', 'five', 'six']) await place.report({ title: key, alert_key: key });
    await lake.history(3);
    // A replayed push waits for its answer, so that there is something to stop.
    console.app.receiver.answer(lake.path, 'hang');
    await visit.open(`/integration-center/webhook/${lake.id}`);
    await page
      .getByRole('row', { name: /Failed 500/ })
      .nth(2)
      .waitFor();
    await tabTo('Outcome');
    while (!page.url().includes('outcome=failed')) {
      const before = page.url();
      await page.keyboard.press('ArrowDown');
      await page.waitForURL((url) => url.href !== before);
    }
    await page.getByText('3 of 3').waitFor();
    await tabTo('Replay these');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Replay these deliveries' });
    await dialog.getByText('3 pushes will be sent.').waitFor();
    await tabTo('At most per second');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('1');
    await tabTo('Start the replay');
    await page.keyboard.press('Enter');
    await dialog.getByText(/^\d of 3$/).waitFor();
    await focusIn('[role="dialog"]');
    await tabTo('Stop');
    await page.keyboard.press('Enter');
    await dialog.getByText('Stopped').waitFor();
    await focusIn('[role="dialog"]');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.textContent === 'Replay these');
    console.app.receiver.release();
    console.app.receiver.answer(lake.path, { status: 200 });
  });

  test('arrows go from bar to bar of the chart, Enter narrows the time to one, and the focus stays in the chart', async () => {
    await visit.open(`/integration-center/webhook/${hook.id}`);
    const bars = page.getByRole('group', { name: /^Deliveries over time/ });
    await bars.getByRole('button').last().waitFor();
    for (let stop = 0; stop < stopsMax && !(await isIn('.chart')); stop += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Home');
    assert.match(await focused(), / 0 delivered, 0 failed/);
    await page.keyboard.press('End');
    for (let stop = 0; stop < stopsMax && / 0 failed/.test(await focused()); stop += 1) {
      await page.keyboard.press('ArrowLeft');
    }
    const bar = await focused();
    assert.match(bar, /[1-9] failed/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/from=\d+&to=\d+/);
    await page.waitForFunction((text) => !document.querySelector('.chart')?.textContent.includes(text), bar);
    await focusIn('.chart');
    // Another range has other bars.
    const narrow = await focused();
    await page.keyboard.press('[');
    await page.waitForFunction((text) => !document.querySelector('.chart')?.textContent.includes(text), narrow);
    await focusIn('.chart');
  });

  test('after a dialog the focus is where it was', async () => {
    await visit.open(`/integration-center/webhook/${hook.id}`);
    await tabTo('More actions');
    await page.keyboard.press('Enter');
    const disable = page.getByRole('menuitem', { name: 'Disable' });
    await disable.waitFor();
    await page.keyboard.press('ArrowDown');
    while (!(await disable.evaluate((item) => item === document.activeElement))) {
      await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.textContent === 'More actions');
  });

  test('back from a page the focus is on the row that it was opened from, by Escape and by its link', async () => {
    const onRow = () => page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'row');
    for (const [path, heading] of [
      ['/integration-center/webhook', 'Self-healing'],
      ['/incident', 'two'],
      ['/alert', 'two'],
    ] as const) {
      for (const leave of [() => page.keyboard.press('Escape'), () => page.locator('.page-back a').click()]) {
        await visit.open(path);
        const row = page.getByRole('row', { name: new RegExp(heading) });
        await row.focus();
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: heading }).waitFor();
        await leave();
        await page.waitForURL(new RegExp(`${path}$`));
        await onRow();
        assert.match(await focused(), new RegExp(heading), path);
      }
    }
  });

  test('letters that are typed before a dialog is there do nothing to the page below', async () => {
    const quick = await console.visit({ role: 'responder' });
    const script = Promise.withResolvers<void>();
    await quick.page.route(/dialog-popup|palette/, async (route) => {
      await script.promise;
      await route.continue();
    });
    const { items } = (await console.app.service.api('/incident/list', { progress: 'Triggered', limit: 1 })) as {
      items: { incident_id: string }[];
    };
    const incident_id = items[0]?.incident_id ?? '';
    await quick.open(`/incident/detail/${incident_id}`);
    await quick.page.getByRole('button', { name: /^Ack/ }).waitFor();
    await quick.page.keyboard.press('Control+k');
    await quick.page.keyboard.type('ark');
    script.resolve();
    await quick.page
      .getByRole('combobox', { name: /A page/ })
      .and(quick.page.locator(':focus'))
      .waitFor();
    assert.equal(await quick.page.getByRole('dialog').count(), 1);
    await quick.page.keyboard.press('Escape');
    await quick.page.getByRole('dialog').waitFor({ state: 'detached' });
    // The letters work again, and did nothing before.
    await quick.page.keyboard.press('c');
    await quick.page.getByLabel('Write a comment').and(quick.page.locator(':focus')).waitFor();
    assert.equal((await console.app.service.api('/incident/info', { incident_id }))['progress'], 'Triggered');
    await quick.context.close();
  });

  test('? lists what works here, and single letters can be turned off', async () => {
    await visit.open('/delivery');
    // The rows bring their keys.
    await page.getByRole('row').nth(1).waitFor();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    for (const label of [
      'Next row',
      'Open the row',
      'One range earlier',
      'Go to or look up',
      'Copy the link to this page',
    ]) {
      await help.getByText(label, { exact: true }).waitFor();
    }
    await help.getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /A page/ }).waitFor();
    assert.equal(await help.count(), 0);
    await page.keyboard.press('Escape');
    await page.evaluate(() => localStorage.removeItem('tocsin.keys'));
  });

  test('the palette finds pages, webhooks, and incidents by their number', async () => {
    await visit.open('/delivery');
    const push = JSON.parse(hook.received()[0]?.body ?? '') as {
      incident: { num: string; title: string; incident_id: string };
    };
    for (const [text, heading] of [
      ['custom', 'Custom actions'],
      ['self-h', 'Self-healing'],
      [`#${push.incident.num.toLowerCase()}`, push.incident.title],
      [push.incident.incident_id, push.incident.title],
    ] as const) {
      await page.keyboard.press('Control+k');
      await page
        .getByRole('combobox', { name: /A page/ })
        .and(page.locator(':focus'))
        .waitFor();
      await page.keyboard.type(text);
      await page.getByRole('option', { name: heading }).first().waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    }
  });

  test('a letter counts although the answer to the one before it is still on its way', async () => {
    const { api } = console.app.service;
    const made = await api('/incident/create', { title: 'answered late', incident_severity: 'Info' });
    const id = String(made['incident_id']);
    await visit.open(`/incident/detail/${id}`);
    const late = Promise.withResolvers<void>();
    await page.route('**/incident/ack', async (route) => {
      const response = await route.fetch();
      await late.promise;
      await route.fulfill({ response });
    });
    const state = (text: string) => page.locator('.page-below').getByText(text).first().waitFor();
    await state('Triggered');
    await page.keyboard.press('a');
    await state('Processing');
    await page.keyboard.press('Shift+A');
    late.resolve();
    await until(async () => (await api('/incident/info', { incident_id: id }))['progress'] === 'Triggered');
    await state('Triggered');
    await page.unroute('**/incident/ack');
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
