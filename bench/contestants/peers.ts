import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../child.ts';
import { startRedis, type Sync } from '../servers/redis.ts';
import { concurrency, NotRunnable, type Entry } from './contestant.ts';

/** What keeps a peer's jobs: its URL, and how it is stopped. */
interface Store {
  readonly url: string;
  stop(): Promise<void>;
}

const nothing: Store = { url: '', stop: async () => {} };

/** A program of `programs/` that takes HTTP in, does what it does, and posts on. */
function peer(
  key: string,
  name: string,
  packageName: string | undefined,
  openStore: (setting: Parameters<Entry['start']>[0]) => Promise<Store>,
  program = key,
): Entry {
  return {
    key,
    name,
    async start(setting) {
      if (packageName !== undefined && !isInstalled(packageName)) {
        throw new NotRunnable(`${packageName} is not installed: npm install --no-workspaces in bench`);
      }
      const store = await openStore(setting);
      const child = await startChild(program, setting.nodeFlags);
      const { sinkPort, fanOut } = setting;
      const port = await child.call<number>('start', { sinkPort, fanOut, storeUrl: store.url, concurrency });
      const stop = async () => {
        await child.stop();
        await store.stop();
      };
      return { ports: [port], path: '/', stop };
    },
  };
}

function isInstalled(packageName: string): boolean {
  return existsSync(join(import.meta.dirname, '..', 'node_modules', packageName, 'package.json'));
}

async function database(key: string, { postgres }: Parameters<Entry['start']>[0]): Promise<Store> {
  if (postgres === undefined) throw new NotRunnable('PostgreSQL was not started');
  return { url: await postgres.fresh(key), stop: async () => {} };
}

function bullmq(sync: Sync, name: string): Entry {
  return peer(`bullmq-${sync}`, name, 'bullmq', () => startRedis(sync), 'bullmq');
}

export const relay = peer('relay', 'relay that keeps nothing', undefined, async () => nothing);

export const peers: readonly Entry[] = [
  relay,
  peer('relay-dispatch', 'the same relay, undici dispatch', undefined, async () => nothing),
  bullmq('everysec', 'BullMQ, Redis synced each second'),
  bullmq('always', 'BullMQ, Redis synced each write'),
  peer('graphile-worker', 'graphile-worker, PostgreSQL', 'graphile-worker', (given) => database('graphile', given)),
  peer('pg-boss', 'pg-boss, PostgreSQL', 'pg-boss', (given) => database('pgboss', given)),
];
