import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firstRun as english } from '../../console/src/words/en/first-run.ts';
import { signIn as englishSignIn } from '../../console/src/words/en/sign-in.ts';
import { states as englishStates } from '../../console/src/words/en/states.ts';
import { firstRun as chinese } from '../../console/src/words/zh-CN/first-run.ts';
import { signIn as chineseSignIn } from '../../console/src/words/zh-CN/sign-in.ts';
import { states as chineseStates } from '../../console/src/words/zh-CN/states.ts';
import { noBrowser, startConsole } from './console-browser.ts';
import { focusedName, stopsMax, tabToName } from './tab-stops.ts';

const languages = [
  { language: 'en', guide: english, signIn: englishSignIn, states: englishStates, standard: /^Standard format/ },
  { language: 'zh-CN', guide: chinese, signIn: chineseSignIn, states: chineseStates, standard: /^标准格式/ },
] as const;

describe('the first steps without a mouse', { skip: noBrowser }, () => {
  for (const { language, guide, signIn, states, standard } of languages) {
    test(`from a link to the first push, ${language}`, async () => {
      const console = await startConsole();
      try {
        const { page } = await console.visit({ role: 'admin', language });
        const { keyboard } = page;
        const tabTo = (name: string): Promise<void> => tabToName(page, name);
        const choose = async (name: string): Promise<void> => {
          await tabTo(name);
          await keyboard.press('Enter');
        };
        await page.getByRole('heading', { level: 1, name: signIn.welcomeTitle }).waitFor();
        await tabTo(signIn.newPassword);
        await keyboard.type('Vier Birnen + 1 Velo');
        await keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: guide.title }).waitFor();

        await tabTo(guide.channelName);
        await keyboard.type('Web shop');
        await keyboard.press('Enter');
        await page.getByRole('link', { name: 'Web shop' }).waitFor();
        await tabTo('Prometheus, Alertmanager');
        for (let stop = 0; stop < stopsMax && !standard.test(await focusedName(page)); stop += 1) {
          await keyboard.press('ArrowDown');
        }
        await choose(guide.makeSource);
        await page.getByText(guide.waiting).waitFor();
        await choose(states.testAlert.send);
        await page.getByText(guide.waiting).waitFor({ state: 'detached' });
        await tabTo(guide.webhookName);
        await keyboard.type('First');
        await keyboard.press('Tab');
        assert.equal(await focusedName(page), guide.endpoint);
        await keyboard.type(`${console.app.receiver.url}/first`);
        await keyboard.press('Enter');
        await page.getByText('whsec_').waitFor();
        await choose(states.testAlert.send);
        await console.app.receiver.waitFor(1, (one) => one.path === '/first');
        await page.getByText(guide.arrived.replace('{name}', 'First')).waitFor();
        await choose(guide.toIncidents);
        await page
          .getByRole('row', { name: new RegExp(guide.testTitle) })
          .first()
          .waitFor();
        assert.deepEqual(console.mishaps, []);
      } finally {
        await console.stop();
      }
    });
  }
});
