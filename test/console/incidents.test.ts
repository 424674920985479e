import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Place } from '../support/test-app.ts';
import { until } from '../support/until.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

describe('the lists of incidents and alerts in the console', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;
  let page: Page;
  let place: Place;

  before(async () => {
    console = await startConsole();
    visit = await console.visit({ role: 'responder' });
    ({ page } = visit);
  });
  after(() => console.stop());

  const rows = (text: string) => page.getByRole('row', { name: new RegExp(text) });

  test('with nothing there, the list says where incidents come from', async () => {
    await visit.open('/incident');
    await page.getByText('No incident yet').waitFor();
  });

  test('open incidents are shown, closed ones when they are asked for', async () => {
    place = await console.app.place();
    const hook = await place.hook('incident');
    for (const [title, event_status] of [
      ['on fire', 'Critical'],
      ['getting warm', 'Warning'],
      ['went out', 'Info'],
    ] as const) {
      await place.report({ title, alert_key: title, event_status });
    }
    await place.report({ title: 'went out', alert_key: 'went out', event_status: 'Ok' });
    await hook.history(4);
    await visit.open('/incident');
    await rows('on fire').getByText('Critical').waitFor();
    await page.getByText('2 of 2').waitFor();
    assert.equal(await rows('went out').count(), 0);
    await page.getByRole('combobox', { name: 'Progress' }).selectOption({ label: 'Progress: any' });
    await rows('went out').getByText('Closed').waitFor();
    await page.waitForURL(/progress=all/);
    await page.getByRole('combobox', { name: 'Progress' }).selectOption({ label: 'Closed' });
    await page.getByText('1 of 1').waitFor();
  });

  test('a row opens by a click and by keys, and the filter is still there after coming back', async () => {
    await visit.open('/incident');
    await page.getByRole('button', { name: 'Warning 1' }).click();
    await page.getByText('1 of 1').waitFor();
    await rows('getting warm').click();
    await page.getByRole('heading', { level: 1, name: 'getting warm' }).waitFor();
    await page.goBack();
    await page.waitForURL(/severity=Warning/);
    await page.getByText('1 of 1').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    await page.getByRole('heading', { level: 1, name: 'getting warm' }).waitFor();
  });

  test('mine are those that I am to look after', async () => {
    await visit.open('/incident?who=me');
    await page.getByText('No incident matches these filters.').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).first().click();
    await page.getByText('2 of 2').waitFor();
  });

  test('alerts are listed with their state, and lead to their page', async () => {
    await visit.open('/alert');
    await page.getByText('3 of 3').waitFor();
    await page.getByRole('combobox', { name: 'State' }).selectOption({ label: 'State: Ended' });
    await page.getByText('1 of 1').waitFor();
    await rows('went out').click();
    await page.getByRole('heading', { level: 1, name: 'went out' }).waitFor();
    await page.locator('.page-below').getByText('Closed', { exact: true }).waitFor();
  });

  test('the page of an alert says whether it is active, and follows its end', async () => {
    await visit.open('/alert');
    await rows('getting warm').click();
    await page.getByRole('heading', { level: 1, name: 'getting warm' }).waitFor();
    const progress = (text: string) => page.locator('.page-below').getByText(text, { exact: true }).waitFor();
    await progress('Active');
    await page.locator('.state-light', { hasText: 'Live' }).waitFor();
    await place.report({ title: 'getting warm', alert_key: 'getting warm', event_status: 'Ok' });
    await progress('Closed');
    await page.getByRole('term').filter({ hasText: 'Closed' }).waitFor();
  });

  test('an incident that gets more alerts has a mark while the list is open', async () => {
    const grouping = await console.app.place();
    await console.app.service.api('/channel/update', {
      channel_id: grouping.channelId,
      group: { method: 'p', time_window: 30, equals: [['labels.service']] },
    });
    const labels = { service: 'grows' };
    await grouping.report({ title: 'it grows', alert_key: 'grows 1', labels });
    await visit.open('/incident');
    await rows('it grows').waitFor();
    const mark = rows('it grows').getByText('More alerts in the last 5 minutes');
    assert.equal(await mark.count(), 0);
    await page.locator('.state-light', { hasText: 'Live' }).waitFor();
    // Alerts have their time in seconds, and one of the same second may be the first of its incident.
    const opened = Math.floor(Date.now() / 1000);
    await until(() => Math.floor(Date.now() / 1000) > opened);
    await grouping.report({ title: 'it grows', alert_key: 'grows 2', labels });
    await mark.waitFor();
    await visit.open('/incident');
    await mark.waitFor();
  });

  test('events that went to no webhook are counted, each with the reason of every webhook', async () => {
    const quiet = await console.app.place();
    await quiet.hook('incident', { name: 'Only ends', event_types: ['i_rslv'] });
    await quiet.hook('alert', { name: 'Only alerts' });
    const alerts = await quiet.hook('alert', { name: 'Alerts again' });
    await quiet.report({ title: 'unheard', alert_key: 'unheard' });
    await alerts.history(1);
    await visit.open('/incident');
    await rows('unheard').click();
    await page.getByRole('heading', { level: 1, name: 'unheard' }).waitFor();
    const unmatched = page.locator('.timeline-unmatched');
    await unmatched.getByText('1 event went to no webhook').waitFor();
    await unmatched.getByText('Why nobody got #1').click();
    await unmatched.getByText('0 of 4 webhooks got this event.').waitFor();
    const verdict = (name: string) => unmatched.getByRole('listitem').filter({ hasText: name });
    await verdict('Only ends').getByText('It does not take this type of event.').waitFor();
    await verdict('Only alerts').getByText('It takes the other kind of events.').waitFor();
    await verdict('/place-1').getByText('It does not take this channel.').waitFor();
    assert.deepEqual(await visit.faultsOfPage(), []);
  });

  test('on a narrow screen no action of an acknowledged incident goes beyond the edge', async () => {
    const { api } = console.app.service;
    const { incident_id: id } = await api('/incident/create', { title: 'in a pocket', incident_severity: 'Info' });
    const narrow = await console.visit({ role: 'responder', width: 390 });
    await narrow.open(`/incident/detail/${String(id)}`);
    const bar = narrow.page.locator('.incident-actions');
    // Each has only their own to withdraw.
    await bar.getByRole('button', { name: 'Ack', exact: true }).click();
    await bar.getByRole('button', { name: 'Withdraw ack' }).waitFor();
    const ends = await bar
      .getByRole('button')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
    assert.equal(ends.length, 5);
    assert.ok(Math.max(...ends) <= 390, ends.join(', '));
    await narrow.context.close();
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
