import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { noBrowser, startConsole, type ConsoleApp, type Visit } from './console-browser.ts';

const assets = join(import.meta.dirname, '..', '..', 'console', 'dist', 'assets');

/** Kilobytes after gzip. */
const scriptsMaxKb = 220;
const stylesMaxKb = 20;
const fontMaxKb = 49;
const requestsMax = 8;

describe('what the console costs', { skip: noBrowser }, () => {
  let console: ConsoleApp;
  let visit: Visit;

  before(async () => {
    console = await startConsole();
    visit = await console.visit({ role: 'admin' });
  });
  after(() => console.stop());

  for (const path of ['/', '/integration-center/webhook', '/integration-center/webhook/new', '/delivery']) {
    test(`${path} as the first page keeps to its budgets`, async () => {
      const page = await visit.context.newPage();
      const files: string[] = [];
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        // The live stream stays open after the page is there: it is no part of loading it.
        if (request.method() === 'GET' && pathname !== '/live') files.push(pathname);
      });
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      assert.ok(files.length <= requestsMax, files.join(' '));
      const sizeOf = async (ending: string): Promise<number> => {
        const wanted = files.filter((file) => file.endsWith(ending));
        const sizes = await Promise.all(
          wanted.map(async (file) => gzipSync(await readFile(join(assets, file.slice('/assets/'.length)))).length),
        );
        return sizes.reduce((sum, size) => sum + size, 0) / 1000;
      };
      const [scripts, styles, font] = [await sizeOf('.js'), await sizeOf('.css'), await sizeOf('.woff2')];
      assert.ok(scripts > 50 && scripts <= scriptsMaxKb, `${scripts} kB of scripts`);
      assert.ok(styles > 1 && styles <= stylesMaxKb, `${styles} kB of styles`);
      assert.ok(font > 10 && font <= fontMaxKb, `${font} kB of font`);
      await page.close();
    });
  }

  test('there are no source maps, and each text file is there in its compressed form too', async () => {
    const files = await readdir(assets);
    assert.deepEqual(
      files.filter((file) => file.endsWith('.map')),
      [],
    );
    const texts = files.filter((file) => /\.(?:js|css|svg)$/.test(file));
    assert.deepEqual(
      texts.filter((file) => !files.includes(`${file}.br`)),
      [],
    );
  });

  test('a page is usable within six times what an empty page takes', async () => {
    const times = async (path: string, ready: string): Promise<number> => {
      const all: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const fresh = await visit.context
          .browser()
          ?.newContext({ storageState: await visit.context.storageState(), baseURL: console.app.service.url });
        const page = await fresh?.newPage();
        const begun = performance.now();
        await page?.goto(path);
        await page?.locator(ready).first().waitFor();
        all.push(performance.now() - begun);
        await fresh?.close();
      }
      return all.sort((a, b) => a - b)[2] ?? 0;
    };
    const empty = await times('/healthz', 'body');
    const full = await times('/integration-center/webhook', 'h1');
    // The machine that runs the tests is shared, so that only the ratio says something.
    assert.ok(full <= Math.max(6 * empty, 1500), `${full.toFixed(0)} ms, an empty page ${empty.toFixed(0)} ms`);
  });

  test('no page broke the policy, asked anybody else, or failed', () => {
    assert.deepEqual(console.mishaps, []);
  });
});
