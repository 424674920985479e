import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTemplate, type Place } from './service.ts';

/** A folder for the databases of runs, in memory where there is such a place, with the template that they begin from. */
export interface Scratch extends Disposable {
  readonly folder: string;
  readonly template: string;
  readonly place: Place;
}

export async function openScratch(): Promise<Scratch> {
  const memory = '/dev/shm';
  const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'tocsin-simulation-'));
  const template = join(folder, 'template.db');
  const place = await makeTemplate(template);
  return { folder, template, place, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
