import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { Call, Setup } from './setup.ts';
import type { DatabaseLog } from './database-log.ts';
import type { Diary, TortureNode } from './nodes.ts';
import type { Mishap, Round } from './plan.ts';

/** How long a commit may take to be lost after it was asked for. */
const lossMaxMs = 2_000;
const lookMs = 5;

export interface World {
  readonly nodes: readonly TortureNode[];
  readonly furniture: Setup;
  readonly ledger: DatabaseLog;
  /** Absent for SQLite. */
  readonly server: PostgresServer | undefined;
  readonly diary: Diary;
  readonly random: () => number;
}

/** Lets things happen to the nodes. What happens to one goes on while others have their turn, as long as one is well. */
export class FaultInjector {
  readonly #world: World;
  readonly #unwell = new Map<TortureNode, Promise<void>>();
  #error: { readonly cause: unknown } | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Resolves when the next may happen. */
  async happen({ mishap, node }: Round): Promise<void> {
    const { diary } = this.#world;
    const during = async (work: () => Promise<unknown>) => {
      const at = Date.now();
      await work();
      diary.episodes.push({ kind: mishap.kind, node: 0, at, endedAt: Date.now() });
    };
    switch (mishap.kind) {
      case 'backends':
        return during(() => this.#world.ledger.endBackends(mishap.share, this.#world.random));
      case 'postgres':
        return during(async () => this.#world.server?.crash(mishap.downMs));
      case 'edit':
        return during(() => this.#edit(mishap));
      case 'replace':
        return during(() => this.#world.furniture.replace(this.call, mishap.mode));
      case 'kill':
      case 'crash':
      case 'pause':
      case 'leave':
      case 'commit':
      case 'cut':
        return this.#to(await this.#pick(node), mishap);
    }
  }

  /** Resolves when all nodes are well again; rejects when one cannot be made so. */
  async over(): Promise<void> {
    await Promise.all(this.#unwell.values());
    if (this.#error !== undefined) throw this.#error.cause;
  }

  /** On any node that is well. */
  readonly call: Call = async (path, body) => (await this.#pick(this.#world.random())).api(path, body);

  async #to(node: TortureNode, mishap: Mishap): Promise<void> {
    const { nodes } = this.#world;
    const over = carryOut(node, mishap)
      .catch((cause: unknown) => void (this.#error ??= { cause }))
      .then(() => void this.#unwell.delete(node));
    this.#unwell.set(node, over);
    // The last one that is well has to stay so, for somebody has to take over.
    if (this.#unwell.size >= nodes.length - 1) await Promise.race(this.#unwell.values());
    if (this.#error !== undefined) throw this.#error.cause;
  }

  async #pick(fraction: number): Promise<TortureNode> {
    for (;;) {
      const well = this.#world.nodes.filter((node) => !this.#unwell.has(node));
      const node = well[Math.floor(fraction * well.length)];
      if (node !== undefined) return node;
      await Promise.race(this.#unwell.values());
    }
  }

  async #edit({ what, ms }: Extract<Mishap, { kind: 'edit' }>): Promise<void> {
    const { furniture } = this.#world;
    if (what === 'headers') return furniture.editHeaders(this.call);
    if (what === 'secret') return furniture.rotateSecret(this.call);
    await furniture.pause(this.call);
    await sleep(ms);
    await furniture.resume(this.call);
  }
}

/** Resolves when the node is well again. */
async function carryOut(node: TortureNode, mishap: Mishap): Promise<void> {
  switch (mishap.kind) {
    case 'kill':
      await node.kill();
      for (const afterMs of mishap.startKillsMs) await node.killWhileStarting(afterMs);
      await sleep(mishap.awayMs);
      return node.start();
    case 'crash':
      await node.kill();
      await node.crash(mishap.point, mishap.pass);
      return node.start();
    case 'pause':
      return node.pause(mishap.ms);
    case 'leave':
      await node.leave();
      await sleep(mishap.awayMs);
      return node.start();
    case 'commit':
      return loseCommit(node, mishap.after);
    case 'cut':
      return node.during('cut', async () => {
        node.proxy?.cut();
        await sleep(mishap.ms);
        node.proxy?.mend();
      });
    case 'backends':
    case 'postgres':
    case 'edit':
    case 'replace':
      throw new Error(`${mishap.kind} does not happen to a node`);
  }
}

/** Over when it is lost, or the node had no such commit for long. */
async function loseCommit(node: TortureNode, after: string): Promise<void> {
  const { proxy } = node;
  if (proxy === undefined) return;
  const before = proxy.lost;
  proxy.loseCommitAfter(after);
  await node.during('commit', async () => {
    const deadline = performance.now() + lossMaxMs;
    while (proxy.lost === before && performance.now() < deadline) await sleep(lookMs);
  });
}
