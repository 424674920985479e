import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Drive } from './store.ts';
import { makeTemplate, type Place } from './service.ts';

/** What the runs of one thread have in common, one run after the other. */
export interface Scratch {
  readonly drive: Drive;
  readonly place: Place;
}

export async function openScratch(): Promise<Scratch> {
  const memory = '/dev/shm';
  const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'tocsin-simulation-'));
  try {
    const template = join(folder, 'template.db');
    const place = await makeTemplate(template);
    return { place, drive: new Drive(template) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
