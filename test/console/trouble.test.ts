import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Hook, Place } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';
import { shareOfMachine } from '../support/machine.ts';

/** A receiver breaks, is seen, is repaired, and gets again what it missed. */
describe('trouble in the console', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;
  let page: Page;
  let place: Place;
  let hook: Hook;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    hook = await place.hook('incident', { name: 'Self-healing' });
    visit = await console.visit({ role: 'responder' });
    ({ page } = visit);
  });
  after(() => console.stop());

  const button = (name: string) => page.getByRole('button', { name, exact: true });

  test('a receiver that fails is seen in the list of webhooks without a touch, with its reason', async () => {
    await visit.open('/integration-center/webhook');
    const row = page.getByRole('row', { name: /Self-healing/ });
    await row.getByText('Idle').waitFor();
    console.app.receiver.answer(hook.path, { status: 500, body: 'out of order' });
    for (let number = 0; number < 5; number += 1) await place.report({ title: `t${number}`, alert_key: `k${number}` });
    await hook.history(5);
    const begun = performance.now();
    await row.getByText('Failing').waitFor();
    const took = performance.now() - begun;
    await row.getByText('The receiver failed.').waitFor();
    await row.getByText('0%').waitFor();
    assert.match((await row.getByText('Failing').getAttribute('title')) ?? '', /fewer than 95% arrived/);
    await page.locator('.nav').getByText('1 failing').waitFor();
    assert.ok(took < 2_000 * shareOfMachine(), `${took.toFixed(0)} ms`);
    assert.deepEqual(await visit.faultsOfPage(), []);
  });

  test('its health shows the outcomes and the reason, and a bar narrows the time', async () => {
    await page.getByRole('link', { name: 'Self-healing' }).click();
    await page.getByRole('tab', { name: 'Health' }).click();
    await page.getByRole('heading', { name: 'Why deliveries have not arrived' }).waitFor();
    await page.getByRole('tabpanel').getByText('receiver failed (5xx)').waitFor();
    await page.getByRole('tabpanel').getByText('fewer than 95% arrived').waitFor();
    assert.deepEqual(await visit.faultsOfPage(), []);
    await page.getByRole('button', { name: /5 failed/ }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/from=\d+&to=\d+/);
  });

  test('a failed delivery shows where its time went, and the verdict of each webhook', async () => {
    await place.hook('alert', { name: 'Data lake' });
    await visit.open(`/delivery?webhook=${hook.id}&outcome=failed`);
    await page
      .getByRole('row', { name: /Failed 500/ })
      .first()
      .click();
    await page.getByRole('tabpanel').getByText('Attempt 1').waitFor();
    await page.getByRole('list', { name: 'Where the time went' }).getByText('send, wait').waitFor();
    await page.keyboard.press('e');
    await page.getByText('1 of 2 webhooks got this event.').waitFor();
    await page.getByText('It was made later.').waitFor();
    assert.deepEqual(await visit.faultsOfPage(), []);
  });

  test('the receiver is repaired: one is sent again, then all that failed, with a count first', async () => {
    console.app.receiver.answer(hook.path, { status: 200 });
    await button('Resend').click();
    await page.locator('.resend').getByText('Delivered').waitFor();
    await page.keyboard.press('Escape');
    await button('Replay these').click();
    const dialog = page.getByRole('dialog', { name: 'Replay these deliveries' });
    await dialog.getByText('4 pushes will be sent.').waitFor();
    // Five deliveries failed; one of their events has arrived since.
    await dialog.getByText('i_new 5').waitFor();
    assert.deepEqual(await visit.faultsOfPage(), []);
    await dialog.getByRole('button', { name: 'Start the replay' }).click();
    await dialog.getByText('Finished').waitFor();
    await dialog.getByText('4 delivered').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await hook.pushes(10);
  });

  test('a push that waits for its next attempt is tried at once when somebody knows that the receiver works again', async () => {
    const lake = await place.hook('incident', { name: 'Durable', delivery_mode: 'at_least_once', timeout_ms: 10_000 });
    console.app.receiver.answer(lake.path, { status: 503, headers: { 'retry-after': '3600' } }, { status: 200 });
    await place.report({ title: 'later', alert_key: 'later' });
    await lake.pushes(1);
    await visit.open(`/integration-center/webhook/${lake.id}`);
    await page.getByRole('row', { name: /Retry at/ }).waitFor();
    await button('Retry now').click();
    await page.getByText('1 push of Durable that waited for its next attempt is tried now.').waitFor();
    await lake.pushes(2);
    await page.getByRole('row', { name: /Delivered/ }).waitFor();
    await button('Retry now').waitFor({ state: 'detached' });
  });

  test('a replay that nothing is selected for says why, and how to choose what has arrived', async () => {
    const quiet = await place.hook('incident', { name: 'Quiet' });
    await place.report({ title: 'arrived', alert_key: 'arrived' });
    await quiet.history(1);
    await visit.open(`/delivery?webhook=${quiet.id}`);
    await page.getByText('1 of 1', { exact: true }).waitFor();
    await button('Replay these').click();
    const dialog = page.getByRole('dialog', { name: 'Replay these deliveries' });
    await dialog.getByText('No delivery is selected.').waitFor();
    await dialog.getByText('close this and set the outcome filter to Delivered').waitFor();
    assert.deepEqual(await visit.faultsOfPage(), []);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByLabel('Outcome').selectOption('success');
    await page.getByText('1 of 1', { exact: true }).waitFor();
    await button('Replay these').click();
    await dialog.getByText('1 push will be sent.').waitFor();
    await dialog.getByText('set the outcome filter').waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  test('a replay of 500 shows how far it is, stops, and is finished by another', async () => {
    const other = await console.app.place();
    const lake = await other.hook('incident', { name: 'Lake', timeout_ms: 10_000 });
    for (let number = 0; number < 500; number += 20) {
      const reports = Array.from({ length: 20 }, (_, one) => `many ${number + one}`);
      await Promise.all(reports.map((title) => other.report({ title, alert_key: title })));
    }
    await lake.pushes(500);
    await visit.open(`/delivery?webhook=${lake.id}&outcome=success`);
    await page.getByText('of 500').waitFor();
    await button('Replay these').click();
    const dialog = page.getByRole('dialog', { name: 'Replay these deliveries' });
    await dialog.getByText('500 pushes will be sent.').waitFor();
    await dialog.getByLabel('At most per second').fill('20');
    await page.keyboard.press('Enter');
    await dialog.getByText(/^[1-9]\d* of 500$/).waitFor();
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await dialog.getByText('Stopped').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await button('Replay these').click();
    await dialog.getByLabel('At most per second').fill('1000');
    await dialog.getByRole('button', { name: 'Start the replay' }).click();
    await dialog.getByText('Finished').waitFor();
    await page.goto(`/integration-center/webhook/${lake.id}?tab=replays`);
    await page.getByRole('tabpanel').getByText('Stopped').waitFor();
    assert.equal(await page.getByRole('tabpanel').getByText('Finished').count(), 1);
    assert.deepEqual(await visit.faultsOfPage(), []);
    const again = lake.received().filter(({ headers }) => 'tocsin-redelivery' in headers);
    assert.equal(new Set(again.map(({ headers }) => headers['webhook-id'])).size, 500);
  });

  test('the editor shows what it would send, how many of the past days, and where the time of a test push went', async () => {
    const admin = await console.visit({ role: 'admin' });
    await admin.open(`/integration-center/webhook/${hook.id}?tab=settings`);
    const side = admin.page.locator('.editor-side');
    await side.getByRole('heading', { name: 'Preview' }).waitFor();
    await side.getByText(/events would have been sent/).waitFor();
    await side.getByText('i_new', { exact: true }).waitFor();
    await admin.page.getByRole('button', { name: 'Test push', exact: true }).click();
    await side.getByText(/^200 in/).waitFor();
    await side.getByRole('list', { name: 'Where the time went' }).getByText('send, wait').waitFor();
    await admin.page.getByLabel('Only these').last().check();
    await admin.page.getByLabel('i_ack').check();
    await side.getByText('It does not take this type of event.').waitFor();
    assert.deepEqual(await admin.faultsOfPage(), []);
    await admin.context.close();
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
