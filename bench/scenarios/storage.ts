import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseFile } from '../../src/database/open.ts';
import type { Bench, Section } from '../bench.ts';
import { startTocsin, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, whole } from '../figures.ts';
import { notifications } from '../programs/notification.ts';

/*
 * What a change costs on the disk, counted in the write-ahead log of SQLite: exact, and the same on every machine. A read
 * transaction stays open meanwhile, so that no checkpoint lets the log begin anew.
 */

/** So many alerts are there before, so that the trees have their depth. */
const before = 2_000;
const lone = 50;
const together = 30;
const rounds = 10;
const pollMs = 5;
const settledMaxMs = 30_000;

/** Of a lone change and of 30 to a commit, from the report to the record of the push. */
const bars = { loneKB: 95, togetherKB: 16, trees: 15 };

export async function storage(bench: Bench): Promise<Section> {
  const tocsin = await startTocsin('sqlite', { postgres: undefined });
  const file = join(tocsin.folder, databaseFile);
  const reader = new DatabaseSync(file, { readOnly: true });
  const keeper = new DatabaseSync(file, { readOnly: true });
  try {
    const { channelId, path } = await tocsin.source('Storage');
    await tocsin.webhooks(1, { channelId, sinkPort: bench.sinkPort, path: '/ok', maxInFlight: 64 });
    const send = sender(tocsin, path, reader);
    for (let sent = 0; sent < before; sent += 500) await send(500);
    keeper.exec('begin; select count(*) from delivery');
    const alone = await measure(file, lone, () => send(1));
    const many = await measure(file, rounds, () => send(together));
    const names = treeNames(reader);
    return section(summary(alone, names, lone), summary(many, names, rounds * together));
  } finally {
    keeper.close();
    reader.close();
    await tocsin.stop();
  }
}

/** @returns a function that reports so many new alerts in one request, and waits until each push is recorded. */
function sender(tocsin: Tocsin, path: string, reader: DatabaseSync): (alerts: number) => Promise<void> {
  const make = notifications('webhook');
  const delivered = reader.prepare(`select count(*) as number from delivery where state = 'delivered'`);
  let sent = 0;
  return async (alerts) => {
    const groups = Array.from({ length: alerts }, () => JSON.parse(make(`storage-${(sent += 1)}`, 1, 0)) as Group);
    const [group] = groups;
    const body = JSON.stringify({ ...group, alerts: groups.flatMap((one) => one.alerts) });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${tocsin.service.url}${path}`, { method: 'POST', body, headers });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    const deadline = performance.now() + settledMaxMs;
    while (Number(delivered.get()?.['number']) < sent) {
      if (performance.now() > deadline) throw new Error('pushes were not recorded in time');
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  };
}

interface Group {
  readonly alerts: readonly object[];
}

interface Frame {
  readonly page: number;
  readonly endsCommit: boolean;
}

/** The frames that are written to the log while it is done so many times. */
async function measure(file: string, times: number, work: () => Promise<void>): Promise<Frame[]> {
  const from = (await framesOf(file)).length;
  for (let time = 0; time < times; time += 1) await work();
  return (await framesOf(file)).slice(from);
}

const headerBytes = 32;
const frameHeaderBytes = 24;
const pageBytes = 4096;
const frameBytes = frameHeaderBytes + pageBytes;

/** As in "WAL Format" of SQLite's documentation. Frames of an earlier log have other salts. */
async function framesOf(file: string): Promise<Frame[]> {
  const log = await readFile(`${file}-wal`);
  if (log.readUInt32BE(8) !== pageBytes) throw new Error('another size of pages');
  const salts = log.subarray(16, 24);
  const frames: Frame[] = [];
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes) {
    if (!log.subarray(at + 8, at + 16).equals(salts)) break;
    frames.push({ page: log.readUInt32BE(at), endsCommit: log.readUInt32BE(at + 4) !== 0 });
  }
  return frames;
}

function treeNames(reader: DatabaseSync): Map<number, string> {
  const rows = reader.prepare('select pageno, name from dbstat').all();
  return new Map(rows.map((row) => [Number(row['pageno']), String(row['name'])]));
}

interface Summary {
  readonly commits: number;
  readonly pages: number;
  readonly bytes: number;
  /** Pages of each tree for one change, the most first. */
  readonly trees: readonly (readonly [name: string, pages: number])[];
}

function summary(frames: readonly Frame[], names: ReadonlyMap<number, string>, changes: number): Summary {
  const byTree = Map.groupBy(frames, ({ page }) => names.get(page) ?? '(free)');
  return {
    commits: frames.filter(({ endsCommit }) => endsCommit).length / changes,
    pages: frames.length / changes,
    bytes: (frames.length * frameBytes) / changes,
    trees: [...byTree].map(([name, of]) => [name, of.length / changes] as const).toSorted((a, b) => b[1] - a[1]),
  };
}

function section(alone: Summary, many: Summary): Section {
  const row = (name: string, one: Summary) => [
    name,
    fixed(one.commits, 2),
    fixed(one.pages, 1),
    fixed(one.bytes / 1000, 1),
    whole(one.trees.length),
  ];
  const ofTrees = (one: Summary) => one.trees.map(([name, pages]) => `${name} ${fixed(pages, 1)}`).join(', ');
  const measured = (value: string, met: boolean, promise: string) => ({ promise, measured: value, met });
  const [loneKB, togetherKB] = [alone.bytes / 1000, many.bytes / 1000];
  return {
    key: 'storage',
    title: 'What a change writes on SQLite',
    about: `A new alert with its incident and one push, from the report to the record of the push, counted in the write-ahead log: alone, and ${together} in one request. Pages of each tree for a lone change: ${ofTrees(alone)}. Of ${together}: ${ofTrees(many)}.`,
    columns: ['', 'commits a change', 'pages a change', 'kB of log a change', 'trees'],
    rows: [row('alone', alone), row(`${together} in one request`, many)],
    missing: [],
    bars: [
      measured(fixed(loneKB, 1), loneKB <= bars.loneKB, `a lone change writes at most ${bars.loneKB} kB to the log`),
      measured(
        fixed(togetherKB, 1),
        togetherKB <= bars.togetherKB,
        `each of ${together} changes in one request writes at most ${bars.togetherKB} kB`,
      ),
      measured(
        whole(alone.trees.length),
        alone.trees.length <= bars.trees,
        `a change touches at most ${bars.trees} trees`,
      ),
    ],
  };
}
