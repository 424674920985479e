import { readFileSync } from 'node:fs';
import type { Episode } from './evidence.ts';

const beatMs = 50;
/** A beat that comes so late means that the whole machine stood still, or has no time for anybody. */
const freezeMs = 500;
const nanosecondsPerMs = 1_000_000;

/** A process of which may be said that it had to wait for a processor. */
export interface Watched {
  readonly pid: number | undefined;
}

interface Sample {
  readonly at: number;
  readonly waitedMs: number;
}

export interface MachineWatch {
  /** Takes the episodes that are seen. */
  readonly episodes: Pick<Episode[], 'push'>;
  /** Of the first node and those after it. */
  readonly nodes: readonly Watched[];
  /** Who waits for a processor for a quarter of it cannot renew its leases in time. */
  readonly leaseMs: number;
}

/** Notes when the machine, or it for one node, stands still: then nobody is to blame for a missed time limit. @returns ends it. */
export function watchMachine({ episodes, nodes, leaseMs }: MachineWatch): () => void {
  let last = Date.now();
  const starvations = nodes.map((node, index) => new Starvation(node, { number: index + 1, leaseMs, episodes }));
  const beat = setInterval(() => {
    const now = Date.now();
    if (now - last > freezeMs) episodes.push({ kind: 'freeze', node: 0, at: last, endedAt: now });
    last = now;
    for (const starvation of starvations) starvation.look(now);
  }, beatMs);
  return () => clearInterval(beat);
}

/** How long a process that could run has waited for a processor, of the last lease. */
class Starvation {
  readonly #node: Watched;
  readonly #terms: { readonly number: number; readonly leaseMs: number; readonly episodes: Pick<Episode[], 'push'> };
  #samples: Sample[] = [];
  #pid: number | undefined;

  constructor(node: Watched, terms: { number: number; leaseMs: number; episodes: Pick<Episode[], 'push'> }) {
    this.#node = node;
    this.#terms = terms;
  }

  look(now: number): void {
    const { number, leaseMs, episodes } = this.#terms;
    const { pid } = this.#node;
    if (pid !== this.#pid) this.#samples = [];
    this.#pid = pid;
    const waitedMs = pid === undefined ? undefined : waitedForProcessor(pid);
    if (waitedMs === undefined) return;
    this.#samples.push({ at: now, waitedMs });
    while ((this.#samples[0]?.at ?? now) < now - leaseMs) this.#samples.shift();
    const [first] = this.#samples;
    if (first === undefined || waitedMs - first.waitedMs < leaseMs / 4) return;
    episodes.push({ kind: 'starved', node: number, at: first.at, endedAt: now });
    this.#samples = [];
  }
}

/** Of the thread with the event loop, so far, ms; undefined where the system does not tell. */
function waitedForProcessor(pid: number): number | undefined {
  try {
    const [, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return waited === undefined ? undefined : Number(waited) / nanosecondsPerMs;
  } catch {
    return undefined;
  }
}
