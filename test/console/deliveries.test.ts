import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { HistoryItem, Hook, Place } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

describe('deliveries in the console', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;
  let page: Page;
  let place: Place;
  let hook: Hook;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    hook = await place.hook('incident', {
      name: 'Self-healing',
      headers: { 'X-Token': 'a-token-of-some-length' },
      timeout_ms: 1_000,
    });
    visit = await console.visit({ role: 'responder' });
    ({ page } = visit);
  });
  after(() => console.stop());

  const button = (name: string) => page.getByRole('button', { name, exact: true });

  test('a failed delivery says why; once the receiver works again, Resend delivers it', async () => {
    console.app.receiver.answer(hook.path, { status: 500, body: 'out of order' });
    await place.report({ title: 'CPU', alert_key: 'cpu' });
    await hook.history(1);
    await visit.open('/delivery?outcome=failed');
    await page.getByRole('row', { name: /Failed 500.*i_new.*CPU/ }).click();
    await page.getByRole('heading', { level: 2, name: 'Opened → Self-healing' }).waitFor();
    await page.locator('.delivery-reason', { hasText: 'the receiver answered 500' }).waitFor();
    await page.getByRole('tab', { name: 'Response' }).click();
    await page.getByText('out of order').waitFor();
    assert.match(page.url(), /\/delivery\/\d+\/[^/?]+\?outcome=failed&tab=response$/);

    console.app.receiver.answer(hook.path, { status: 200 });
    await button('Resend').click();
    await page.locator('.resend').getByText('Delivered').waitFor();
    const [, again] = await hook.pushes(2);
    assert.ok(again?.headers['tocsin-redelivery'] !== undefined);
    await page.locator('.page').getByText('Delivered later by a resend').last().waitFor();
    await page.locator('.resend').getByRole('link', { name: 'Open it' }).click();
    await page.locator('.page-below').getByText('Delivered').waitFor();
    const settled = page.url();
    await visit.open('/delivery?outcome=failed');
    await page
      .getByRole('row', { name: /Failed 500.*i_new/ })
      .getByRole('link', { name: 'Delivered later by a resend' })
      .click();
    await page.waitForURL((url) => url.pathname === new URL(settled).pathname);
    await page.locator('.page-below').getByText('Delivered').waitFor();
  });

  test('a push that may have arrived has its own state and colour', async () => {
    console.app.receiver.answer(hook.path, 'hang');
    await place.report({ title: 'Disk', alert_key: 'disk' });
    await hook.history(3);
    console.app.receiver.release();
    console.app.receiver.answer(hook.path, { status: 200 });
    await visit.open('/delivery?outcome=failed');
    await page.getByRole('row', { name: /Unknown/ }).click();
    await page.locator('.delivery-reason-unknown', { hasText: 'may have acted on the request' }).waitFor();
  });

  test('the copied command, run in a shell, brings the same body', async () => {
    await visit.open('/delivery');
    await page
      .getByRole('row', { name: /Delivered.*i_new/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 2 }).first().waitFor();
    await button('Copy as curl').click();
    await page.getByText('Masked values are written as variables.').waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.doesNotMatch(command, /•|a-token/);
    const before = hook.received().length;
    await promisify(execFile)('sh', ['-c', `${command} --silent`], {
      env: { PATH: process.env['PATH'], ENDPOINT: hook.endpoint, X_TOKEN: 'a-token-of-some-length' },
    });
    const came = (await hook.pushes(before + 1)).at(-1);
    assert.equal(came?.headers['x-token'], 'a-token-of-some-length');
    assert.equal((JSON.parse(came?.body ?? '') as { event_type: string }).event_type, 'i_new');
  });

  test('filters are in the address, survive opening a row and coming back, and give the same rows elsewhere', async () => {
    await visit.open('/delivery');
    const rows = page.getByRole('row').filter({ has: page.getByRole('gridcell') });
    await page.getByRole('combobox', { name: 'Outcome' }).selectOption({ label: 'Outcome: Failed' });
    await page.waitForURL(/outcome=failed/);
    await page.getByRole('button', { name: /^Event type/ }).click();
    await page.getByRole('menuitemcheckbox', { name: /i_new/ }).click();
    await page.keyboard.press('Escape');
    await page.waitForURL(/type=i_new/);
    await page.getByText('2 of 2').waitFor();
    const shown = await rows.allInnerTexts();
    await rows.first().click();
    await page.getByRole('heading', { level: 2 }).first().waitFor();
    await page.goBack();
    await page.getByText('2 of 2').waitFor();
    const other = await console.visit({ role: 'viewer' });
    await other.page.goto(page.url());
    await other.page.getByText('2 of 2').waitFor();
    const there = other.page.getByRole('row').filter({ has: other.page.getByRole('gridcell') });
    assert.equal((await there.allInnerTexts()).length, shown.length);
    await other.context.close();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => url.search === '');
  });

  test('ranges: by name, by arrows, by a span in the zone of the reader; an empty one offers a way out', async () => {
    await visit.open('/delivery');
    await page.getByRole('combobox', { name: 'Time range' }).selectOption({ label: 'Last hour' });
    await page.waitForURL(/range=1h/);
    await page.keyboard.press('[');
    await page.waitForURL(/from=\d{13}&to=\d{13}/);
    await page.getByText('No delivery matches these filters.').waitFor();
    await page.keyboard.press(']');
    await page.getByRole('row', { name: /i_new/ }).first().waitFor();
    await page.getByRole('combobox', { name: 'Time range' }).selectOption({ label: 'Custom' });
    const dialog = page.getByRole('dialog', { name: 'Time range' });
    await dialog.getByText('Times are in UTC.').waitFor();
    await dialog.getByLabel('From').fill('2026-01-02T00:00');
    await dialog.getByLabel('To').fill('2026-01-01T00:00');
    await dialog.getByText('The end must be after the beginning.').waitFor();
    assert.equal(await dialog.getByRole('button', { name: 'Show this range' }).isDisabled(), true);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  test('the history of one webhook is under that webhook', async () => {
    await place.hook('alert', { name: 'Other' });
    await place.report({ title: 'both', alert_key: 'both' });
    await hook.history(4);
    await visit.open(`/integration-center/webhook/${hook.id}`);
    await page.getByRole('row', { name: /i_new/ }).first().waitFor();
    assert.equal(await page.getByRole('row', { name: /a_new/ }).count(), 0);
  });

  test('a waiting delivery leads to the one that goes first, a superseded one to its successor', async () => {
    const lane = await place.hook('incident', {
      name: 'Latest only',
      delivery_mode: 'at_least_once',
      order_policy: 'latest',
    });
    const { api } = console.app.service;
    await api('/webhook/pause', { integration_id: lane.id });
    await place.report({ title: 'swap', alert_key: 'swap' });
    const open = { states: ['pending', 'retry_wait'] };
    const [first] = await lane.history(1, open);
    await api('/incident/ack', { incident_ids: [first?.ref_id] });
    const [, second] = await lane.history(2, open);
    const pathOf = (record: HistoryItem | undefined) => `/delivery/${lane.id}/${record?.event_id}`;
    await visit.open(pathOf(second));
    await page.getByRole('link', { name: 'Open #1' }).click();
    await page.waitForURL(`**${pathOf(first)}`);
    await api('/webhook/resume', { integration_id: lane.id });
    await lane.history(1, { states: ['delivered'] });
    // As if all that was weeks ago.
    const file = new DatabaseSync(join(console.app.folder, 'tocsin.db'), { timeout: 10_000 });
    file.prepare('update delivery set event_time = event_time - ? where webhook_id = ?').run(20 * 86_400_000, lane.id);
    file.close();
    await visit.open(pathOf(first));
    await page.getByText('Superseded by #2').first().waitFor();
    await page.getByRole('link', { name: 'Open #2' }).click();
    await page.waitForURL(`**${pathOf(second)}`);
  });

  test('detail_url of a push leads to its incident: title, severity, timeline, alerts, and what was pushed', async () => {
    const push = hook
      .received()
      .map((one) => JSON.parse(one.body) as { incident: { detail_url: string; title: string } });
    const url = new URL(push[0]?.incident.detail_url ?? '');
    await visit.open(url.pathname);
    await page.getByRole('heading', { level: 1, name: 'CPU' }).waitFor();
    await page.getByText('Critical').first().waitFor();
    await page.getByText('Opened by Tocsin').waitFor();
    await page.getByRole('tab', { name: 'Pushes' }).click();
    await page.getByRole('tabpanel').getByText('Failed 500').waitFor();
    await page.getByRole('tab', { name: '1 alert' }).click();
    await page.getByRole('tabpanel').getByRole('link', { name: 'CPU' }).click();
    await page.getByRole('heading', { level: 1, name: 'CPU' }).waitFor();
    await page.waitForURL(/\/alert\/detail\//);
    await page.getByText('Alert opened by Tocsin').waitFor();
  });

  test('beside an open delivery each column of the list stays in its frame, and the longest word of a type is whole', async () => {
    await place.report({ title: 'Long words', alert_key: 'long words' });
    const incident = (await hook.history(1))[0]?.ref_id ?? '';
    await console.app.service.api('/incident/ack', { incident_ids: [incident] });
    await console.app.service.api('/incident/unack', { incident_ids: [incident] });
    for (const width of [1200, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await visit.open(`/delivery?webhook=${hook.id}`);
      const row = page.getByRole('row', { name: /Acknowledgement withdrawn/ }).first();
      await row.click();
      await page.getByRole('heading', { level: 2, name: 'Acknowledgement withdrawn → Self-healing' }).waitFor();
      const [list, widest] = await page.evaluate(() => {
        const right = (element: Element | null | undefined) => element?.getBoundingClientRect().right ?? Number.NaN;
        const cells = [...document.querySelectorAll('.delivery-list-narrow [role="gridcell"]')];
        return [right(document.querySelector('.delivery-list-narrow')), Math.max(...cells.map(right))];
      });
      assert.ok(widest <= list, `${width} px: a cell ends at ${widest}, the list at ${list}`);
      const broken = await row.locator('.cell-type').evaluate((cell) => {
        const text = cell.firstChild;
        const range = document.createRange();
        if (text === null) return true;
        range.setStart(text, 0);
        range.setEnd(text, 'Acknowledgement'.length);
        return range.getClientRects().length > 1;
      });
      assert.equal(broken, false, `${width} px`);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('a missing delivery says so', async () => {
    await visit.open(`/incident/detail/${'0'.repeat(24)}`);
    await page.getByText('Removed, or never here.').waitFor();
    await visit.open('/delivery/1/2026010100000000000000');
    await page.getByText('This delivery has expired, or was never here.').waitFor();
    await visit.open('/integration-center/webhook/1');
    await page.getByText('This webhook was deleted, or was never here.').waitFor();
    await visit.open('/settings/nonsense/of/a/path');
    await page.getByRole('heading', { level: 1, name: 'Nothing here' }).waitFor();
  });

  test('what still waits will be sent: it cannot be sent again, and Resend is no call to do so', async () => {
    await console.app.service.api('/webhook/pause', { integration_id: hook.id });
    await place.report({ title: 'Wait', alert_key: 'wait' });
    await visit.open('/delivery?outcome=pending');
    await page.getByRole('row', { name: /Waiting: paused/ }).click();
    await page.getByText('It will still be sent.').waitFor();
    assert.equal(await button('Resend').isDisabled(), true);
    assert.doesNotMatch((await button('Resend').getAttribute('class')) ?? '', /primary/);
    await console.app.service.api('/webhook/resume', { integration_id: hook.id });
    await page.locator('.page-below').getByText('Delivered').waitFor();
    assert.equal(await button('Resend').isDisabled(), false);
  });

  test('what somebody else sends again is seen in an open delivery within seconds, and Resend is no call any more', async () => {
    const shop = await console.app.place();
    const till = await shop.hook('incident', { name: 'Till' });
    console.app.receiver.answer(till.path, { status: 500 });
    await shop.report({ title: 'Coins', alert_key: 'coins' });
    const [record] = await till.history(1);
    const path = `/delivery/${till.id}/${record?.event_id}`;
    const other = await console.visit({ role: 'responder' });
    await other.open(path);
    await other.page.locator('.state-light').getByText('Live').waitFor();
    const call = other.page.locator('.delivery-actions .button-primary');
    await call.getByText('Resend').waitFor();
    console.app.receiver.answer(till.path, { status: 200 });
    await visit.open(path);
    await button('Resend').click();
    await call.waitFor({ state: 'detached' });
    await other.page.locator('.deliveries-beside').getByText('Delivered later by a resend').waitFor();
    await other.context.close();
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
