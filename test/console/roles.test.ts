import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Hook, HistoryItem, Place } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp, type Role } from './console-browser.ts';

/** For each page: the buttons that a role has there, and nobody below it. */
const buttons: readonly { readonly page: string; readonly least: Role; readonly names: readonly string[] }[] = [
  { page: 'list', least: 'admin', names: ['New webhook'] },
  { page: 'webhook', least: 'responder', names: ['Pause'] },
  { page: 'webhook', least: 'admin', names: ['Test push', 'More actions'] },
  { page: 'settings', least: 'admin', names: ['Save'] },
  { page: 'delivery', least: 'viewer', names: ['Copy as curl'] },
  { page: 'delivery', least: 'responder', names: ['Resend'] },
  { page: 'incidents', least: 'responder', names: ['New incident'] },
  {
    page: 'incident',
    least: 'responder',
    names: ['Ack', 'Resolve', 'Assign', 'More actions', 'Edit: Impact', 'Send'],
  },
  { page: 'alert', least: 'responder', names: ['Close', 'Merge into an incident'] },
  { page: 'source', least: 'admin', names: ['Send a test alert', 'Disable', 'Delete', 'Save', 'Copy'] },
  { page: 'channels', least: 'admin', names: ['New channel'] },
  { page: 'channel', least: 'admin', names: ['Disable', 'Delete', 'Save the grouping'] },
  { page: 'noise', least: 'admin', names: ['Add a silence', 'Add an inhibition', 'Add a drop rule'] },
  { page: 'escalation', least: 'admin', names: ['Add an escalation rule'] },
  { page: 'people', least: 'admin', names: ['Invite somebody', 'New team'] },
  { page: 'person', least: 'admin', names: ['Change the role', 'Make a sign-in link', 'Delete the member'] },
  { page: 'team', least: 'admin', names: ['Delete the team', 'Save the team'] },
  { page: 'keys', least: 'viewer', names: ['Make a key'] },
  { page: 'fields', least: 'admin', names: ['New field'] },
];
const ranks: Readonly<Record<Role, number>> = { viewer: 0, responder: 1, admin: 2 };

