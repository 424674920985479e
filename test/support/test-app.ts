import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../counterparts/program.ts';
import { startReceiver, type Received, type Receiver } from '../counterparts/receiver.ts';
import { emptyPostgres } from './empty-postgres.ts';
import { startService, type Json, type Service, type ServiceOptions } from './service.ts';

/** How long `Hook.history` waits for records, which are written a moment after the receiver has answered. */
const historyMaxMs = 30_000;
const historyPollMs = 20;
/** Around now, so that a record of any moment of a test is in it. */
const windowMs = 3_600_000;
/** Of the webhooks: a receiver that answers has answered by then, also on a machine that is busy with other things. */
const answerMaxMs = 30_000;

/** The real service and a receiver that it may push to. Tests may share one, each with its own places. */
export interface TestApp {
  readonly service: Service;
  readonly receiver: Receiver;
  /** Where its data is. */
  readonly folder: string;
  /** A channel with a source, which no other place's events reach. */
  place(): Promise<Place>;
  /** One request of the API as it is on the wire; as the administrator unless `init` says otherwise. */
  call(path: string, body?: unknown, init?: CallOptions): Promise<Answered>;
  /** An app key of a new member with this role. */
  keyOf(role: 'viewer' | 'responder'): Promise<string>;
  stop(): Promise<void>;
}

const withoutThreads = { TOCSIN_EGRESS_THREADS: '0' };
const threads = { database: 'sqlite', where: ', with threads that send', env: { TOCSIN_EGRESS_THREADS: '2' } } as const;

/** For tests of what must be the same wherever requests are made. */
export const withAndWithoutThreads = [{ database: 'sqlite', where: '', env: withoutThreads }, threads] as const;

/** The same, on each database. */
export const databasesAndThreads = [
  ...withAndWithoutThreads,
  { database: 'postgres', where: '', env: withoutThreads },
] as const;

