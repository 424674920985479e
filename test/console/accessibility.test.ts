import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Place } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp } from './console-browser.ts';

const widths = [1440, 390] as const;
/** They lie where the layout changes. */
const layoutWidths = [320, 641, 800, 1024, 1100, 1199] as const;
/** All pages are opened one after the other, on a machine that is busy with other things. */
const timeout = 400_000;

describe('the console for everybody', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let place: Place;
  /** Addresses of all pages there are, by a name. */
  let pages: Record<string, string>;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    console.app.receiver.answer('/fails', { status: 500, body: '{"error": "out of order"}' });
    const hook = await place.hook('incident', { name: 'Tickets' });
    const failing = await place.hook('incident', {
      name: 'Self-healing',
      endpoint: `${console.app.receiver.url}/fails`,
      tls_verify: false,
    });
    await place.hook('alert', { name: 'Data lake' });
    await console.app.service.api('/webhook/create', {
      type: 'custom_action',
      name: 'Restart',
      endpoint: `${console.app.receiver.url}/x`,
    });
    await place.report({
      title: 'CPU',
      alert_key: 'cpu',
      description: 'See https://example.org',
      labels: { service: 'web' },
    });
    const [record] = await failing.history(1);
    const push = JSON.parse((await hook.pushes(1))[0]?.body ?? '') as { incident: { incident_id: string } };
    const replay = await console.app.service.api('/webhook/replay', {
      integration_id: failing.id,
      start_time: Date.now() - 3_600_000,
      end_time: Date.now() + 60_000,
    });
    assert.ok(replay['replay_id'] !== undefined);
    await failing.history(2);
    const alerts = await console.app.service.api('/alert/list', {
      start_time: Math.floor(Date.now() / 1000) - 3600,
      end_time: Math.floor(Date.now() / 1000) + 60,
    });
    const [alert] = alerts['items'] as { alert_id: string }[];
    const { api } = console.app.service;
    const team = await api('/team/upsert', { team_name: 'Web', person_ids: [] });
    await api('/field/create', { field_name: 'area', field_type: 'single_select', options: ['Checkout'] });
    await api('/channel/silence/rule/create', {
      channel_id: place.channelId,
      rule_name: 'Nightly',
      filters: [[{ key: 'severity', oper: 'IN', vals: ['Info'] }]],
      time_filters: [{ start: '01:00', end: '02:00' }],
    });
    pages = {
      'the sign-in': '/sign-in',
      'a link without a token': '/sign-in/link',
      'the welcome': '/welcome',
      'the guide': '/welcome/guide',
      sources: '/integration-center/source',
      'a new source': '/integration-center/source/new',
      'a source': `/integration-center/source/${place.sourceId}`,
      channels: '/channel',
      'a channel': `/channel/${place.channelId}`,
      "a channel's escalation": `/channel/${place.channelId}?tab=escalation`,
      "a channel's noise": `/channel/${place.channelId}?tab=noise`,
      "a channel's settings": `/channel/${place.channelId}?tab=settings`,
      "a channel's sources": `/channel/${place.channelId}?tab=sources`,
      "a channel's webhooks": `/channel/${place.channelId}?tab=webhooks`,
      'no channel': '/channel/1',
      'a person': `/people/${Number((await api('/member/info', {}))['member_id'])}`,
      'a new custom action': '/integration-center/action/new',
      people: '/people',
      'a team': `/people/team/${Number(team['team_id'])}`,
      'the keys': '/settings/keys',
      'the custom fields': '/settings/fields',
      'the audit log': '/settings/audit',
      'the system': '/settings/system',
      'an unknown page': '/settings/no/such/page',
      settings: '/settings/profile',
      incidents: '/incident',
      'no incident that matches': '/incident?q=nothing+like+it',
      alerts: '/alert',
      webhooks: '/integration-center/webhook',
      'no webhook that matches': '/integration-center/webhook?q=nothing+like+it&state=odd',
      'the custom actions': '/integration-center/action',
      'a new webhook': '/integration-center/webhook/new',
      "a webhook's history": `/integration-center/webhook/${failing.id}`,
      "a webhook's settings": `/integration-center/webhook/${failing.id}?tab=settings`,
      "a webhook's health": `/integration-center/webhook/${failing.id}?tab=health`,
      "a webhook's replays": `/integration-center/webhook/${failing.id}?tab=replays`,
      'the replays of a webhook without any': `/integration-center/webhook/${hook.id}?tab=replays`,
      deliveries: '/delivery',
      'no delivery': '/delivery?from=1700000000000&to=1700000001000',
      'a delivery': `/delivery/${failing.id}/${record?.event_id}`,
      'why a delivery was sent': `/delivery/${failing.id}/${record?.event_id}?tab=explain`,
      'a delivery that is gone': `/delivery/${failing.id}/2026010100000000000000`,
      'an incident': `/incident/detail/${push.incident.incident_id}`,
      "an incident's pushes": `/incident/detail/${push.incident.incident_id}?tab=pushes`,
      "an incident's alerts": `/incident/detail/${push.incident.incident_id}?tab=alerts`,
      "an incident's similar ones": `/incident/detail/${push.incident.incident_id}?tab=similar`,
      "an alert's events": `/alert/detail/${alert?.alert_id}?tab=events`,
      'an alert': `/alert/detail/${alert?.alert_id}`,
    };
  });
  after(() => console.stop());

  test(
    'axe finds no fault with any page, in both themes, wide and narrow, and none scrolls sideways',
    { timeout },
    async () => {
      const visit = await console.visit({ role: 'admin' });
      const { page } = visit;
      const browser = await visit.context.newCDPSession(page);
      // A finger is not exact, so some things are larger then.
      const touches = async (enabled: boolean): Promise<void> => {
        await browser.send('Emulation.setTouchEmulationEnabled', { enabled });
        assert.equal(await page.evaluate(() => matchMedia('(pointer: coarse)').matches), enabled);
      };
      const tooWide: string[] = [];
      for (const [name, path] of Object.entries(pages)) {
        await page.setViewportSize({ width: 1440, height: 900 });
        await visit.open(path);
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 });
          await touches(width <= 640);
          await visit.settled();
          assert.deepEqual(await visit.faultsInBothThemes(), [], `${name}, ${width} px`);
          assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, name);
        }
        for (const width of layoutWidths) {
          await page.setViewportSize({ width, height: 900 });
          const pixels = await page.evaluate(pixelsTooWide);
          if (pixels > 0) tooWide.push(`${name} is ${pixels} px too wide at ${width} px`);
        }
      }
      assert.deepEqual(tooWide, []);
      await visit.context.close();
    },
  );

  for (const width of widths) {
    test(`axe finds no fault with dialogs, menus and states, in both themes, ${width} px`, { timeout }, async () => {
      const visit = await console.visit({ role: 'admin', width });
      const { page } = visit;
      const button = (name: string | RegExp) => page.getByRole('button', { name });
      const faultless = async (name: string): Promise<void> =>
        assert.deepEqual(await visit.faultsInBothThemes(), [], name);

      await visit.open('/integration-center/webhook');
      await button('Source addresses').click();
      await page.getByRole('dialog').getByText('127.0.0.1/32').waitFor();
      await faultless('the source addresses');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await button('Actions for Tickets').click();
      await page.getByRole('menu').waitFor();
      await faultless('the menu of a row');
      await page.keyboard.press('Escape');
      await page.getByRole('menu').waitFor({ state: 'detached' });

      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /A page/ }).fill('tick');
      await page.getByRole('option', { name: 'Webhook Tickets' }).waitFor();
      await faultless('the palette');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
      await faultless('the shortcuts');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await button(width > 640 ? /admin/ : 'More').click();
      await page.getByRole('menu').waitFor();
      await faultless('the menu of the account');
      await page.keyboard.press('Escape');

      await visit.open(pages["a webhook's settings"] ?? '');
      await button('Test push').click();
      await page.getByText('500 in').waitFor();
      await faultless('a test push');
      for (const [name, close] of [
        ['Disable', 'Cancel'],
        ['Delete', 'Cancel'],
        ['Rotate secret', 'Cancel'],
      ] as const) {
        await button('More actions').click();
        await page.getByRole('menuitem', { name }).click();
        await page.getByRole('dialog').waitFor();
        await faultless(name);
        await page.getByRole('dialog').getByRole('button', { name: close }).click();
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await button('More actions').click();
      await page.getByRole('menuitem', { name: 'Rotate secret' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
      await page.locator('.secret-value').waitFor();
      await faultless('the secret');
      await page.getByRole('dialog').getByRole('button', { name: 'Copy' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();

      await visit.open('/integration-center/webhook/new');
      await page.getByText('Details').click();
      await page.getByRole('group', { name: 'Event types' }).getByRole('radio', { name: 'Only these' }).check();
      await page.getByRole('group', { name: 'Channels' }).getByRole('radio', { name: 'Only these' }).check();
      await button('Add header').click();
      await button('Create webhook').click();
      await page.getByText('A name is needed.').waitFor();
      await faultless('the editor with faults');

      await visit.open(pages['an incident'] ?? '');
      await button('Snooze').waitFor();
      for (const [key, name] of [
        ['z', 'snooze'],
        ['r', 'resolve'],
        ['e', 'assign'],
        ['m', 'merge'],
        ['s', 'severity'],
      ] as const) {
        await page.keyboard.press(key);
        await page.getByRole('dialog').waitFor();
        await faultless(name);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await button('Edit: Impact').click();
      await faultless('a text that is being changed');
      await visit.open('/incident');
      await page.getByRole('row', { name: /CPU/ }).press('x');
      await page.getByRole('region', { name: 'Chosen incidents' }).waitFor();
      await faultless('a chosen incident');
      await button('New incident').click();
      await page.getByRole('dialog').waitFor();
      await faultless('a new incident');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await visit.open(pages["a channel's noise"] ?? '');
      for (const name of ['Add a silence', 'Add an inhibition', 'Add a drop rule']) {
        await button(name).click();
        await page.getByRole('dialog').waitFor();
        await faultless(name);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await visit.open('/people');
      await button('Invite somebody').click();
      await page.getByRole('dialog').waitFor();
      await faultless('an invitation');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });

      await visit.open('/delivery');
      await page.getByRole('combobox', { name: 'Time range' }).selectOption({ label: 'Custom' });
      await page.getByRole('dialog').waitFor();
      await faultless('the range');
      await page.keyboard.press('Escape');
      await button(/^Event type/).click();
      await page.getByRole('menu').waitFor();
      await faultless('the filter of types');

      await visit.open(pages["a webhook's history"] ?? '');
      await button('Replay these').click();
      await page.getByRole('dialog').getByRole('button', { name: 'Start' }).and(page.locator(':enabled')).waitFor();
      await faultless('the count of a replay');
      await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
      await page.getByRole('dialog').getByRole('progressbar').waitFor();
      await faultless('a replay on its way');
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click();
      await visit.context.close();
    });
  }

  test('a page enlarged four times is read and used without scrolling sideways', { timeout }, async () => {
    const visit = await console.visit({ role: 'admin', enlarged: 4 });
    const { page } = visit;
    for (const [name, path] of Object.entries(pages)) {
      await visit.open(path);
      await visit.settled();
      assert.deepEqual(await page.evaluate(sidewaysFaults), [], name);
    }
    const dialogs = [
      ['an incident', 'Snooze'],
      ['an incident', 'Resolve'],
      ['an incident', 'Assign'],
      ['incidents', 'New incident'],
      ["a channel's noise", 'Add a silence'],
      ["a channel's escalation", 'Add an escalation rule'],
      ['people', 'Invite somebody'],
      ['webhooks', 'Source addresses'],
      ["a webhook's history", 'Replay these'],
    ] as const;
    for (const [name, button] of dialogs) {
      await visit.open(pages[name] ?? '');
      await page.getByRole('button', { name: new RegExp(`^${button}`) }).click();
      await page.getByRole('dialog').waitFor();
      await visit.settled();
      assert.deepEqual(await page.evaluate(sidewaysFaults), [], button);
      // Each field and button is brought into sight by its focus.
      for (const stop of await page.getByRole('dialog').locator('input, select, textarea, button').all()) {
        await stop.focus();
        assert.ok(await stop.evaluate(isInSight), `${button}: ${await stop.evaluate((one) => one.outerHTML)}`);
      }
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await visit.context.close();
  });

  test('rows of a list say which they are of how many', async () => {
    const visit = await console.visit({ role: 'admin' });
    await visit.open('/integration-center/webhook');
    const grid = visit.page.getByRole('grid', { name: 'Webhooks' });
    await grid.waitFor();
    assert.equal(await grid.getAttribute('aria-rowcount'), '5');
    const rows = grid.getByRole('row');
    assert.deepEqual(await rows.evaluateAll((all) => all.map((row) => row.getAttribute('aria-rowindex'))), [
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
    await visit.context.close();
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});

/** Runs in the page, which has a frame to fit itself into another width. */
async function pixelsTooWide(): Promise<number> {
  for (let frames = 0; frames < 2; frames += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}

/** Runs in the page: its elements that are wider than their place. Code keeps its lines, and unseen texts need none. */
function sidewaysFaults(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  const faults = scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} px too wide`] : [];
  for (const element of document.querySelectorAll<HTMLElement>('body *')) {
    const { overflowX, visibility } = getComputedStyle(element);
    const moves = (overflowX === 'auto' || overflowX === 'scroll') && element.scrollWidth > element.clientWidth;
    const sticksOut = visibility !== 'hidden' && element.getBoundingClientRect().right > clientWidth + 1;
    const isFree = element.closest('pre, textarea, .unseen, .data-list-head') !== null;
    if ((moves || sticksOut) && !isFree) faults.push(`${element.tagName} ${element.className}`);
  }
  return faults;
}

/** Runs in the page. */
function isInSight(element: Element): boolean {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  const at = document.elementFromPoint(
    (left + right) / 2,
    Math.max(0, (top + Math.min(bottom, window.innerHeight)) / 2),
  );
  return top < window.innerHeight && bottom > 0 && at !== null && (element.contains(at) || at.contains(element));
}
