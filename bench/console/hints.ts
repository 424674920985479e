import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession } from 'playwright-core';
import type { Bar } from '../bench.ts';
import { fixed, whole } from '../figures.ts';
import { readToEnd } from './in-page.ts';
import type { Setting } from './setting.ts';

const changesPerSecond = 50;
/** The incidents that change, in turn. */
const incidents = 60;
/** So long are the lists: several of their pages are read. */
const rowsRead = 1_000;
/** What a page keeps of the first hints is there before the first look. */
const firstSeconds = 15;
const growthMax = 1.05;

interface Held {
  readonly bytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** A stream of hints to a page that shows a list: what it holds after a minute, beside what it held before. */
export async function manyHints(setting: Setting, seconds: number): Promise<Bar[]> {
  const bars: Bar[] = [];
  for (const path of ['/incident', '/delivery']) {
    const context = await setting.fresh();
    const page = await context.newPage();
    await page.addInitScript(countHints);
    await page.goto(path);
    await page.locator('.data-list-item').first().waitFor();
    await page.evaluate(readToEnd, rowsRead);
    await page.evaluate(() => window.scrollTo(0, 0));
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    await changes(setting, Math.min(firstSeconds, seconds));
    const before = await held(session);
    const hintsBefore = await page.evaluate(hintCount);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await changes(setting, seconds);
    const after = await held(session);
    const hints = (await page.evaluate(hintCount)) - hintsBefore;
    await context.close();
    const growth = after.bytes / before.bytes;
    bars.push({
      promise: `${path}, ${whole(seconds)} s of ${changesPerSecond} changes a second: heap at most ${growthMax} of before, and no more nodes or listeners`,
      measured:
        `${fixed(growth, 3)}: ${fixed(before.bytes / 1e6, 1)} to ${fixed(after.bytes / 1e6, 1)} MB; ` +
        `${before.nodes} to ${after.nodes} nodes, ${before.listeners} to ${after.listeners} listeners; ` +
        `${whole(hints / seconds)} hints and ${fixed(requests.length / seconds, 1)} requests a second`,
      met:
        growth <= growthMax &&
        after.nodes <= before.nodes * growthMax &&
        after.listeners <= before.listeners * growthMax,
    });
  }
  return bars;
}

let turn = 0;

/** At an even pace, whatever the service does. */
async function changes(setting: Setting, seconds: number): Promise<void> {
  const begun = performance.now();
  const open: Promise<void>[] = [];
  for (let sent = 0; sent < seconds * changesPerSecond; sent += 1) {
    await sleep(Math.max(0, begun + (sent * 1000) / changesPerSecond - performance.now()));
    turn += 1;
    open.push(setting.act(turn % incidents, Math.floor(turn / incidents) % 2 === 0));
  }
  await Promise.all(open);
}

/** After a collection of garbage. */
async function held(session: CDPSession): Promise<Held> {
  for (let pass = 0; pass < 3; pass += 1) await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const value = (name: string): number => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  return { bytes: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') };
}

/* What runs in the page. */

/** Counts what comes by the live stream. */
function countHints(): void {
  const counted = globalThis as unknown as { hints: number };
  counted.hints = 0;
  globalThis.EventSource = class extends EventSource {
    constructor(url: string | URL) {
      super(url);
      for (const topic of ['incident', 'alert', 'delivery']) this.addEventListener(topic, () => (counted.hints += 1));
    }
  };
}

function hintCount(): number {
  return (globalThis as unknown as { hints: number }).hints;
}