export interface TestAppOptions {
  readonly database?: 'sqlite' | 'postgres';
  /** An empty database of the caller's, in place of one of the scene's own; for `postgres`. */
  readonly databaseUrl?: string;
  /** How the service is started, with its data in this folder; the program itself by default. */
  readonly command?: (folder: string) => NonNullable<ServiceOptions['command']>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CallOptions {
  readonly method?: string;
  /** '' = none. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly data: Json;
  readonly error: { readonly code: string; readonly message: string; readonly faults?: readonly Fault[] } | undefined;
}

interface Fault {
  readonly field: string;
  readonly message: string;
}

export interface Place {
  readonly channelId: number;
  readonly channelName: string;
  readonly sourceId: number;
  readonly sourceKey: string;
  /** Sends a standard event and gives its alert_key; rejects unless it was taken. */
  report(event: Json): Promise<string>;
  /** A webhook for this place's events, to its own path at the receiver unless `settings` name an endpoint. */
  hook(type: 'alert' | 'incident', settings?: Json): Promise<Hook>;
}

export interface Hook {
  readonly id: number;
  readonly secret: string;
  /** At the scene's receiver. */
  readonly path: string;
  readonly endpoint: string;
  /** The pushes so far, in the order of arrival. */
  received(): Received[];
  /** Resolves with the pushes as soon as there are `count`. */
  pushes(count: number): Promise<Received[]>;
  /** Resolves with the records, the oldest first, as soon as there are `count` that match. */
  history(count: number, filter?: Json): Promise<HistoryItem[]>;
  detail(record: HistoryItem): Promise<HistoryItem>;
}

/** A record of the invocation history, as the wire has it (contract 3.1). */
export interface HistoryItem {
  readonly integration_id: number;
  readonly event_id: string;
  readonly webhook_type: string;
  readonly event_type: string;
  readonly channel_id?: number;
  readonly ref_id?: string;
  readonly endpoint: string;
  readonly attempt: number;
  readonly duration: number;
  readonly status: string;
  readonly status_code: number;
  readonly error_message?: string;
  readonly request_headers?: string;
  readonly request_body?: string;
  readonly response_headers?: string;
  readonly response_body?: string;
  readonly event_time: string;
  readonly delivered_later?: { readonly event_id: string; readonly replay_id: string };
  readonly ref_title?: string;
  readonly channel_name?: string;
}

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { database = 'sqlite', databaseUrl, command, env = {} } = options;
  const stack = new AsyncDisposableStack();
  try {
    const folder = await temporaryFolder('scene');
    stack.defer(() => folder.remove());
    const needed = database === 'postgres' && databaseUrl === undefined;
    const url = needed ? stack.use(await emptyPostgres('scene')).url : databaseUrl;
    const receiver = await startReceiver();
    stack.defer(() => receiver.stop());
    const service = await startService({
      folder: folder.path,
      database,
      env,
      ...(url === undefined ? {} : { databaseUrl: url }),
      ...(command === undefined ? {} : { command: command(folder.path) }),
    });
    stack.defer(() => service.stop());
    let places = 0;
    return {
      service,
      receiver,
      folder: folder.path,
      place: () => placeIn(service, receiver, (places += 1)),
      call: (path, body = {}, options = {}) => call(service, path, body, options),
      keyOf: (role) => keyOf(service, role),
      stop: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function placeIn(service: Service, receiver: Receiver, number: number): Promise<Place> {
  const channelName = `channel ${number}`;
  const channel = await service.api('/channel/create', { channel_name: channelName });
  const channelId = Number(channel['channel_id']);
  const source = await service.api('/integration/create', {
    name: `source ${number}`,
    type: 'standard',
    channel_id: channelId,
  });
  const sourceKey = String(source['integration_key']);
  let hooks = 0;
  return {
    channelId,
    channelName,
    sourceId: Number(source['integration_id']),
    sourceKey,
    async report(event) {
      const { status, body } = await service.push('standard', sourceKey, { event_status: 'Critical', ...event });
      if (status !== 200) throw new Error(`the event was answered with ${status}: ${body}`);
      return (JSON.parse(body) as { data: { alert_key: string } }).data.alert_key;
    },
    hook(type, settings = {}) {
      hooks += 1;
      const path = `/place-${number}/hook-${hooks}`;
      const defaults = { type, name: `${path} ${type}`, endpoint: receiver.url + path, channel_ids: [channelId] };
      return hookOf(service, receiver, path, { ...defaults, timeout_ms: answerMaxMs, ...settings });
    },
  };
}

async function hookOf(service: Service, receiver: Receiver, path: string, settings: Json): Promise<Hook> {
  const made = await service.api('/webhook/create', settings);
  const id = Number(made['integration_id']);
  const mine = (one: Received) => one.path === path;
  return {
    id,
    secret: String(made['secret']),
    path,
    endpoint: String(settings['endpoint']),
    received: () => receiver.received.filter(mine),
    pushes: (count) => receiver.waitFor(count, mine),
    async history(count, filter = {}) {
      const deadline = performance.now() + historyMaxMs;
      for (;;) {
        const query = { ...around(), limit: 100, asc: true, integration_id: id, ...filter };
        const page = await service.api('/webhook/history/list', query);
        const items = page['items'] as HistoryItem[];
        if (items.length >= count) return items;
        if (performance.now() > deadline) throw new Error(`waited for ${count} records; there are ${items.length}`);
        await sleep(historyPollMs);
      }
    },
    async detail(record) {
      const query = { integration_id: id, event_id: record.event_id };
      return (await service.api('/webhook/history/detail', query)) as unknown as HistoryItem;
    },
  };
}

/** The window of a history or list query in Unix milliseconds. */
export function around(): { start_time: number; end_time: number } {
  return { start_time: Date.now() - windowMs, end_time: Date.now() + windowMs };
}

async function keyOf(service: Service, role: 'viewer' | 'responder'): Promise<string> {
  const invited = await service.api('/member/invite', { members: [{ email: `${role}@example.org` }] });
  const id = (invited['items'] as { member_id: number }[])[0]?.member_id;
  await service.api('/member/update', { member_id: id, role });
  const made = await service.api('/person/app-key/create', { key_name: role, person_id: id });
  return String(made['key']);
}

async function call(service: Service, path: string, body: unknown, options: CallOptions): Promise<Answered> {
  const { method = 'POST', key = service.appKey, headers = {} } = options;
  const answer = await fetch(service.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(method === 'POST' ? { body: bodyText(body) } : {}),
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').startsWith('application/json');
  const envelope = (isJson ? JSON.parse(text) : {}) as { data?: Json; error?: Answered['error'] };
  return { status: answer.status, headers: answer.headers, text, data: envelope.data ?? {}, error: envelope.error };
}

/** Text and bytes go out as they are, everything else as JSON. */
function bodyText(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

/** A push as the receiver reads it. */
export interface Push {
  readonly event_type: string;
  readonly event_time: number;
  readonly event_id: string;
  readonly person?: Json;
  readonly alert?: Json;
  readonly incident?: Json;
}

export function pushOf(received: Received): Push {
  return JSON.parse(received.body) as Push;
}
