import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startReceiver, verifySignature } from '../counterparts/receiver.ts';
import { selfSigned } from '../support/certificate.ts';
import type { Place } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp } from './console-browser.ts';

describe('webhooks in the console', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let page: Page;
  let place: Place;
  let visitOpen: (path: string) => Promise<void>;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    const visit = await console.visit({ role: 'admin' });
    ({ page } = visit);
    visitOpen = (path) => visit.open(path);
  });
  after(() => console.stop());

  const field = (name: string) => page.getByLabel(name, { exact: true });
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const choose = async (name: string): Promise<void> => {
    await button('More actions').click();
    await page.getByRole('menuitem', { name }).click();
  };
  const stored = async (name: string): Promise<Record<string, unknown>> => {
    const { items } = (await console.app.service.api('/webhook/list', { query: name })) as {
      items: Record<string, unknown>[];
    };
    return items.find((one) => one['name'] === name) ?? {};
  };
  /** Closes the dialog that shows a secret, and gives the secret. */
  const takeSecret = async (): Promise<string> => {
    const dialog = page.getByRole('dialog');
    const secret = await dialog.locator('.secret-value').innerText();
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.waitFor({ state: 'detached' });
    return secret;
  };

  test('an incident webhook is made with every field', async () => {
    await console.app.service.api('/team/upsert', { team_name: 'Shop' });
    await visitOpen('/integration-center/webhook');
    await button('New webhook').first().click();
    await field('Name').fill('Every field');
    await field('Endpoint').fill(`${console.app.receiver.url}/every?a=b`);
    await field('Description').fill('For the shop');
    await field('Team').selectOption({ label: 'Shop' });
    await page.getByRole('radio', { name: /Accept any/ }).check();
    await button('Add header').click();
    await field('Name of header 1').fill('X-Token');
    await field('Value of header 1').fill('a-token-of-some-length');
    await page.getByRole('group', { name: 'Channels' }).getByRole('radio', { name: 'Only these' }).check();
    await page.getByRole('checkbox', { name: place.channelName }).check();
    await page.getByRole('group', { name: 'Event types' }).getByRole('radio', { name: 'Only these' }).check();
    await page.getByRole('checkbox', { name: /i_new/ }).check();
    await page.getByRole('checkbox', { name: /i_rslv/ }).check();
    await page.getByRole('radio', { name: /Durable/ }).check();
    await page.getByText('Details').click();
    await field('Timeout in milliseconds').fill('2500');
    await field('Order').selectOption({ label: 'The newest state in place of older ones that wait' });
    await field('Attempts').fill('7');
    await field('Longest wait in seconds').fill('7200');
    await field('Requests at the same time').fill('4');
    await field('Requests per second').fill('50');
    await button('Create webhook').click();
    await takeSecret();
    await page.getByRole('heading', { level: 1, name: 'Every field' }).waitFor();
    const { team_id, integration_id, secret, secrets, creator_id, created_at, updated_at, health, ...rest } =
      await stored('Every field');
    assert.ok(
      [team_id, integration_id, secret, secrets, creator_id, created_at, updated_at, health].every(
        (value) => value !== 0,
      ),
    );
    assert.deepEqual(rest, {
      type: 'incident',
      name: 'Every field',
      endpoint: `${console.app.receiver.url}/every?a=b`,
      description: 'For the shop',
      status: 'enabled',
      tls_verify: false,
      headers: { 'X-Token': '••••ngth' },
      channel_ids: [place.channelId],
      event_types: ['i_new', 'i_rslv'],
      timeout_ms: 2500,
      delivery_mode: 'at_least_once',
      order_policy: 'latest',
      retry: { max_attempts: 7, max_age_seconds: 7200, on: 'any' },
      rate_limit_per_second: 50,
      max_in_flight: 4,
      signing: true,
      paused_at: 0,
      paused_by: 0,
      unsent_retry_seconds: 10,
    });
  });

  test('an alert webhook and a custom action are made from their own pages', async () => {
    await visitOpen('/integration-center/webhook/new');
    await page.getByRole('radio', { name: /^Alert/ }).check();
    await page.getByRole('heading', { level: 1, name: 'New alert webhook' }).waitFor();
    await field('Name').fill('An alert webhook');
    await field('Endpoint').fill(`${console.app.receiver.url}/alerts`);
    await button('Create webhook').click();
    await takeSecret();
    await page.getByRole('link', { name: 'Custom actions', exact: true }).click();
    await button('New custom action').first().click();
    await field('Name').fill('Restart');
    await field('Endpoint').fill(`${console.app.receiver.url}/restart`);
    assert.equal(await page.getByRole('group', { name: 'Event types' }).count(), 0);
    await button('Create custom action').click();
    await takeSecret();
    assert.equal((await stored('An alert webhook'))['type'], 'alert');
    assert.equal((await stored('Restart'))['type'], 'custom_action');
  });

  test('a fault stands beside its field, by the page and by the service, and the focus goes there', async () => {
    await visitOpen('/integration-center/webhook/new');
    await button('Create webhook').click();
    await page.getByText('A name is needed.').waitFor();
    await page.locator('input[name="name"]:focus').waitFor();
    await field('Name').fill('Every field');
    await field('Endpoint').fill('ftp://x');
    await page.getByText('Start with http:// or https://.').waitFor();
    await field('Endpoint').fill('http://x.example:99999/');
    await button('Create webhook').click();
    await page.locator('input[name="endpoint"][aria-invalid="true"]').waitFor();
    const described = (await field('Endpoint').getAttribute('aria-describedby')) ?? '';
    const said = await page.locator(`[id="${described.split(' ')[0]}"]`).innerText();
    assert.match(said, /port/);
    await field('Endpoint').fill('https://x.example/');
    await page.locator('input[name="endpoint"]:not([aria-invalid="true"])').waitFor();
    await button('Add header').click();
    await button('Add header').click();
    await field('Name of header 1').fill('X-A');
    await field('Name of header 2').fill('x-a');
    await page.getByText('x-a is there twice: names are unique whatever their case.').waitFor();
    await field('Name of header 2').fill('Webhook-Id');
    await page.getByText('Webhook-Id is set by the service itself.').waitFor();
  });

  test('leaving with changes asks, and what was typed is still there after staying', async () => {
    await visitOpen('/integration-center/webhook/new');
    await field('Name').fill('Half done');
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
    await dialog.getByRole('button', { name: 'Stay' }).click();
    assert.equal(await field('Name').inputValue(), 'Half done');
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    await dialog.getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('heading', { level: 1, name: 'Deliveries' }).waitFor();
  });

  test('a test push shows what was sent and what came back: an answer, a failure, silence, a refusal, a bad certificate', async (t) => {
    const { receiver } = console.app;
    const tls = await startReceiver({ tls: selfSigned });
    t.after(() => tls.stop());
    receiver.answer('/fails', { status: 500, body: 'out of <b>order</b>', headers: { 'x-why': 'database' } });
    receiver.answer('/hangs', 'hang');
    await visitOpen('/integration-center/webhook/new');
    const tries: readonly (readonly [string, RegExp, RegExp])[] = [
      [`${receiver.url}/fine`, /200 in/, /200 in/],
      [`${receiver.url}/fails`, /500 in/, /answered 500/],
      [`${receiver.url}/hangs`, /Unknown after/, /may have acted/],
      [tls.url, /No answer after/, /certificate/],
    ];
    for (const [endpoint, outcome, reason] of tries) {
      await field('Endpoint').fill(endpoint);
      await button('Test push').click();
      const panel = page.getByRole('region', { name: 'Test push' });
      await panel.locator('.test-outcome', { hasText: outcome }).waitFor();
      await panel.getByRole('status').filter({ hasText: reason }).first().waitFor();
    }
    receiver.release();
    await field('Endpoint').fill('http://10.1.2.3/');
    await page.locator('.field-warning', { hasText: 'Refused unless TOCSIN_EGRESS_ALLOW has this address.' }).waitFor();
    await page.getByRole('heading', { name: 'Preview' }).waitFor({ state: 'detached' });
    await button('Test push').click();
    await page.locator('.field-fault', { hasText: 'TOCSIN_EGRESS_ALLOW' }).waitFor();
    assert.equal(await page.getByText('TOCSIN_EGRESS_ALLOW').count(), 1);
    const realPlace = await console.app.place();
    await realPlace.hook('incident', { name: 'Real', endpoint: `${receiver.url}/real` });
    await realPlace.report({ title: 'A real incident', alert_key: 'real' });
    await receiver.waitFor(1, (one) => one.path === '/real');
    await visitOpen('/integration-center/webhook/new');
    await field('Endpoint').fill(`${receiver.url}/object`);
    const content = page.getByLabel('Content', { exact: true });
    const option = content.locator('option', { hasText: 'A real incident' });
    await content.selectOption({ label: (await option.textContent()) ?? '' });
    await button('Test push').click();
    await page.getByText('200 in').waitFor();
    const [sent] = await receiver.waitFor(1, (one) => one.path === '/object');
    assert.equal((JSON.parse(sent?.body ?? '') as { incident: { title: string } }).incident.title, 'A real incident');
    assert.equal(sent?.headers['tocsin-test'], '1');
    await content.selectOption({ label: 'A sample' });
    await field('Endpoint').fill(`${receiver.url}/fails`);
    await page.getByLabel('Event type of the push').selectOption('i_ack');
    await button('Test push').click();
    await page.getByText('out of <b>order</b>').waitFor();
    await page.getByText('x-why').waitFor();
    await page.getByRole('tab', { name: 'Request' }).click();
    await page.getByRole('region', { name: 'Test push' }).getByText('"i_ack"').first().waitFor();
  });

  test('a stored webhook is edited: the page lists what changes, and only that is sent', async () => {
    const { integration_id: id } = await stored('Every field');
    await visitOpen(`/integration-center/webhook/${String(id)}?tab=settings`);
    assert.equal(await button('Save').isDisabled(), true);
    await field('Description').fill('For both shops');
    await page.getByText('Description: For the shop → For both shops').waitFor();
    // Somebody else changes another field in the meantime: it stays.
    await console.app.service.api('/webhook/update', { integration_id: id, max_in_flight: 5 });
    await button('Test push').click();
    const [sent] = await console.app.receiver.waitFor(1, (one) => one.path === '/every');
    assert.equal(sent?.headers['x-token'], 'a-token-of-some-length');
    await button('Save').click();
    await page.getByText('Saved. It applies to events from now on.').waitFor();
    const now = await stored('Every field');
    assert.deepEqual(
      [now['description'], now['max_in_flight'], now['headers']],
      ['For both shops', 5, { 'X-Token': '••••ngth' }],
    );
  });

  test('a copy is a draft with the same settings, but without the name and the values of headers', async () => {
    const { integration_id: id } = await stored('Every field');
    await visitOpen(`/integration-center/webhook/${String(id)}`);
    await choose('Copy as a new draft');
    await page.getByRole('heading', { level: 1, name: 'New incident webhook' }).waitFor();
    assert.deepEqual(
      [
        await field('Name').inputValue(),
        await field('Name of header 1').inputValue(),
        await field('Value of header 1').inputValue(),
      ],
      ['', 'X-Token', ''],
    );
    await field('Name').fill('The copy');
    await field('Value of header 1').fill('another');
    await button('Create webhook').click();
    await takeSecret();
    assert.equal((await stored('The copy'))['timeout_ms'], 2500);
  });

  test('paused with a backlog of 50 and resumed: everything arrives', async () => {
    const hook = await place.hook('alert', { name: 'Backlog', delivery_mode: 'at_least_once' });
    await visitOpen(`/integration-center/webhook/${hook.id}`);
    await button('Pause').click();
    await page.getByText('Backlog is paused.').waitFor();
    for (let number = 0; number < 50; number += 1)
      await place.report({ title: `b ${number}`, alert_key: `b-${number}` });
    assert.equal(hook.received().length, 0);
    await button('Resume').click();
    await page.getByText('Backlog is on again.').waitFor();
    await hook.pushes(50);
  });

  test('a paused webhook says since when and by whom, in the list and on its page', async () => {
    const hook = await place.hook('alert', { name: 'Held back' });
    await console.app.service.api('/webhook/pause', { integration_id: hook.id });
    const since = /Paused since .*\d.*, by \S/;
    await visitOpen('/integration-center/webhook?q=held');
    await page
      .getByRole('row', { name: /Held back/ })
      .getByText(since)
      .waitFor();
    await visitOpen(`/integration-center/webhook/${hook.id}`);
    await page.getByText(/since .*\d.*, by \S/).waitFor();
    await button('Resume').click();
    await page.getByText('Held back is on again.').waitFor();
    await page.getByText(/since .*\d.*, by \S/).waitFor({ state: 'detached' });
  });

  test('rotated with an overlap: pushes carry both signatures', async () => {
    const hook = await place.hook('alert', { name: 'Rotated' });
    await visitOpen(`/integration-center/webhook/${hook.id}`);
    await choose('Rotate secret');
    await page.getByRole('dialog').getByLabel('Overlap').selectOption({ label: '1 hour' });
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
    const secret = await takeSecret();
    assert.notEqual(secret, hook.secret);
    await place.report({ title: 'after', alert_key: 'after' });
    const [push] = await hook.pushes(1);
    assert.ok(push !== undefined);
    verifySignature(push, secret);
    verifySignature(push, hook.secret);
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByText('signs until').waitFor();
    await page.getByText('signs now').waitFor();
  });

  test('to close the secret without a copy takes a second click', async () => {
    const hook = await place.hook('alert', { name: 'Uncopied' });
    await visitOpen(`/integration-center/webhook/${hook.id}`);
    await choose('Rotate secret');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Rotate', exact: true }).click();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.getByText('You have not copied the secret.').waitFor();
    await dialog.getByRole('button', { name: 'Close without it' }).click();
    await dialog.waitFor({ state: 'detached' });
  });

  test('disabled with its number, enabled again, and deleted after its name was typed', async () => {
    const hook = await place.hook('alert', { name: 'Going away', delivery_mode: 'at_least_once' });
    await console.app.service.api('/webhook/pause', { integration_id: hook.id });
    for (const key of ['x', 'y', 'z']) await place.report({ title: key, alert_key: `gone-${key}` });
    await visitOpen(`/integration-center/webhook/${hook.id}`);
    await choose('Disable');
    await page.getByRole('dialog', { name: 'Disable Going away?' }).getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Going away is disabled. 3 waiting pushes were cancelled.').waitFor();
    await button('Enable').click();
    await page.getByText('Going away gets events from now on.').waitFor();
    await choose('Delete');
    const dialog = page.getByRole('dialog', { name: 'Delete Going away?' });
    assert.equal(await dialog.getByRole('button', { name: 'Delete' }).isDisabled(), true);
    await dialog.getByLabel('Type Going away to confirm').fill('Going away');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor();
    assert.deepEqual(await stored('Going away'), {});
  });

  test('the list is filtered by the service, keeps its filter in the address, and says what it could not read', async () => {
    await visitOpen('/integration-center/webhook');
    await page.getByLabel('Search').fill('every f');
    await page.waitForURL(/q=every\+f/);
    await page.getByText('1 webhook', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Every field' }).click();
    await page.getByRole('heading', { level: 1, name: 'Every field' }).waitFor();
    await page.goBack();
    await page.getByText('1 webhook', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    await page.getByRole('link', { name: 'Webhooks', exact: true }).click();
    await page.waitForURL(/q=every\+f/);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('combobox', { name: 'State' }).selectOption({ label: 'State: Paused' });
    await page.getByText('No webhook matches these filters.').waitFor();
    await visitOpen('/integration-center/webhook?state=odd&channel=-1');
    await page.getByText('could not be read and were left out: state, channel').waitFor();
    await page.getByRole('row', { name: /Every field/ }).waitFor();
  });

  test('the menu of a row pauses and resumes where one stands', async () => {
    await visitOpen('/integration-center/webhook?q=rotated');
    for (const [item, state] of [
      ['Pause', /^Paused$/],
      ['Resume', /^(?:Delivering|Idle)$/],
    ] as const) {
      await page.getByRole('button', { name: 'Actions for Rotated' }).click();
      await page.getByRole('menuitem', { name: item }).click();
      await page
        .getByRole('row', { name: /Rotated/ })
        .locator('.webhook-state')
        .getByText(state)
        .waitFor();
    }
  });

  test('the addresses to trust are there to copy', async () => {
    await visitOpen('/integration-center/webhook');
    await button('Source addresses').click();
    await page.getByRole('dialog').getByText('TOCSIN_EGRESS_PUBLISHED').waitFor();
    await page.getByRole('dialog').getByText('127.0.0.1/32').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
