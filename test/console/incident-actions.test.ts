import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { shareOfMachine } from '../support/machine.ts';
import type { Hook, Place } from '../support/test-app.ts';
import { pushOf } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

describe('what people do to incidents in the console', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;
  let page: Page;
  let place: Place;
  let hook: Hook;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    hook = await place.hook('incident', { name: 'Tickets' });
    visit = await console.visit({ role: 'responder' });
    ({ page } = visit);
  });
  after(() => console.stop());

  const api = (path: string, body: object) => console.app.service.api(path, body);

  /** Opens an incident by its alert, and its page. */
  async function openIncident(title: string): Promise<string> {
    await place.report({ title, alert_key: title });
    const [push] = await console.app.receiver.waitFor(
      1,
      (one) => one.path === hook.path && one.body.includes(title) && one.body.includes('"i_new"'),
    );
    assert.ok(push);
    const id = String(pushOf(push).incident?.['incident_id']);
    await visit.open(`/incident/detail/${id}`);
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    return id;
  }

  const dialog = () => page.getByRole('dialog');
  /** The change of a dialog is often seen before its answer has come; until then letters belong to the dialog. */
  const gone = () => dialog().waitFor({ state: 'detached' });
  /** A dialog is seen a moment before the focus is in it, and keys go where the focus is. */
  const focused = () =>
    page.waitForFunction(() => (document.querySelector('[role=dialog]')?.querySelector(':focus') ?? null) !== null);
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const summary = (text: string | RegExp) => page.locator('.page-below').getByText(text).first().waitFor();
  const pushed = (id: string, type: string) =>
    console.app.receiver.waitFor(
      1,
      (one) => one.path === hook.path && one.body.includes(id) && one.body.includes(`"${type}"`),
    );

  test('by mouse: ack and back, snooze, wake, assign, severity, resolve with a cause, reopen', async () => {
    const id = await openIncident('by mouse');
    await button(/^Ack/).click();
    await summary('Processing');
    await button('Undo, which sends i_unack').click();
    await summary('Triggered');
    await pushed(id, 'i_unack');

    await button(/^Snooze/).click();
    await dialog().getByRole('radio', { name: '4 hours' }).check();
    await dialog().getByRole('button', { name: 'Snooze' }).click();
    await summary(/^Snoozed until \d\d:\d\d/);
    await page.locator('.timeline').getByText('for 4 h', { exact: true }).waitFor();
    await button(/^Wake/).click();
    await pushed(id, 'i_wake');

    await button(/^Assign/).click();
    await dialog()
      .getByRole('checkbox', { name: /Administrator/ })
      .check();
    await dialog().getByRole('checkbox', { name: '(you)' }).uncheck();
    await dialog().getByRole('button', { name: 'Assign' }).click();
    await page.locator('.incident-side').getByText('Administrator').waitFor();

    // Who has it is chosen already, and stays when somebody joins; one press takes it over.
    await button(/^Assign/).click();
    const chosen = (name: RegExp, on: boolean) => dialog().getByRole('checkbox', { name, checked: on }).waitFor();
    await chosen(/Administrator/, true);
    await dialog().getByText('People who are not chosen no longer have it.').waitFor();
    await dialog().getByRole('searchbox').fill('responder 1');
    await page.keyboard.press('Enter');
    await chosen(/responder 1/, true);
    await chosen(/Administrator/, true);
    await dialog().getByRole('button', { name: 'Only me' }).click();
    await chosen(/Administrator/, false);
    await dialog().getByRole('button', { name: 'Assign' }).click();
    await gone();
    await page.locator('.incident-side').getByText('Administrator').waitFor({ state: 'detached' });

    await button('More actions').click();
    await page.getByRole('menuitem', { name: /^Severity/ }).click();
    await dialog().getByRole('radio', { name: 'Info' }).check();
    await dialog().getByRole('button', { name: 'Severity' }).click();
    await summary('Info');
    await button('Undo, which sends i_r_severity').click();
    await summary('Critical');

    await button(/^Resolve/).click();
    await dialog().getByLabel('Root cause').fill('A full disk');
    await dialog().getByLabel('Resolution').fill('A larger one');
    await dialog().getByRole('button', { name: 'Resolve' }).click();
    await summary('Closed');
    await page.locator('.incident-side').getByText('A full disk').waitFor();
    await button(/^Reopen/).click();
    await dialog().getByLabel('Reason').fill('It came back');
    await dialog().getByRole('button', { name: 'Reopen' }).click();
    await summary('Triggered');
    await page.getByText('Reason: It came back').waitFor();
  });

  test('by key: every action has its letter, and the focus is where it was', async () => {
    const id = await openIncident('by key');
    await page.keyboard.press('a');
    await summary('Processing');
    await page.keyboard.press('Shift+A');
    await summary('Triggered');
    await page.keyboard.press('z');
    await dialog().waitFor();
    await focused();
    await page.keyboard.press('Enter');
    await gone();
    await summary('Snoozed until');
    await page.keyboard.press('w');
    await pushed(id, 'i_wake');
    await page.keyboard.press('e');
    await dialog().getByRole('searchbox').waitFor();
    await dialog().getByRole('checkbox', { name: '(you)' }).and(page.locator(':checked')).waitFor();
    await focused();
    await page.keyboard.press('Enter');
    await gone();
    await page.locator('.incident-side').getByText('responder 1').waitFor();
    await page.keyboard.press('c');
    await page.keyboard.type('typed with the keyboard');
    await page.keyboard.press('Control+Enter');
    await page.locator('.timeline').getByText('typed with the keyboard').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('s');
    await dialog().getByRole('radio', { name: 'Critical' }).waitFor();
    await focused();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await gone();
    await summary('Warning');
    await page.keyboard.press('r');
    await dialog().getByLabel('Root cause').fill('A full disk');
    await page.keyboard.press('Control+Enter');
    await gone();
    await summary('Closed');
    await page.keyboard.press('Shift+R');
    await dialog().getByLabel('Reason').waitFor();
    await page.keyboard.press('Escape');
    await gone();
    await summary('Closed');
  });

  test('title, texts and custom fields are changed where they stand', async () => {
    await api('/field/create', { field_name: 'customer', display_name: 'Customer', field_type: 'text' });
    await api('/field/create', {
      field_name: 'area',
      display_name: 'Area',
      field_type: 'single_select',
      options: ['Checkout', 'Search'],
    });
    const id = await openIncident('to be edited');
    await button('Edit: Title').click();
    await page.getByLabel('Title').fill('ab');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Title').fill('edited');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'edited' }).waitFor();
    await pushed(id, 'i_r_title');
    await button('Undo, which sends i_r_title').click();
    await page.getByRole('heading', { level: 1, name: 'to be edited' }).waitFor();
    await button('Undo, which sends i_r_title').click();
    await page.getByRole('heading', { level: 1, name: /^edited/ }).waitFor();
    await button('Close this message').click();
    assert.equal(await button('Undo, which sends i_r_title').count(), 0);
    for (const [name, text, type] of [
      ['Description', 'what it is', 'i_r_desc'],
      ['Impact', 'nobody can pay', 'i_r_impact'],
      ['Root cause', 'a full disk', 'i_r_rc'],
      ['Resolution', 'a larger one', 'i_r_rsltn'],
    ] as const) {
      await button(`Edit: ${name}`).click();
      await page.getByLabel(name, { exact: true }).fill(text);
      await page.keyboard.press('Control+Enter');
      await button(`Edit: ${name}`).waitFor();
      await page.locator('.incident-side').getByText(text).waitFor();
      await pushed(id, type);
    }
    // The service has no way back to no text at all.
    assert.equal(await button(/Undo, which/).count(), 0);
    const long = await api('/incident/create', { title: 'x'.repeat(201), incident_severity: 'Info' });
    await visit.open(`/incident/detail/${String(long['incident_id'])}`);
    await button('Edit: Title').click();
    await page.getByLabel('Title').fill('a shorter one');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'a shorter one' }).waitFor();
    await button('Close this message').waitFor();
    assert.equal(await button(/Undo, which/).count(), 0, 'nor to a title that is longer than it takes');
    await visit.open(`/incident/detail/${id}`);
    await button('Edit: Root cause').click();
    await page.getByLabel('Root cause', { exact: true }).fill('another');
    await page.keyboard.press('Control+Enter');
    await button('Undo, which sends i_r_rc').click();
    await page.locator('.incident-side').getByText('a full disk').waitFor();
    // Once somebody else has changed it, there is nothing to take back.
    await api('/incident/reset', { incident_id: id, root_cause: 'a slow disk' });
    await page.locator('.incident-side').getByText('a slow disk').waitFor();
    await button('Undo, which sends i_r_rc').waitFor({ state: 'detached' });
    await button('Edit: Customer').click();
    await page.getByLabel('Customer', { exact: true }).fill('Acme');
    await page.keyboard.press('Enter');
    await page.locator('.incident-side').getByText('Acme').waitFor();
    await button('Edit: Area').click();
    await page.getByLabel('Area', { exact: true }).selectOption('Search');
    await button('Save').click();
    await page.locator('.incident-side').getByText('Search', { exact: true }).waitFor();
    await button('Edit: Impact').click();
    await page.getByLabel('Impact', { exact: true }).fill('not kept');
    await page.keyboard.press('Escape');
    await page.locator('.incident-side').getByText('nobody can pay').waitFor();
  });

  test('each entry has its pushes under it; one that failed says why and is sent again from there', async () => {
    const { receiver } = console.app;
    receiver.answer('/broken', { status: 500, body: 'out of order' }, { status: 500 }, { status: 200 });
    await place.hook('incident', { name: 'Self-healing', endpoint: `${receiver.url}/broken` });
    await openIncident('half pushed');
    const entry = page.locator('.timeline-entry').filter({ hasText: 'i_new' });
    await entry.getByRole('link', { name: 'Tickets' }).waitFor();
    const failed = entry.locator('.entry-push').filter({ hasText: 'Self-healing' });
    await failed.getByText('500').waitFor();
    await failed.getByRole('button', { name: 'Resend' }).click();
    await receiver.waitFor(2, (one) => one.path === '/broken' && one.body.includes('half pushed'));
    await page.getByRole('tab', { name: 'Pushes' }).click();
    await page.getByRole('link', { name: 'Self-healing' }).first().waitFor();
    await visit.open('/incident');
    const row = page.getByRole('row', { name: /half pushed/ });
    await row.getByText(/push(es)? not delivered/).waitFor();
    await row.getByText(/push(es)? delivered/).waitFor();
    await row.getByRole('link', { name: 'half pushed' }).click();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await failed.getByRole('button', { name: 'Resend' }).last().click();
    await receiver.waitFor(3, (one) => one.path === '/broken' && one.body.includes('half pushed'));
    await page.reload();
    await failed.nth(2).waitFor();
    // It has arrived.
    assert.equal(await failed.getByRole('button', { name: 'Resend' }).count(), 0);
  });

  test('custom actions are run by a click and by their number, and a failure is said', async () => {
    const { receiver } = console.app;
    const common = { type: 'custom_action', channel_ids: [place.channelId], timeout_ms: 30_000 };
    await api('/webhook/create', { ...common, name: 'Restart host', endpoint: `${receiver.url}/restart` });
    receiver.answer('/roll-back', { status: 503, body: 'not now' });
    await api('/webhook/create', { ...common, name: 'Roll back', endpoint: `${receiver.url}/roll-back` });
    await openIncident('to be acted on');
    await button(/^Restart host/).click();
    await page.getByText('Restart host was called, and the receiver took it.').waitFor();
    await receiver.waitFor(1, (one) => one.path === '/restart');
    await page.keyboard.press('2');
    await page.getByText(/Roll back was called and failed/).waitFor();
  });

  test('a merge shows what moves before it is done', async () => {
    const target = await openIncident('the one that stays');
    const source = await openIncident('the one that goes');
    await page.keyboard.press('m');
    await dialog().getByRole('searchbox').fill('stays');
    await dialog()
      .getByRole('radio', { name: /the one that stays/ })
      .check();
    await dialog()
      .getByText(/1 alert moves from 1 incident into/)
      .waitFor();
    await dialog().getByRole('button', { name: 'Merge' }).click();
    await gone();
    await summary('Closed');
    const merged = await api('/incident/info', { incident_id: target });
    assert.equal(merged['alert_cnt'], 2);
    await page.getByText(`1 incident merged into #${String(merged['num'])}`).waitFor();
    assert.equal((await api('/incident/info', { incident_id: source }))['progress'], 'Closed');
  });

  test('a batch of 120 goes out in two calls, chosen with all that match', async () => {
    for (let from = 0; from < 120; from += 20) {
      const some = Array.from({ length: 20 }, (_, index) => ({
        incident_severity: 'Info',
        title: `batch ${from + index}`,
        channel_id: 0,
      }));
      await Promise.all(some.map((one) => api('/incident/create', one)));
    }
    await visit.open('/incident?q=batch');
    await page.getByText('100 of 120').waitFor();
    const calls: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/incident/ack')) calls.push(request.postData() ?? '');
    });
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('1 chosen').waitFor();
    await button('Choose all 120 that match').click();
    await page.getByText('120 chosen').waitFor();
    await page.getByRole('region', { name: 'Chosen incidents' }).getByRole('button', { name: 'Ack' }).click();
    await page.getByText('120 incidents acknowledged').waitFor();
    assert.deepEqual(
      calls.map((body) => (JSON.parse(body) as { incident_ids: string[] }).incident_ids.length),
      [100, 20],
    );
    await button('Undo, which sends i_unack').click();
    await page.getByText('Acknowledgements of 120 incidents withdrawn').waitFor();
  });

  test('those of a batch that are refused are named by their number, and the others are done', async () => {
    await visit.open('/incident?q=batch');
    await page.getByText('100 of 120').waitFor();
    const rows = page.getByRole('row', { name: /batch/ });
    const num = /#(\w{6})/.exec(await rows.nth(1).innerText())?.[1] ?? '';
    const { incident_id } = await api('/incident/info', { num });
    for (const index of [0, 1, 2]) await rows.nth(index).getByRole('checkbox').check();
    await api('/incident/remove', { incident_ids: [incident_id] });
    await page.keyboard.press('a');
    await page.getByText('1 incident was refused:').waitFor();
    await page.getByText('2 incidents acknowledged').waitFor();
    await page.getByRole('alert').getByText(`#${num}`).waitFor();
  });

  test('a new incident is opened by hand, with its channel and its people', async () => {
    await visit.open('/incident');
    await button('New incident').click();
    await dialog().getByLabel('Title').fill('Somebody called');
    await dialog().getByRole('radio', { name: 'Warning' }).check();
    await dialog().getByLabel('Channel').selectOption({ label: place.channelName });
    await dialog().getByRole('checkbox', { name: '(you)' }).check();
    await dialog().getByRole('button', { name: 'Open the incident' }).click();
    await page.getByRole('heading', { level: 1, name: 'Somebody called' }).waitFor();
    await summary('Warning');
    await summary(place.channelName);
  });

  test("a second person's change is seen within a second, and the chosen row stays where it is", async () => {
    await visit.open('/incident?sort=newest');
    const rows = page.getByRole('row').filter({ has: page.getByRole('checkbox') });
    await rows.nth(2).getByRole('checkbox').check();
    const title = await rows.nth(2).getByRole('link').first().innerText();
    const numOf = async (row: number) => /#(\w{6})/.exec(await rows.nth(row).innerText())?.[1] ?? '';
    const { incident_id } = await api('/incident/info', { num: await numOf(1) });
    const other = await console.visit({ role: 'responder' });
    await other.open(`/incident/detail/${String(incident_id)}`);
    await other.page.getByRole('button', { name: /^Resolve/ }).click();
    await other.page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
    await other.page.locator('.page-below').getByText('Closed', { exact: true }).waitFor();
    const closed = async (row: number): Promise<number> => {
      const since = Date.now();
      await rows.nth(row).getByText('closed by ').waitFor();
      return Date.now() - since;
    };
    const took = [await closed(1)];
    const quickMs = 1000 * shareOfMachine();
    // A machine that is busy with something else may be late; the quickest of three tells what the page does.
    for (let row = 3; took.length < 3 && Math.min(...took) >= quickMs; row += 1) {
      const { incident_id: next } = await api('/incident/info', { num: await numOf(row) });
      await api('/incident/resolve', { incident_ids: [next] });
      took.push(await closed(row));
    }
    assert.ok(Math.min(...took) < quickMs, `it took ${took.join(', ')} ms`);
    assert.equal(await rows.nth(2).getByRole('link').first().innerText(), title);
    assert.equal(await rows.nth(2).getByRole('checkbox').isChecked(), true);
    await api('/incident/create', { title: 'brand new', incident_severity: 'Info', channel_id: 0 });
    await page.getByRole('button', { name: /new row/ }).waitFor();
    assert.equal(await rows.nth(2).getByRole('link').first().innerText(), title);
    await page.getByRole('button', { name: /new row/ }).click();
    await page.getByRole('row', { name: /brand new/ }).waitFor();
    await other.context.close();
  });

  test('who may only read has none of the actions', async () => {
    const [id] = (await api('/incident/list', { progress: 'Triggered', limit: 1 }))['items'] as {
      incident_id: string;
    }[];
    const reader = await console.visit({ role: 'viewer' });
    await reader.open('/incident');
    await reader.page.getByRole('grid').waitFor();
    assert.equal(await reader.page.getByRole('checkbox').count(), 0);
    assert.equal(await reader.page.getByRole('button', { name: 'New incident' }).count(), 0);
    await reader.open(`/incident/detail/${id?.incident_id}`);
    await reader.page.getByRole('tab', { name: 'Timeline' }).waitFor();
    for (const name of [/^Ack/, /^Snooze/, /^Resolve/, /^Edit:/, 'More actions', 'Send'])
      assert.equal(await reader.page.getByRole('button', { name }).count(), 0, String(name));
    await reader.page.keyboard.press('r');
    assert.equal(await reader.page.getByRole('dialog').count(), 0);
    await reader.context.close();
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
