import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { alertmanager } from './alertmanager.ts';
import type { Contestant, Entry } from './contestant.ts';
import { peers } from './peers.ts';
import { tocsinEntry } from './tocsin.ts';

const root = join(import.meta.dirname, '..', '..');

export const ours = tocsinEntry('sqlite');
export const oursOnPostgres = tocsinEntry('postgres');
/** All who are compared. */
export const everyone: readonly Entry[] = [ours, oursOnPostgres, ...peers, alertmanager];

export interface Running {
  readonly entry: Entry;
  readonly contestant: Contestant;
}

/** The contestants of a scenario, all started before the first round, so that rounds can be interleaved. */
export class Field {
  readonly #entrants: readonly Entry[];
  readonly #running: Running[] = [];
  readonly missing: string[] = [];

  private constructor(entrants: readonly Entry[]) {
    this.#entrants = entrants;
  }

  /** Who cannot run is missing, with the reason. */
  static async start(bench: Bench, entrants: readonly Entry[], fanOut: number): Promise<Field> {
    const field = new Field(entrants);
    for (const entry of entrants) {
      try {
        const { sinkPort, postgres } = bench;
        const contestant = await entry.start({ sinkPort, postgres, fanOut });
        field.#running.push({ entry, contestant });
      } catch (error) {
        field.missing.push(`${entry.name}: ${reason(error)}`);
      }
    }
    return field;
  }

  /** In the other direction every second round, so that no one always comes after the same neighbour. */
  order(round: number): readonly Running[] {
    return round % 2 === 0 ? [...this.#running] : this.#running.toReversed();
  }

  /** It failed: it is stopped, and its row says why. */
  async drop(running: Running, error: unknown): Promise<void> {
    this.#running.splice(this.#running.indexOf(running), 1);
    this.missing.push(`${running.entry.name}: ${reason(error)}`);
    await running.contestant.stop();
  }

  get entries(): readonly Entry[] {
    return this.#entrants.filter((entry) => this.#running.some((one) => one.entry === entry));
  }

  async stop(): Promise<void> {
    for (const { contestant } of this.#running) await contestant.stop();
  }
}

/** Of everyone those that were asked for; when nobody was, all but those that add little here. */
export function chosen(bench: Bench, leftOut: readonly string[] = []): readonly Entry[] {
  return everyone.filter(({ key }) => isChosen(bench, key, leftOut));
}

export function isChosen({ options }: Bench, key: string, leftOut: readonly string[] = []): boolean {
  if (options.contestants.length > 0) return options.contestants.includes(key);
  return !(leftOut.includes(key) || (options.quick && slow.has(key)));
}

/** Left out of a quick run. */
const slow = new Set(['relay-dispatch', 'bullmq-always', 'pg-boss']);

/** What a row says; where this folder lies is nobody's business. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(`${root}/`, '');
}
