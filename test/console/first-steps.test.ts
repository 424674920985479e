import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

const password = 'Vier Birnen + 1 Velo';

for (const database of ['sqlite', 'postgres'] as const) {
  describe(`the first steps in the console, on ${database}`, { skip: noBrowser }, () => {
    const stack = new AsyncDisposableStack();
    let console: ConsoleApp;
    let visit: Visit;
    let link: string;

    before(async () => {
      const databaseUrl = database === 'postgres' ? stack.use(await emptyPostgres('console')).url : undefined;
      console = await startConsole({ database, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
      stack.defer(() => console.stop());
      link = /http:\S+\/sign-in\/link#\S+/.exec(console.app.service.logs.join('\n'))?.[0] ?? '';
      visit = await console.visit();
    });
    after(() => stack.disposeAsync());

    test('signed out, every page leads to the sign-in, which says where the first link is', async () => {
      const { page } = visit;
      await page.goto('/delivery?outcome=failed');
      await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get('next'), '/delivery?outcome=failed');
      await page.getByText('Open the link that the first start printed.').waitFor();
    });

    test('the link of the first start signs in, and asks for a name and a password', async () => {
      const { page } = visit;
      await page.goto(link);
      await page.getByRole('heading', { level: 1, name: 'Welcome to Tocsin' }).waitFor();
      assert.doesNotMatch(page.url(), /#/);
      await page.getByLabel('Name').fill('Ada Lovelace');
      await page.getByLabel('Password').fill('short');
      await page.getByRole('button', { name: 'Save and go on' }).click();
      assert.equal(await page.getByLabel('Password').getAttribute('aria-invalid'), 'true');
      await page.getByLabel('Password').fill('admin@example.org 1234');
      await page.getByRole('button', { name: 'Save and go on' }).click();
      await page.locator('.field-fault').first().waitFor();
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Save and go on' }).click();
      await page.getByRole('heading', { level: 1, name: 'From nothing to the first push' }).waitFor();
      await page.getByRole('button', { name: /Ada Lovelace/ }).waitFor();
    });

    test('the guide can be left, and the incidents lead back to it until something was pushed', async () => {
      const { page } = visit;
      await page.getByRole('link', { name: 'Leave the guide' }).click();
      await page.getByText('1 of 5 steps are done').waitFor();
      await page.getByRole('link', { name: 'Go on with the guide' }).click();
      await page.getByRole('heading', { level: 1, name: 'From nothing to the first push' }).waitFor();
    });

    test('the guide leads from a channel to a push that is seen arriving', async () => {
      const { page } = visit;
      const { receiver } = console.app;
      const step = (name: string) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });
      await page.getByLabel('Name of the channel').fill('Web shop');
      await page.getByRole('button', { name: 'Create the channel' }).click();
      await step('A channel (done)').getByRole('link', { name: 'Web shop' }).waitFor();
      await page.getByRole('radio', { name: 'Standard format' }).check();
      await page.getByRole('button', { name: 'Create the source' }).click();
      await page.getByText('Waiting for the first alert…').waitFor();
      await page.getByRole('group', { name: 'In a shell' }).waitFor();
      await page.getByRole('button', { name: 'Send a test alert' }).click();
      await step('A source of alerts (done)').waitFor();
      const log = page.getByRole('region', { name: 'As it happens' });
      await log.getByText('Incident opened').waitFor();
      await page.getByLabel('Name of the webhook').fill('First');
      await page.getByLabel('Endpoint').fill(`${receiver.url}/guide`);
      await page.getByRole('button', { name: 'Create the webhook' }).click();
      await step('A webhook (done)').waitFor();
      await page.getByText('whsec_').waitFor();
      await page.getByText('Nothing has arrived at First yet.').waitFor();
      await page.getByRole('button', { name: 'Send a test alert' }).click();
      await receiver.waitFor(1, (one) => one.path === '/guide');
      await page.getByText('First has answered a push.').waitFor();
      await step('See it arrive (done)').waitFor();
      await log.getByText('Push to First: Delivered 200').first().waitFor();
      await page.getByRole('link', { name: 'Go to Incidents' }).click();
      await page
        .getByRole('row', { name: /Test alert/ })
        .first()
        .waitFor();
      assert.equal(await page.getByRole('link', { name: 'Go on with the guide' }).count(), 0);
    });

    test('the navigation has every place by its name, and each has one heading', async () => {
      const { page } = visit;
      const names = [
        'Incidents',
        'Alerts',
        'Deliveries',
        'Alert sources',
        'Webhooks',
        'Custom actions',
        'Channels',
        'People & teams',
        'Settings',
      ];
      for (const name of names) {
        await page.getByRole('link', { name, exact: true }).click();
        await page.getByRole('link', { name, exact: true }).and(page.locator('[aria-current="page"]')).waitFor();
        await page.getByRole('heading', { level: 1 }).waitFor();
        assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, name);
        // A list that was left before its rows came is loaded anew, and holds nothing back.
        await visit.settled();
      }
    });

    test('a webhook made here gets the pushes of a test alert, and the delivery is on the list', async () => {
      const { page } = visit;
      const { receiver } = console.app;
      const place = await console.app.place();
      await page.getByRole('link', { name: 'Webhooks', exact: true }).click();
      await page.getByRole('button', { name: 'New webhook' }).first().click();
      await page.getByLabel('Name', { exact: true }).fill('Tickets');
      await page.getByLabel('Endpoint').fill(`${receiver.url}/tickets?a=a`);
      await page.getByRole('button', { name: 'Test push' }).click();
      await page.getByText('200 in').waitFor();
      await receiver.waitFor(1, (one) => one.target === '/tickets?a=a');
      await page.getByRole('button', { name: 'Create webhook' }).click();
      await page.getByRole('dialog').getByText('whsec_').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Copy' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();
      await page.getByRole('heading', { level: 1, name: 'Tickets' }).waitFor();

      await place.report({ title: 'the first alert', alert_key: 'first' });
      await receiver.waitFor(1, (one) => one.body.includes('i_new') && one.body.includes('the first alert'));
      await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
      // The list is as it was left, so what came meanwhile waits.
      await page.getByRole('button', { name: /^\d+ new/ }).click();
      await page
        .getByRole('row', { name: /Delivered.*i_new.*Tickets/ })
        .first()
        .click();
      await page.getByRole('heading', { level: 2, name: 'Opened → Tickets' }).waitFor();
    });

    test('signed out, and in again: a wrong password is refused in the same words as a wrong address', async () => {
      const { page } = visit;
      await page.getByRole('button', { name: /Ada Lovelace/ }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
      const refusals: string[] = [];
      for (const [email, tried] of [
        ['admin@example.org', 'not the password'],
        ['nobody@example.org', password],
      ] as const) {
        await page.getByLabel('Email').fill(email);
        await page.getByLabel('Password').fill(tried);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.locator('.button:not([aria-busy])', { hasText: 'Sign in' }).waitFor();
        refusals.push(await page.getByRole('alert').innerText());
      }
      assert.equal(refusals[0], refusals[1]);
      await page.getByLabel('Email').fill('admin@example.org');
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { level: 1, name: 'Incidents' }).waitFor();
    });

    test('the link works once: the second time it is refused in words', async () => {
      const stranger = await console.visit();
      await stranger.page.goto(link);
      await stranger.page.getByRole('heading', { level: 1, name: 'This link does not work' }).waitFor();
      await stranger.page.getByRole('link', { name: 'Sign in with a password' }).waitFor();
      await stranger.context.close();
    });

    test('no page broke the policy, asked anybody else, or failed', () => {
      assert.deepEqual(console.mishaps, []);
    });
  });
}
