import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { operations } from '../../console/src/words/en/audit.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

describe('the configuration in the console', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;
  let page: Page;

  before(async () => {
    console = await startConsole();
    visit = await console.visit({ role: 'admin' });
    ({ page } = visit);
  });
  after(() => console.stop());

  const api = (path: string, body: object) => console.app.service.api(path, body);
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
  const dialog = () => page.getByRole('dialog');
  const closed = () => dialog().waitFor({ state: 'detached' });
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();

  test('a channel is made, its grouping is a sentence, and its settings are changed', async () => {
    await visit.open('/channel');
    await page.getByText('No channel yet').waitFor();
    await button('New channel').first().click();
    await dialog().getByLabel('Name').fill('Web shop');
    await dialog().getByRole('button', { name: 'Create the channel' }).click();
    await heading('Web shop');
    await page.getByText('Each alert becomes an incident.').waitFor();
    await page.getByRole('radio', { name: /^By the same fields/ }).check();
    await page.getByRole('textbox', { name: 'Fields' }).fill('labels.service + severity');
    await page.getByLabel('Minutes', { exact: true }).fill('30');
    await button('Save the grouping').click();
    await page
      .getByText('Alerts with the same labels.service + severity within 30 minutes become one incident.')
      .waitFor();
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByLabel('Description').fill('What customers see');
    await page.getByLabel('Resolve incidents after minutes').fill('90');
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    const [channel] = (await api('/channel/list', {}))['items'] as { auto_resolve_timeout: number; group: object }[];
    assert.equal(channel?.auto_resolve_timeout, 5400);
    await button('Disable').click();
    await button('Enable').click();
    await button('Disable').waitFor();
  });

  test('its rules are cards in words: a silence every week, an inhibition, a drop rule, an escalation', async () => {
    await page.getByRole('tab', { name: 'Noise' }).click();
    await button('Add a silence').click();
    await dialog().getByLabel('Name', { exact: true }).fill('Nightly backup');
    await dialog().getByLabel('Field of condition 1').fill('labels.job');
    await dialog().getByLabel('Values of condition 1, one a line').fill('backup*');
    await dialog().getByRole('radio', { name: 'Every week' }).check();
    await dialog().getByRole('checkbox', { name: 'Sun' }).uncheck();
    await dialog().getByLabel('Begins').fill('01:00');
    await dialog().getByLabel('Ends').fill('03:30');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await closed();
    const card = (name: string) => page.locator('.rule-card').filter({ has: page.getByRole('heading', { name }) });
    await card('Nightly backup').getByText('01:00–03:30').waitFor();
    await card('Nightly backup').getByText('backup*').waitFor();
    await card('Nightly backup').getByRole('switch').click();
    await card('Nightly backup').getByText('Off').waitFor();
    await button('Edit Nightly backup').click();
    assert.equal(await dialog().getByLabel('Begins').inputValue(), '01:00');
    assert.equal(await dialog().getByRole('checkbox', { name: 'Sun' }).isChecked(), false);
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await closed();

    await button('Add an inhibition').click();
    await dialog().getByLabel('Name', { exact: true }).fill('Host down');
    await dialog().getByLabel('Values of condition 1, one a line').first().fill('Warning');
    await dialog().getByLabel('Values of condition 1, one a line').last().fill('Critical');
    await dialog().getByLabel('and both have the same').fill('labels.host');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await card('Host down')
      .getByText(/with the same labels.host/)
      .waitFor();

    await button('Add a drop rule').click();
    await dialog().getByLabel('Name', { exact: true }).fill('Noise');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.locator('.field-fault').first().waitFor();
    await dialog().getByLabel('Values of condition 1, one a line').fill('Info');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await card('Noise').waitFor();
    await button('Delete Noise').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await card('Noise').waitFor({ state: 'detached' });

    await page.getByRole('tab', { name: 'Escalation' }).click();
    await button('Add an escalation rule').click();
    await dialog().getByLabel('Name', { exact: true }).fill('On call');
    await dialog()
      .getByRole('checkbox', { name: /Administrator/ })
      .check();
    await dialog().getByLabel('Minutes until the next layer').fill('15');
    await button('Add a layer').click();
    await dialog()
      .getByRole('checkbox', { name: /Administrator/ })
      .last()
      .check();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await closed();
    await card('On call').getByText('1. Administrator, after 15 minutes the next layer').waitFor();
    await card('On call').getByText('2. Administrator').waitFor();
  });

  test('a source is made, shows what to paste, takes a test alert, and is disabled and deleted', async () => {
    await visit.open('/integration-center/source');
    await page.getByText('No alert source yet').waitFor();
    await page.getByRole('link', { name: 'New alert source' }).first().click();
    await page.getByLabel('Type').selectOption('prometheus');
    await page.getByLabel('Name').fill('Prometheus');
    await page.getByLabel('Channel').selectOption({ label: 'Web shop' });
    await button('Create the source').click();
    await heading('Prometheus');
    await page.getByRole('group', { name: 'alertmanager.yml', exact: true }).getByText('send_resolved: true').waitFor();
    await page.getByText('Nothing came in the last 24 hours.').waitFor();
    await button('Send a test alert').click();
    await page.getByText('The alert was taken.').waitFor();
    await page.locator('.event summary').first().click();
    await page.locator('.event-more').getByText('alertname').waitFor();
    await page.getByLabel('Description').fill('Of the shop');
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    await button('Disable').click();
    await page.locator('.page-below').getByText('Disabled').waitFor();
    await button('Enable').click();
    await button('Disable').waitFor();
    await button('Delete').click();
    assert.equal(await dialog().getByRole('button', { name: 'Delete' }).isDisabled(), true);
    await dialog()
      .getByLabel(/Type Prometheus/)
      .fill('Prometheus');
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await heading('Alert sources');
    await page.getByText('No alert source yet').waitFor();
  });

  for (const type of ['standard', 'prometheus', 'grafana', 'pagerduty', 'opsgenie']) {
    test(`a test alert of the console is taken as one of ${type}`, async () => {
      const made = await api('/integration/create', { name: `a ${type}`, type, channel_id: 0 });
      await visit.open(`/integration-center/source/${String(made['integration_id'])}`);
      await button('Send a test alert').click();
      await page.getByText('The alert was taken.').waitFor();
      await page.locator('.event').first().waitFor();
    });
  }

  test('the list of sources counts the events of a day', async () => {
    await visit.open('/integration-center/source');
    await page.getByRole('columnheader', { name: 'In 24 h' }).waitFor();
    const row = page.getByRole('row', { name: /a grafana/ });
    assert.equal(await row.locator('.cell-day').innerText(), '1');
  });

  test('a source gets a new key, words of severity, and a mapping that is tried before it is saved', async () => {
    const made = await api('/integration/create', { name: 'Own tool', type: 'standard', channel_id: 0 });
    const id = Number(made['integration_id']);
    await visit.open(`/integration-center/source/${id}`);
    await page.getByLabel('Severity words').fill('page');
    await page.getByText('Each line is a word, an equals sign').waitFor();
    await page.getByLabel('Severity words').fill('page = Critical');
    await page
      .getByLabel('Field mapping')
      .fill('{"title": "{{check.name}}", "event_status": "{{level}}", "alert_key": "{{check.name}}"}');
    await page.getByLabel('Sample body').fill('{"check": {"name": "disk of db-1"}, "level": "page"}');
    await button('Try it').click();
    await page.locator('.facts').getByText('disk of db-1').first().waitFor();
    await page.locator('.facts').getByText('Critical').waitFor();
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    const stored = await api('/integration/info', { integration_id: id });
    assert.deepEqual(stored['severity_mapping'], { page: 'Critical' });
    await button('Rotate the key').click();
    await dialog().getByLabel('Overlap').selectOption({ label: '1 hour' });
    await dialog().getByRole('button', { name: 'Rotate the key' }).click();
    const url = (await dialog().locator('code').innerText()).trim();
    assert.notEqual(url, made['push_url']);
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await closed();
    await page.getByText(/The old key is taken until/).waitFor();
    assert.deepEqual(await visit.faultsOfPage(), []);
  });

  test('a shared source has routes, tried in their order', async () => {
    const made = await api('/integration/create', { name: 'Shared', type: 'standard', channel_id: 0 });
    const id = Number(made['integration_id']);
    await visit.open(`/integration-center/source/${id}`);
    await button('Add a case').click();
    await button('Add a condition').click();
    await page.getByLabel('Field of condition 1').fill('labels.team');
    await page.getByLabel('Values of condition 1, one a line').fill('web');
    await page.getByRole('group', { name: 'Into these channels' }).getByRole('checkbox', { name: 'Web shop' }).check();
    await button('Save the routes').click();
    await page.getByText('The routes are saved.').waitFor();
    const route = await api('/route/info', { integration_id: id });
    assert.deepEqual((route['cases'] as { if: unknown }[])[0]?.if, [{ key: 'labels.team', oper: 'IN', vals: ['web'] }]);
  });

  test('somebody is invited by a link, the role is changed with its effect in words, and a team is made', async () => {
    await visit.open('/people');
    await button('Invite somebody').click();
    await dialog().getByLabel('Email').fill('lin@example.org');
    await dialog().getByLabel('Name').fill('Lin Wei');
    await dialog()
      .getByRole('radio', { name: /^Viewer/ })
      .check();
    await dialog().getByRole('button', { name: 'Make a sign-in link' }).click();
    const link = (await dialog().getByRole('group', { name: 'Link for Lin Wei' }).innerText()).trim();
    assert.match(link, /\/sign-in\/link#\S+$/);
    // It is some days away: the date.
    await dialog()
      .getByText(/It works once, until \w{3} \d+, /)
      .waitFor();
    await dialog().getByRole('button', { name: 'Done' }).click();
    const guest = await console.visit();
    await guest.page.goto(link);
    await guest.page.getByRole('heading', { level: 1, name: 'Welcome to Tocsin' }).waitFor();
    await guest.context.close();
    await page.reload();
    const lastSeen = (name: RegExp) => page.getByRole('row', { name }).locator('.cell-seen');
    await lastSeen(/Lin Wei/)
      .locator('time')
      .waitFor();
    await lastSeen(/Administrator/)
      .getByTitle('Signed in nowhere now')
      .waitFor();
    await page.getByRole('row', { name: /Lin Wei/ }).click();
    await heading('Lin Wei');
    await page.getByRole('radio', { name: /^Responder/ }).check();
    await page.getByText('Lin Wei will be able to:').waitFor();
    await page.getByText('Acknowledge, resolve, edit and merge incidents').waitFor();
    await button('Change the role').click();
    await page.getByText('The role is changed.').waitFor();
    await page.getByRole('radio', { name: /^Viewer/ }).check();
    await page.getByText(/Lin Wei will no longer be able to/).waitFor();

    await visit.open('/people');
    await button('New team').click();
    await dialog().getByLabel('Name', { exact: true }).fill('Shop');
    await dialog()
      .getByRole('checkbox', { name: /Lin Wei/ })
      .check();
    await dialog().getByRole('button', { name: 'Create the team' }).click();
    await heading('Shop');
    await page.getByText('1 member').first().waitFor();
    await button('Delete the team').click();
    await dialog()
      .getByLabel(/Type Shop/)
      .fill('Shop');
    await dialog().getByRole('button', { name: 'Delete the team' }).click();
    await heading('People & teams');
  });

  test('an app key is shown once, works, is known by its end, and is disabled', async () => {
    await visit.open('/settings/keys');
    await page.getByText('You have no keys.').waitFor();
    await page.getByLabel('Name of a new key').fill('backup script');
    await button('Make a key').click();
    const key = (await dialog().getByRole('group', { name: 'App key' }).innerText()).trim();
    await dialog().getByRole('button', { name: 'I have kept it' }).click();
    await page.locator('.session').getByText(/^…/).waitFor();
    await dialog().waitFor({ state: 'detached' });
    assert.equal((await page.content()).includes(key), false);
    assert.equal((await console.app.call('/member/list', {}, { key })).status, 200);
    await button('Disable').click();
    await button('Enable').waitFor();
    assert.equal((await console.app.call('/member/list', {}, { key })).status, 401);
    await button('Delete').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByText('You have no keys.').waitFor();
  });

  test('a custom field is made, changed and deleted', async () => {
    await visit.open('/settings/fields');
    await button('New field').click();
    await dialog().getByLabel('Shown as').fill('Area');
    await dialog().getByLabel('Name in pushes').fill('area');
    await dialog().getByLabel('Type').selectOption('single_select');
    await dialog().getByLabel('Choices').fill('Checkout\nSearch');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('One of several: Checkout, Search').waitFor();
    await button('Edit Area').click();
    await dialog().getByLabel('Choices').fill('Checkout\nSearch\nCart');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('One of several: Checkout, Search, Cart').waitFor();
    await button('Delete').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No custom fields.').waitFor();
  });

  test('the audit log says who did what, and is downloaded without formulas', async () => {
    await api('/channel/create', { channel_name: '=cmd()' });
    const known = (await api('/audit/operation/list', {}))['items'] as { name: string }[];
    assert.deepEqual(Object.keys(operations).sort(), known.map(({ name }) => name).sort());
    await visit.open('/settings/audit');
    await page.locator('.audit').first().getByText('Channel created').waitFor();
    await page.locator('.audit summary').first().click();
    await page.locator('.audit-more').first().getByText('=cmd()').waitFor();
    await button('Dangerous').click();
    await page.waitForURL(/dangerous=yes/);
    await page.locator('.audit', { hasText: 'channel:create' }).first().waitFor({ state: 'detached' });
    await button('Dangerous').click();
    const [file] = await Promise.all([page.waitForEvent('download'), button('Download as CSV').click()]);
    const text = await readFile((await file.path()) ?? '', 'utf8');
    assert.match(text, /^time,person,operation,object,address,request,dangerous,body\r\n/);
    assert.match(text, /=cmd\(\)/);
    assert.doesNotMatch(text, /(^|,)"?[=+@\t-]/m);
  });

  test('the system page shows the version, the database and the settings, without secrets', async () => {
    await visit.open('/settings/system');
    await page.getByText('TOCSIN_EGRESS_ALLOW').waitFor();
    await page.getByText(/SQLite/).waitFor();
    assert.equal((await page.content()).includes(console.app.service.appKey), false);
  });

  test('the profile keeps a name, a zone and a language', async () => {
    await visit.open('/settings/profile');
    await page.getByLabel('Name', { exact: true }).fill('Grace Hopper');
    await page.getByText('Times are shown in UTC now.').waitFor();
    await page.getByLabel('Time zone').fill('Asia/Shanghai');
    await button('Save the profile').click();
    await page.getByText('The name is saved.').waitFor();
    await page.getByText('Times are shown in Asia/Shanghai now.').waitFor();
    await page.reload();
    assert.equal(await page.getByLabel('Time zone').inputValue(), 'Asia/Shanghai');
  });

  test('an alert shows the events that it was made of, is merged into an incident, and is closed', async () => {
    const place = await console.app.place();
    const hook = await place.hook('incident');
    await place.report({ title: 'disk', alert_key: 'disk', labels: { host: 'db-1' } });
    await place.report({ title: 'disk', alert_key: 'disk', event_status: 'Warning', labels: { host: 'db-1' } });
    await place.report({ title: 'net', alert_key: 'net' });
    await hook.pushes(2);
    await visit.open('/alert?q=disk');
    await page.getByRole('row', { name: /disk/ }).last().click();
    await heading('disk');
    await page.getByRole('tab', { name: '2 events' }).click();
    await page.locator('.event').nth(1).waitFor();
    await button('Merge into an incident').click();
    await dialog().getByRole('searchbox').fill('net');
    await dialog().getByRole('radio', { name: /net/ }).check();
    await dialog().getByRole('button', { name: 'Merge' }).click();
    await closed();
    await page.locator('.object-side').getByRole('link', { name: 'net' }).waitFor();
    await button('Close').click();
    await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
    await closed();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.locator('.timeline').getByText('a_close').waitFor();
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
