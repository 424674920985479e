import type { Page } from 'playwright-core';
import type { Bar } from '../bench.ts';
import { fixed, median, percentile, spread, whole } from '../figures.ts';
import { openRow, readToEnd, scroll, watchFilter } from './in-page.ts';
import type { Setting } from './setting.ts';

const frameMaxMs = 100;
const filterMaxMs = 150;
const panelMaxMs = 150;
const scrollSeconds = 5;
/** Of one turn of a wheel, in each frame. */
const scrollPx = 240;

interface List {
  readonly name: string;
  readonly path: string;
  /** Buttons or options of the filter; each gives other rows. */
  readonly filters: readonly ((page: Page) => Promise<void>)[];
}

const lists: readonly List[] = [
  {
    name: 'incidents',
    path: '/incident',
    filters: ['Warning', 'Info', 'Critical'].map((name) => async (page) => {
      await page
        .getByRole('button', { name: new RegExp(`^${name}`) })
        .first()
        .dispatchEvent('click');
    }),
  },
  {
    name: 'deliveries',
    path: '/delivery',
    filters: ['6h', '7d', '1h'].map((name) => async (page) => {
      await page.locator('.range select').selectOption(name);
    }),
  },
];

/** Long lists: how smoothly they move, and how soon other rows are there. */
export async function longLists(setting: Setting, rows: number, rounds: number): Promise<Bar[]> {
  const bars: Bar[] = [];
  for (const list of lists) {
    const context = await setting.fresh();
    const page = await context.newPage();
    await page.goto(list.path);
    await page.locator('.data-list-item').first().waitFor();
    const loading = await page.evaluate(readToEnd, rows);
    const moving: number[] = [];
    const usual: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const frames = await page.evaluate(scroll, { seconds: scrollSeconds, px: scrollPx });
      moving.push(Math.max(...frames));
      usual.push(median(frames));
    }
    bars.push(
      {
        promise: `${whole(rows)} ${list.name}: longest frame while it is read to the end, under ${frameMaxMs} ms`,
        measured: `${whole(Math.max(...loading))} ms, p99 ${whole(percentile(loading, 0.99))}`,
        met: Math.max(...loading) <= frameMaxMs,
      },
      {
        promise: `${whole(rows)} ${list.name}: longest frame while scrolling, at most ${frameMaxMs} ms`,
        measured: `${whole(median(moving))} ms (${spread(moving, whole)}), usual ${fixed(median(usual), 0)}`,
        met: median(moving) <= frameMaxMs,
      },
      ...(await filters(page, list, rows)),
    );
    await context.close();
  }
  bars.push(await panel(setting, rounds));
  return bars;
}

async function filters(page: Page, { name, filters: all }: List, rows: number): Promise<Bar[]> {
  const times: number[] = [];
  for (const filter of all) {
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.evaluate(watchFilter);
    await filter(page);
    times.push(await page.evaluate(() => (globalThis as unknown as { filtered: Promise<number> }).filtered));
  }
  return [
    {
      promise: `${whole(rows)} ${name}: from the reply to the rows of another filter, under ${filterMaxMs} ms`,
      measured: `${whole(median(times))} ms (${spread(times, whole)})`,
      met: median(times) < filterMaxMs,
    },
  ];
}

/** From the click on a row to the attempts of its delivery on the screen, the request included. */
async function panel(setting: Setting, rounds: number): Promise<Bar> {
  const context = await setting.fresh();
  const page = await context.newPage();
  await page.goto('/delivery');
  await page.locator('.data-list-item').first().waitFor();
  const times: number[] = [];
  // The first one loads the script of the panel.
  for (let round = 0; round <= rounds; round += 1) {
    const ms = await page.evaluate(openRow, round + 1);
    if (round > 0) times.push(ms);
  }
  await context.close();
  return {
    promise: `detail panel open, with its data, in less than ${panelMaxMs} ms`,
    measured: `${whole(median(times))} ms (${spread(times, whole)})`,
    met: median(times) < panelMaxMs,
  };
}
