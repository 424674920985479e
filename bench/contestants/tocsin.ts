import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shardsMax } from '../../src/database/shard.ts';
import { endsWithUs } from '../child.ts';
import { temporaryFolder } from '../../test/counterparts/program.ts';
import { startService, type Service } from '../../test/support/service.ts';
import type { Json } from '../../test/support/service.ts';
import { holdToCores } from '../servers/cpu-share.ts';
import { concurrency, NotRunnable, type Contestant, type Entry, type Setting } from './contestant.ts';

export type Store = 'sqlite' | 'postgres';

/** The service on one database, and what is needed to push to it. */
export interface Tocsin {
  /** The only node, or the first. */
  readonly service: Service;
  /** Of all nodes. */
  readonly ports: readonly number[];
  readonly folder: string;
  /** '' = SQLite, in the folder. */
  readonly databaseUrl: string;
  /** Makes a channel with an integration; gives the channel's id and the path to push to. */
  source(name: string): Promise<Source>;
  /** Makes webhooks for a channel, each with its own path at the sink. */
  webhooks(count: number, options: WebhookOptions): Promise<number[]>;
  stop(): Promise<void>;
}

export interface Source {
  readonly channelId: number;
  /** With the key in it. */
  readonly path: string;
}

export interface WebhookOptions {
  readonly channelId: number;
  readonly sinkPort: number;
  /** `/ok` is answered, `/hung` never. */
  readonly path: string;
  readonly maxInFlight?: number;
  /** `['a_new']` by default. */
  readonly eventTypes?: readonly string[];
  readonly more?: object;
}

/** No limits of requests, since all come from one sender; all else as it is by default, so everything is durable. */
const settings = {
  TOCSIN_LOG_LEVEL: 'warn',
  // A check of the tests, which nobody else makes.
  TOCSIN_TEST_CHECK_REPLIES: '0',
  TOCSIN_INGEST_RATE: '0',
  TOCSIN_API_RATE: '0',
  TOCSIN_HISTORY_DAYS: '30',
};
/** How long nodes may take until each has its share of the shards. */
const settledMaxMs = 30_000;
const settledPollMs = 50;

interface Start {
  readonly name?: string;
  /** More than one only on PostgreSQL. */
  readonly nodes?: number;
  /** To how much of a core each node is held; absent = to nothing. */
  readonly cores?: number | undefined;
  /** For Node; it is killed all the same. */
  readonly flags?: readonly string[];
}

export async function startTocsin(
  store: Store,
  setting: Pick<Setting, 'postgres' | 'nodeFlags'>,
  { name = 'tocsin', nodes = 1, cores, flags: more = [] }: Start = {},
): Promise<Tocsin> {
  if (store === 'postgres' && setting.postgres === undefined) throw new NotRunnable('PostgreSQL was not started');
  const folder = await temporaryFolder('bench-data');
  const databaseUrl = store === 'postgres' ? ((await setting.postgres?.fresh(name)) ?? '') : '';
  const flags = setting.nodeFlags ?? [];
  const env = nodes === 1 ? settings : { ...settings, TOCSIN_SECRET_KEY: randomBytes(32).toString('base64') };
  const services: Service[] = [];
  const ended: (() => void)[] = [];
  const held: (() => Promise<void>)[] = [];
  const stop = async () => {
    // Only a process that exits normally writes its profile; otherwise nothing waits for the pending pushes.
    for (const service of services) await (flags.length > 0 ? service.stop() : service.kill('SIGKILL'));
    for (const end of ended) end();
    for (const release of held) await release();
    await folder.remove();
  };
  try {
    for (let node = 1; node <= nodes; node += 1) {
      const service = await startService({
        folder: nodes === 1 ? folder.path : join(folder.path, `node${node}`),
        database: store,
        databaseUrl,
        env,
        command: [process.execPath, ...flags, ...more, 'dist/tocsin.js', 'serve'],
      });
      ended.push(endsWithUs(() => service.pid));
      services.push(service);
    }
    if (nodes > 1) await settled(services);
    // Not before: a start takes more than what comes after it.
    if (cores !== undefined) for (const { pid } of services) held.push(await holdToCores(pid ?? 0, cores));
  } catch (error) {
    await stop();
    throw error;
  }
  const [service] = services;
  if (service === undefined) throw new Error('there must be a node');
  return {
    service,
    ports: services.map(({ url }) => Number(new URL(url).port)),
    folder: folder.path,
    databaseUrl,
    source: (sourceName) => makeSource(service, sourceName),
    webhooks: (count, options) => makeWebhooks(service, count, options),
    stop,
  };
}

/** Resolves when every node has its share of the work. */
async function settled(services: readonly Service[]): Promise<void> {
  const shareMin = Math.floor(shardsMax / services.length);
  const deadline = performance.now() + settledMaxMs;
  for (const { url } of services) {
    while ((await shardsHeld(url)) < shareMin) {
      if (performance.now() > deadline) throw new Error(`${services.length} nodes did not share the work in time`);
      await sleep(settledPollMs);
    }
  }
}

async function shardsHeld(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^tocsin_shards_held (\d+)/m.exec(text)?.[1] ?? 0);
}

async function makeSource(service: Service, name: string): Promise<Source> {
  const channel = await service.api('/channel/create', { channel_name: name });
  const channelId = numberOf(channel, 'channel_id');
  const integration = await service.api('/integration/create', { name, type: 'prometheus', channel_id: channelId });
  const url = new URL(String(integration['push_url']));
  return { channelId, path: url.pathname + url.search };
}

async function makeWebhooks(service: Service, count: number, options: WebhookOptions): Promise<number[]> {
  const { channelId, sinkPort, path, maxInFlight, more } = options;
  const ids: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const webhook = await service.api('/webhook/create', {
      type: 'alert',
      name: `Bench ${path} ${index}`,
      endpoint: `http://127.0.0.1:${sinkPort}${path}/${index}`,
      channel_ids: [channelId],
      event_types: options.eventTypes ?? ['a_new'],
      ...(maxInFlight === undefined ? {} : { max_in_flight: maxInFlight }),
      ...more,
    });
    ids.push(numberOf(webhook, 'integration_id'));
  }
  return ids;
}

function numberOf(data: Json, name: string): number {
  return Number(data[name]);
}

interface Size {
  readonly nodes?: number;
  /** To how much of a core each node is held. */
  readonly cores?: number;
}

/** Each change is a new alert with its own lane, and each webhook gets one push for it. */
export function tocsinEntry(store: Store, { nodes = 1, cores }: Size = {}): Entry {
  const held = cores === undefined ? '' : `, ${nodes === 1 ? '' : 'each '}held to ${cores} of a core`;
  const onPostgres = `Tocsin, PostgreSQL, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}${held}`;
  const more = [...(nodes === 1 ? [] : [nodes]), ...(cores === undefined ? [] : ['held'])];
  return {
    key: ['tocsin', store, ...more].join('-'),
    name: store === 'sqlite' ? 'Tocsin, SQLite' : onPostgres,
    async start(setting): Promise<Contestant> {
      const tocsin = await startTocsin(store, setting, { nodes, cores });
      const { channelId, path } = await tocsin.source('Bench');
      await tocsin.webhooks(setting.fanOut, {
        channelId,
        sinkPort: setting.sinkPort,
        path: '/ok',
        // The limit holds on each node.
        ...(setting.fanOut === 1 ? { maxInFlight: Math.floor(concurrency / nodes) } : {}),
      });
      return { ports: tocsin.ports, path, stop: tocsin.stop };
    },
  };
}
