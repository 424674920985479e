import { endsWithUs } from '../child.ts';
import { temporaryFolder } from '../../test/counterparts/program.ts';
import { startService, type Service } from '../../test/support/service.ts';
import type { Json } from '../../test/support/service.ts';
import { concurrency, NotRunnable, type Contestant, type Entry, type Setting } from './contestant.ts';

export type Store = 'sqlite' | 'postgres';

/** The service with its webhooks, and what is needed to push to it. */
export interface Tocsin {
  readonly service: Service;
  readonly folder: string;
  readonly databaseUrl: string;
  /** Makes a channel with an integration; gives the channel's id and the path to push to. */
  source(name: string): Promise<Source>;
  /** Makes webhooks for new alerts of a channel, each with a path of its own at the sink. */
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
  readonly more?: object;
}

/** No limits of requests, since all come from one sender; all else as it is by default, so everything is durable. */
const settings = {
  TOCSIN_LOG_LEVEL: 'warn',
  TOCSIN_INGEST_RATE: '0',
  TOCSIN_API_RATE: '0',
  TOCSIN_HISTORY_DAYS: '30',
};

export async function startTocsin(
  store: Store,
  setting: Pick<Setting, 'postgres' | 'nodeFlags'>,
  name = 'tocsin',
): Promise<Tocsin> {
  if (store === 'postgres' && setting.postgres === undefined) throw new NotRunnable('PostgreSQL was not started');
  const folder = await temporaryFolder('bench-data');
  const databaseUrl = store === 'postgres' ? ((await setting.postgres?.fresh(name)) ?? '') : '';
  const flags = setting.nodeFlags ?? [];
  const service = await startService({
    folder: folder.path,
    database: store,
    databaseUrl,
    env: settings,
    command: [process.execPath, ...flags, 'src/main.ts', 'serve'],
  });
  const ended = endsWithUs(() => service.pid);
  return {
    service,
    folder: folder.path,
    databaseUrl,
    source: (sourceName) => makeSource(service, sourceName),
    webhooks: (count, options) => makeWebhooks(service, count, options),
    async stop() {
      // A profile is written by a process that ends by itself; otherwise nobody waits for what is still owed.
      await (flags.length > 0 ? service.stop() : service.kill('SIGKILL'));
      ended();
      await folder.remove();
    },
  };
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
      event_types: ['a_new'],
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

/** Each change is a new alert, a lane of its own, and each webhook owes one push for it. */
export function tocsinEntry(store: Store): Entry {
  return {
    key: `tocsin-${store}`,
    name: store === 'sqlite' ? 'Tocsin, SQLite' : 'Tocsin, PostgreSQL, 1 node',
    async start(setting): Promise<Contestant> {
      const tocsin = await startTocsin(store, setting);
      const { channelId, path } = await tocsin.source('Bench');
      await tocsin.webhooks(setting.fanOut, {
        channelId,
        sinkPort: setting.sinkPort,
        path: '/ok',
        ...(setting.fanOut === 1 ? { maxInFlight: concurrency } : {}),
      });
      return { port: Number(new URL(tocsin.service.url).port), path, headers: {}, body: 'webhook', stop: tocsin.stop };
    },
  };
}