describe('roles in the console', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let place: Place;
  let hook: Hook;
  let record: HistoryItem | undefined;
  let pages: Readonly<Record<string, string>>;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    hook = await place.hook('incident', { name: 'Tickets' });
    await place.report({ title: 'CPU', alert_key: 'cpu' });
    [record] = await hook.history(1);
    const { api } = console.app.service;
    const team = await api('/team/upsert', { team_name: 'Web', person_ids: [] });
    const invited = await api('/member/invite', { members: [{ email: 'lin@example.org', member_name: 'Lin Wei' }] });
    const [member] = invited['items'] as { member_id: number }[];
    const now = Math.floor(Date.now() / 1000);
    const alerts = await api('/alert/list', { start_time: now - 3600, end_time: now + 60 });
    const [alert] = alerts['items'] as { alert_id: string }[];
    pages = {
      list: '/integration-center/webhook',
      webhook: `/integration-center/webhook/${hook.id}`,
      settings: `/integration-center/webhook/${hook.id}?tab=settings`,
      delivery: `/delivery/${hook.id}/${record?.event_id}`,
      incidents: '/incident',
      incident: `/incident/detail/${record?.ref_id}`,
      alert: `/alert/detail/${alert?.alert_id}`,
      source: `/integration-center/source/${place.sourceId}`,
      channels: '/channel',
      channel: `/channel/${place.channelId}`,
      noise: `/channel/${place.channelId}?tab=noise`,
      escalation: `/channel/${place.channelId}?tab=escalation`,
      people: '/people',
      person: `/people/${member?.member_id}`,
      team: `/people/team/${Number(team['team_id'])}`,
      keys: '/settings/keys',
      fields: '/settings/fields',
    };
  });
  after(() => console.stop());

  for (const role of ['viewer', 'responder', 'admin'] as const) {
    test(`a ${role} has the buttons of the role and no others`, async () => {
      const visit = await console.visit({ role });
      for (const [name, path] of Object.entries(pages)) {
        await visit.open(path);
        await visit.page.locator('.panel, [role="grid"], [role="tab"]').first().waitFor();
        await visit.settled();
        for (const { names, least } of buttons.filter((one) => one.page === name)) {
          for (const button of names) {
            const found = visit.page.getByRole('button', { name: button, exact: true });
            if (ranks[role] >= ranks[least]) await found.first().waitFor();
            else assert.equal(await found.count(), 0, `${role} has ${button} on ${name}`);
          }
        }
      }
      await visit.context.close();
    });
  }

  test('what a role may not see is refused in words, and is absent from the settings', async () => {
    const visit = await console.visit({ role: 'responder' });
    const { page } = visit;
    for (const path of ['/settings/audit', '/settings/system', '/integration-center/source/new', '/welcome/guide']) {
      await visit.open(path);
      await page.getByText('This needs the role Admin; you are Responder.').waitFor();
    }
    await visit.open('/settings/profile');
    assert.equal(await page.getByRole('link', { name: 'Audit log' }).count(), 0);
    await visit.open(pages['source'] ?? '');
    await page.getByText('The key is masked; admins can copy it.').waitFor();
    assert.equal((await page.content()).includes(place.sourceKey), false);
    await visit.context.close();
  });

  test('signed out, no page shows anything but the sign-in', async () => {
    const visit = await console.visit();
    for (const path of [...Object.values(pages), '/settings/audit', '/settings/system', '/welcome/guide']) {
      await visit.page.goto(path);
      await visit.page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    }
    await visit.context.close();
  });

  test('who may not make webhooks is shown what is needed and whom to ask; settings are there to read', async () => {
    const visit = await console.visit({ role: 'viewer' });
    const { page } = visit;
    await visit.open('/integration-center/webhook/new');
    await page.getByText('This needs the role Admin; you are Viewer.').waitFor();
    await page.getByText(/^Admins: /).waitFor();
    await visit.open(pages['settings'] ?? '');
    await page.getByText('Changing webhooks needs the role admin; you are Viewer.').waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).isDisabled(), true);
    assert.equal(await page.getByRole('radio', { name: /Durable/ }).isDisabled(), true);
    await visit.context.close();
  });

  test('a session ended elsewhere asks for a new sign-in over the page, and what was typed is still there', async () => {
    const visit = await console.visit({ role: 'admin' });
    const { page } = visit;
    await page.getByLabel('Password').fill('Vier Birnen + 1 Velo');
    await page.getByRole('button', { name: 'Save and go on' }).click();
    await page.getByRole('heading', { level: 1, name: 'Incidents' }).waitFor();
    await visit.open('/integration-center/webhook/new');
    await page.getByLabel('Name', { exact: true }).fill('Half done');
    await page.getByLabel('Endpoint').fill(`${console.app.receiver.url}/x`);
    const email = await page.evaluate(async () => {
      const answer = await fetch('/session/info', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      return ((await answer.json()) as { data: { person: { email: string } } }).data.person.email;
    });
    await visit.context.clearCookies();
    await page.getByRole('button', { name: 'Create webhook' }).click();
    const panel = page.getByRole('dialog', { name: 'Your session has ended' });
    await panel.getByLabel('Email').fill(email);
    await panel.getByLabel('Password').fill('Vier Birnen + 1 Velo');
    await panel.getByRole('button', { name: 'Sign in' }).click();
    await panel.waitFor({ state: 'detached' });
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Half done');
    await page.getByRole('button', { name: 'Create webhook' }).click();
    await page.locator('.secret-value').waitFor();
    await visit.context.close();
  });

  test('a session is seen under Settings, and ended from another', async () => {
    const link = await console.linkFor('viewer');
    const visit = await console.visit();
    const { page } = visit;
    await page.goto(link);
    await page.waitForURL('**/welcome');
    const email = await page.locator('.welcome').getByText('@example.org').innerText();
    const other = await console.visit();
    await visit.open('/settings/profile');
    await page.getByRole('region', { name: 'Profile' }).getByText(email, { exact: true }).waitFor();
    await page.getByLabel('New password').fill('Vier Birnen + 1 Velo');
    await page.getByRole('button', { name: 'Set the password' }).click();
    await page.getByText('The password is set.').waitFor();
    await other.page.goto(link);
    await other.page.getByRole('alert').getByText('It was used already').waitFor();
    assert.equal(await other.page.getByText('sign-in-link').count(), 1);
    assert.equal(await other.page.getByText('npx tocsin sign-in-link', { exact: true }).count(), 1);
    await other.page.goto('/sign-in');
    await other.page.getByLabel('Email').fill(email);
    await other.page.getByLabel('Password').fill('Vier Birnen + 1 Velo');
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByRole('heading', { level: 1, name: 'Incidents' }).waitFor();
    await page.reload();
    await page.getByText('This session', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'End this session' }).click();
    await page.getByRole('button', { name: 'End this session' }).waitFor({ state: 'detached' });
    await other.open('/incident').catch(() => undefined);
    await other.page.waitForURL(/\/sign-in/);
    await page.getByLabel('Name', { exact: true }).fill('Grace Hopper');
    await page.getByRole('button', { name: 'Save the profile' }).click();
    await page.getByRole('button', { name: /Grace Hopper/ }).waitFor();
    await visit.context.close();
    await other.context.close();
  });

  test('a service that is gone is said, what was loaded stays, and it is found again without a click', async () => {
    const visit = await console.visit({ role: 'viewer' });
    const { page } = visit;
    await visit.open('/integration-center/webhook');
    await page.getByRole('row', { name: /Tickets/ }).waitFor();
    await console.app.service.kill('SIGTERM');
    await page.getByLabel('Search').fill('tick');
    await page.getByText('Reconnecting…').waitFor();
    await page.getByRole('row', { name: /Tickets/ }).waitFor();
    await console.app.service.restart();
    await page.getByText('Reconnecting…').waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Tickets/ }).waitFor();
    assert.equal(await page.getByText('This could not be loaded').count(), 0);
    await visit.context.close();
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
