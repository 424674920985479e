import type { Bar } from '../bench.ts';
import { fixed, median, ratios, spread, whole } from '../figures.ts';
import { painted } from './in-page.ts';
import type { Setting } from './setting.ts';

const usableMaxMs = 1_000;
const ratioMax = 6;

/** From the address to the first rows on the screen, with nothing in the cache; and the same with an empty page. */
export async function firstPage(setting: Setting, rounds: number): Promise<Bar[]> {
  const full: number[] = [];
  const empty: number[] = [];
  // The first of each pays for what the browser does once.
  for (let round = 0; round <= rounds; round += 1) {
    const times = {
      empty: await load(setting, '/healthz', 'body'),
      full: await load(setting, '/incident', '.incident-title'),
    };
    if (round === 0) continue;
    empty.push(times.empty);
    full.push(times.full);
  }
  const ratio = ratios(full, empty);
  return [
    {
      promise: `first page usable in less than ${whole(usableMaxMs)} ms`,
      measured: `${whole(median(full))} ms (${spread(full, whole)})`,
      met: median(full) < usableMaxMs,
    },
    {
      promise: `first page usable in at most ${ratioMax} times what an empty page takes`,
      measured: `${fixed(median(ratio), 1)} (${spread(ratio, (one) => fixed(one, 1))}), of ${whole(median(empty))} ms`,
      met: median(ratio) <= ratioMax,
    },
  ];
}

async function load(setting: Setting, path: string, sign: string): Promise<number> {
  const context = await setting.fresh();
  try {
    const page = await context.newPage();
    const begun = performance.now();
    await page.goto(path, { waitUntil: 'commit' });
    await page.evaluate(painted, sign);
    return performance.now() - begun;
  } finally {
    await context.close();
  }
}
