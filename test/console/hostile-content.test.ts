import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Hook, Place } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

/** Texts that do harm where somebody takes them for markup, a script, an address or a template. */
const hostile = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '//evil.example/x',
  '\u202Eevil\u202C \u200B\u200Dzero',
  '{{7*7}} ${7*7} <%= 7*7 %>',
  '__proto__',
  '=cmd()',
  "' onmouseover='alert(1)",
  '\u001B[31mred\u001B[0m',
];

describe('the console with hostile content', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;
  let place: Place;
  let hook: Hook;
  let incident: string;
  let alert: string;
  let teamId: number;

  before(async () => {
    console = await startConsole();
    const { service, receiver } = console.app;
    place = await console.app.place();
    await service.api('/channel/create', { channel_name: hostile[0] });
    const team = await service.api('/team/upsert', { team_name: '<b>team</b>', description: hostile[1] });
    teamId = Number(team['team_id']);
    await service.api('/channel/silence/rule/create', {
      channel_id: place.channelId,
      rule_name: '<img src=x onerror=alert(1)>',
      description: hostile[1],
      filters: [[{ key: 'title', oper: 'IN', vals: [...hostile] }]],
    });
    await service.api('/field/create', {
      field_name: 'evil',
      display_name: '<img src=x onerror=alert(1)>',
      field_type: 'single_select',
      options: ['</script><script>alert(1)</script>'],
    });
    await service.api('/member/invite', {
      members: [{ email: 'evil@example.org', member_name: '<img src=x onerror=1>' }],
    });
    const answer = {
      headers: { 'x-hostile': '<script>alert(1)</script>', 'content-type': 'text/html' },
      body: `<script>alert(1)</script>${hostile.join('\n')}`,
    };
    // One failure is enough: a receiver that goes on failing is spared for a while.
    receiver.answer('/hostile', { status: 500, ...answer }, { status: 200, ...answer });
    hook = await place.hook('incident', {
      name: '<img src=x onerror=alert(1)>',
      endpoint: `${receiver.url}/hostile`,
      description: hostile.join(' ').slice(0, 500),
      headers: { 'X-Evil': '<script>alert(1)</script>' },
    });
    for (const [index, text] of hostile.entries()) {
      await place.report({
        title: `${text} ${index}`,
        alert_key: `k-${index}`,
        description: hostile.join('\n'),
        labels: { service: text, [`label${index}`]: hostile.join(' ') },
      });
    }
    await hook.history(hostile.length);
    const detail = JSON.parse((await receiver.waitFor(1, (one) => one.path === '/hostile'))[0]?.body ?? '') as {
      incident: { incident_id: string };
    };
    incident = detail.incident.incident_id;
    await service.api('/incident/comment', { incident_ids: [incident], comment: hostile.join('\n') });
    const alerts = await service.api('/incident/alert/list', { incident_id: incident });
    alert = (alerts['items'] as { alert_id: string }[])[0]?.alert_id ?? '';
    visit = await console.visit({ role: 'admin' });
  });
  after(() => console.stop());

  /** Nothing of the content has become an element that it names. */
  const nothingCameAlive = async (where: string): Promise<void> => {
    const found = await visit.page.evaluate(
      () =>
        document.querySelectorAll(
          '#console img, #console script, #console iframe, #console object, #console [onerror], #console [onmouseover]',
        ).length,
    );
    assert.equal(found, 0, where);
    const links = await visit.page.evaluate(() => [...document.querySelectorAll('a')].map((link) => link.href));
    for (const link of links) assert.match(link, /^(?:https?:\/\/127\.0\.0\.1|https?:\/\/|mailto:)/, where);
    for (const link of links) assert.notEqual(new URL(link).hostname, 'evil.example', where);
  };

  test('is text on every page, and every page stays alive', async () => {
    const [record] = await hook.history(1);
    const pages = [
      '/integration-center/webhook',
      '/integration-center/webhook/new',
      `/integration-center/webhook/${hook.id}`,
      `/integration-center/webhook/${hook.id}?tab=settings`,
      '/delivery',
      `/delivery/${hook.id}/${record?.event_id}`,
      `/incident/detail/${incident}`,
      `/incident/detail/${incident}?tab=pushes`,
      `/incident/detail/${incident}?tab=alerts`,
      `/alert/detail/${alert}`,
      `/alert/detail/${alert}?tab=events`,
      '/incident',
      '/alert',
      '/welcome/guide',
      '/integration-center/source',
      `/integration-center/source/${place.sourceId}`,
      '/channel',
      `/channel/${place.channelId}`,
      `/channel/${place.channelId}?tab=noise`,
      `/channel/${place.channelId}?tab=escalation`,
      `/channel/${place.channelId}?tab=webhooks`,
      '/people',
      `/people/team/${teamId}`,
      '/settings/fields',
      '/settings/keys',
      '/settings/audit',
      '/settings/system',
    ];
    for (const path of pages) {
      await visit.open(path);
      await visit.settled();
      await nothingCameAlive(path);
    }
    await visit.open('/integration-center/webhook');
    await visit.page.getByRole('link', { name: '<img src=x onerror=alert(1)>' }).waitFor();
  });

  test('is text in dialogs, in a test push, and in the answer of a receiver', async () => {
    const { page } = visit;
    await visit.open(`/integration-center/webhook/${hook.id}?tab=settings`);
    await page.getByRole('button', { name: 'Test push' }).click();
    await page.getByText('200 in').waitFor();
    await page
      .getByRole('region', { name: 'Test push' })
      .getByText('</script>')
      .filter({ visible: true })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog', { name: 'Delete <img src=x onerror=alert(1)>?' }).waitFor();
    await nothingCameAlive('the dialog');
    await page.keyboard.press('Escape');
  });

  test('in the address is text, or is dropped', async () => {
    const { page } = visit;
    for (const text of hostile) {
      const part = encodeURIComponent(text);
      await visit.open(`/integration-center/webhook?q=${part}&state=${part}&channel=${part}&__proto__=${part}`);
      await page.getByText('No webhook matches these filters.').or(page.getByRole('grid')).first().waitFor();
      await nothingCameAlive(text);
    }
    await page.goto(`/sign-in?next=${encodeURIComponent('//evil.example/')}`);
    await page.goto(`/delivery/1/${encodeURIComponent('<script>alert(1)</script>')}`);
    await page.getByText('This delivery has expired, or was never here.').waitFor();
  });

  test('of great size is shown in part, and the page stays quick', async () => {
    const { page } = visit;
    const { receiver, service } = console.app;
    receiver.answer('/large', { status: 200, body: JSON.stringify({ list: 'x'.repeat(5_000_000) }) });
    const labels = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`l${index}`, 'v'.repeat(2000)]));
    await place.report({ title: 'T'.repeat(100_000), alert_key: 'large', description: 'd'.repeat(100_000), labels });
    const large = await place.hook('incident', { name: 'Large', endpoint: `${receiver.url}/large` });
    await place.report({ title: 'again', alert_key: 'large-2' });
    const [record] = await large.history(1);
    await visit.open(`/delivery/${large.id}/${record?.event_id}`);
    await page.getByRole('tab', { name: 'Response' }).click();
    await page.getByRole('tabpanel').getByRole('group', { name: 'Body' }).waitFor();
    const window = { start_time: Math.floor(Date.now() / 1000) - 3600, end_time: Math.floor(Date.now() / 1000) + 60 };
    const list = await service.api('/incident/list', { ...window, limit: 5 });
    for (const { incident_id } of list['items'] as { incident_id: string }[]) {
      await visit.open(`/incident/detail/${incident_id}`);
      await page.getByRole('tab', { name: 'Timeline' }).waitFor();
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(wide <= 0, incident_id);
    }
  });

  test('no page broke the policy, asked anybody else, opened a dialog, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });

  test('no secret is in any page or file', async () => {
    const answers = new Set<string>();
    const other = await console.visit({ role: 'admin' });
    other.page.on('response', (response) => {
      void response.text().then(
        (text) => answers.add(text),
        () => undefined,
      );
    });
    const [record] = await hook.history(1);
    const paths = [
      `/integration-center/webhook/${hook.id}?tab=settings`,
      `/delivery/${hook.id}/${record?.event_id}`,
      '/integration-center/webhook',
    ];
    for (const path of paths) {
      await other.open(path);
      await other.settled();
      answers.add(await other.page.content());
    }
    assert.ok(answers.size > paths.length);
    for (const secret of [hook.secret, console.app.service.appKey]) {
      for (const text of answers) assert.equal(text.includes(secret), false);
    }
    for (const text of answers) assert.doesNotMatch(text, /sourceMappingURL/);
    await other.context.close();
  });
});
