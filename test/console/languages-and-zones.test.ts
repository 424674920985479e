import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Hook, Place } from '../support/test-app.ts';
import { noBrowser, startConsole, type ConsoleApp } from './console-browser.ts';

describe('languages, themes and zones in the console', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let place: Place;
  let hook: Hook;

  before(async () => {
    console = await startConsole();
    place = await console.app.place();
    hook = await place.hook('incident', { name: 'Tickets' });
    console.app.receiver.answer(hook.path, { status: 500 });
    await place.report({ title: 'CPU', alert_key: 'cpu' });
    await hook.history(1);
  });
  after(() => console.stop());

  test('language and theme are switched in place, and remembered', async () => {
    const visit = await console.visit({ role: 'admin' });
    const { page } = visit;
    await visit.open('/integration-center/webhook');
    await page.getByLabel('Search').fill('tick');
    await page.getByRole('button', { name: /admin/ }).click();
    await page.getByRole('menuitem', { name: '简体中文' }).click();
    await page.getByRole('heading', { level: 1, name: 'Webhook' }).waitFor();
    await page.getByText('集成中心').waitFor();
    assert.equal(await page.getByLabel('搜索').inputValue(), 'tick');
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    await page.getByRole('button', { name: /admin/ }).click();
    await page
      .getByRole('menuitem', { name: '主题：深色' })
      .or(page.getByRole('menuitem', { name: /深色/ }))
      .click();
    await page.locator('html[data-theme="dark"]').waitFor();
    await page.reload();
    await page.getByText('集成中心').waitFor();
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    assert.equal(
      await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor),
      'rgb(18, 19, 15)',
    );
    await visit.context.close();
  });

  test('in Chinese: a webhook is made, and a failed delivery is found, explained and sent again', async () => {
    const visit = await console.visit({ role: 'admin', language: 'zh-CN' });
    const { page } = visit;
    const { receiver } = console.app;
    await page.getByRole('heading', { level: 1, name: '欢迎使用 Tocsin' }).waitFor();
    await page.getByRole('link', { name: 'Webhook', exact: true }).click();
    await page.getByRole('button', { name: '新建 Webhook' }).click();
    await page.getByLabel('名称', { exact: true }).fill('中文名称');
    await page.getByLabel('地址', { exact: true }).fill(`${receiver.url}/zh`);
    await page.getByRole('button', { name: '测试推送' }).click();
    await page.getByText(/200，耗时/).waitFor();
    await page.getByRole('button', { name: '创建 Webhook' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '复制' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '完成' }).click();
    await page.getByRole('heading', { level: 1, name: '中文名称' }).waitFor();
    await page.getByRole('link', { name: '推送记录', exact: true }).click();
    await page
      .getByRole('row', { name: /失败 500/ })
      .first()
      .click();
    receiver.answer(hook.path, { status: 200 });
    await page.getByRole('button', { name: '重新推送' }).click();
    await page.locator('.resend').getByText('成功').waitFor();
    await visit.context.close();
  });

  test('no text of the pages is left in English', async () => {
    const visit = await console.visit({ role: 'admin', language: 'zh-CN' });
    for (const path of [
      '/incident',
      '/alert',
      '/people',
      '/integration-center/source',
      `/channel/${place.channelId}?tab=noise`,
      '/settings/audit',
      '/delivery',
      '/integration-center/webhook',
      '/integration-center/webhook/new',
      '/channel',
      '/settings/no/such/page',
    ]) {
      await visit.open(path);
      await visit.settled();
      const text = await visit.page.locator('body').innerText();
      // What people have named, and the words of the protocol, are the same in every language.
      const left = text.match(/[A-Za-z]{3,} [a-z]{3,}( [a-z]{3,})*/g) ?? [];
      assert.deepEqual(
        left.filter((words) => !/viewer|admin|responder|App key|source|channel|hook|incident$|answered/.test(words)),
        [],
        path,
      );
    }
    await visit.context.close();
  });

  for (const timeZone of ['Asia/Shanghai', 'America/St_Johns', 'UTC']) {
    test(`times are in the zone of the reader, ${timeZone}, and in UTC after a key`, async () => {
      const visit = await console.visit({ role: 'viewer', timeZone });
      const { page } = visit;
      await visit.open(`/delivery`);
      const stamp = page.getByRole('row', { name: /i_new/ }).first().locator('time');
      await stamp.waitFor();
      const title = (await stamp.getAttribute('title')) ?? '';
      const offsets: Record<string, string> = {
        'Asia/Shanghai': '+08:00',
        'America/St_Johns': '-0[23]:30',
        UTC: '+00:00',
      };
      assert.match(title, new RegExp(`\\.\\d{3}${(offsets[timeZone] ?? '').replace('+', '\\+')} ${timeZone}$`));
      const moment = Date.parse((await stamp.getAttribute('datetime')) ?? '');
      assert.equal(Date.parse(title.split(' ')[0] ?? ''), moment);
      await page.keyboard.press('t');
      await stamp.getByText('UTC').waitFor();
      assert.match((await stamp.getAttribute('title')) ?? '', /\+00:00 UTC$/);
      await visit.open('/settings/profile');
      await page.getByText('Times are shown in UTC now.').waitFor();
      await page.keyboard.press('t');
      await page.getByText(`Times are shown in ${timeZone} now.`).waitFor();
      await visit.context.close();
    });
  }

  test('with texts half as long again, nothing is cut off and nothing scrolls sideways', async () => {
    for (const width of [1440, 390]) {
      const visit = await console.visit({ role: 'admin', width });
      for (const path of [
        '/integration-center/webhook',
        '/integration-center/webhook/new',
        '/delivery',
        `/integration-center/webhook/${hook.id}?tab=settings`,
      ]) {
        await visit.open(path);
        await visit.settled();
        const clipped = await visit.page.evaluate(lengthen);
        assert.deepEqual(clipped, [], `${path}, ${width} px`);
      }
      await visit.context.close();
    }
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});

/** Runs in the page: makes every text of the page longer, and gives the buttons, tabs and labels that then are cut off. */
function lengthen(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.nodeValue ?? '';
    node.nodeValue = text.replaceAll(/\p{L}{2,}/gu, (word) => word + 'ẃ'.repeat(Math.ceil(word.length * 0.4)));
  }
  const cut = [...document.querySelectorAll('button, .button, .tab, .field-label, .nav-label, h1, h2')].filter(
    (element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflow !== 'visible',
  );
  const names = cut.map((element) => element.textContent ?? '');
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth > clientWidth ? [...names, `the page is ${scrollWidth - clientWidth} px too wide`] : names;
}
