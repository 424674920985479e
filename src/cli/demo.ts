import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../app.ts';
import { printable, readConfig, type ConfigSources } from '../config/load.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemTimers } from '../runtime/timers.ts';
import { Client } from './client.ts';
import { startDemoReceiver, type DemoReceiver, type ReceivedPush } from './demo-receiver.ts';

/** Prints one line. */
export type Say = (line: string) => void;

/**
 * The whole product in half a minute: a service in a temporary folder, a receiver, and alerts that fire and recover.
 * Stays up until `untilStopped` settles.
 */
export async function demo(listen: string | undefined, say: Say, untilStopped: Promise<void>): Promise<void> {
  // Whatever fails on the way, as a port that is taken, everything made before it goes.
  await using made = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-demo-'));
  made.defer(() => rm(folder, { recursive: true, force: true }));
  const pushes = new PushLog(say);
  const receiver = await startDemoReceiver((push) => pushes.add(push));
  made.defer(() => receiver.close());
  const settings = demoSettings(listen, folder, receiver);
  const app = await startApp(readConfig(settings), { settings: printable(settings) });
  made.defer(() => app.close());
  say(`Tocsin is up at ${app.url}, with its database in ${folder}.`);
  const client = Client.withKey(app.url, app.firstKey ?? '');
  const pushUrl = await setUp(client, receiver);
  await fireAndResolve(client, pushUrl, pushes, say);
  sayWhatNext(app.url, app.firstKey ?? '', pushUrl, say);
  say(`\nThe console, signed in, with all of this in it (the link works once, within an hour):\n  ${app.signInLink()}`);
  await untilStopped;
}

function demoSettings(listen: string | undefined, folder: string, receiver: DemoReceiver): ConfigSources {
  return {
    env: {
      TOCSIN_LISTEN: listen,
      TOCSIN_DATA: folder,
      TOCSIN_LOG_LEVEL: 'warn',
      TOCSIN_EGRESS_ALLOW: new URL(receiver.origin).host,
    },
  };
}

/** Makes a channel, a source, a webhook of each kind, and one that fails. Returns the path that the source pushes to. */
async function setUp(client: Client, receiver: DemoReceiver): Promise<string> {
  const channel = await client.call<{ channel_id: number }>('/channel/create', { channel_name: 'Web shop' });
  const integration = await client.call<{ push_url: string }>('/integration/create', {
    name: 'Prometheus',
    type: 'prometheus',
    channel_id: channel.channel_id,
  });
  for (const type of ['incident', 'alert']) {
    const webhook = await client.call<{ secret: string }>('/webhook/create', {
      type,
      name: `Demo receiver, ${type}s`,
      endpoint: `${receiver.origin}/${type}s`,
    });
    receiver.trust(`/${type}s`, webhook.secret);
  }
  await client.call('/webhook/create', {
    type: 'incident',
    name: 'Out of order',
    endpoint: receiver.origin + receiver.brokenPath,
  });
  const url = new URL(integration.push_url);
  return url.pathname + url.search;
}

async function fireAndResolve(client: Client, pushUrl: string, pushes: PushLog, say: Say): Promise<void> {
  const cpu = { alertname: 'HighCPU', instance: 'web-01:9100', severity: 'critical' };
  const disk = { alertname: 'DiskFull', instance: 'db-3:9100', severity: 'warning' };
  const latency = { alertname: 'Checkout latency', instance: 'shop', severity: 'critical' };
  const startsAt = new Date(systemClock.now()).toISOString();
  const send = async (title: string, pushCount: number, alerts: readonly object[]) => {
    say(`\n${title}`);
    const arrived = pushes.expect(pushCount);
    await client.push(pushUrl, notification(alerts, startsAt));
    await arrived;
  };
  await send('Alertmanager says: two alerts fire.', 4, [
    { status: 'firing', labels: cpu, annotations: { description: 'cpu above 90% for 5 min' } },
    { status: 'firing', labels: disk, annotations: { description: '/data 91% full' } },
  ]);
  await send('One gets worse.', 2, [
    { status: 'firing', labels: { ...disk, severity: 'critical' }, annotations: { description: '/data 97% full' } },
  ]);
  await send('Both are resolved.', 4, [
    { status: 'resolved', labels: cpu, annotations: {} },
    { status: 'resolved', labels: disk, annotations: {} },
  ]);
  await send('Another one fires, and is left to you.', 2, [
    { status: 'firing', labels: latency, annotations: { description: 'p95 above 2 s for 5 min' } },
  ]);
  say('\nA third receiver fails on purpose: the console shows what it has missed, and why.');
}

/**
 * The body that Alertmanager posts (contract 5.3); the fingerprint covers the labels that do not change, and an
 * alert that goes on keeps its start.
 */
function notification(alerts: readonly object[], startsAt: string): object {
  const items = alerts.map((alert) => {
    const { labels } = alert as { labels: { alertname: string; instance: string } };
    return {
      ...alert,
      startsAt,
      fingerprint: `${labels.alertname}-${labels.instance}`,
    };
  });
  return { receiver: 'tocsin', version: '4', status: 'firing', groupLabels: {}, alerts: items };
}

function sayWhatNext(url: string, key: string, pushUrl: string, say: Say): void {
  const api = (path: string, body: object) =>
    `  curl -s '${url}${path}' -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
  const now = systemClock.now();
  const alert = { event_status: 'Critical', title: 'Checkout is slow', alert_key: 'checkout' };
  say('\nIt stays up until you press Ctrl+C. Try, in another terminal:');
  say('- every delivery, with its request and its answer:');
  say(api('/webhook/history/list', { start_time: now - 3_600_000, end_time: now + 3_600_000, limit: 100 }));
  say('- an incident by hand, and see its push arrive here:');
  say(api('/incident/create', { title: 'Checkout is slow', incident_severity: 'Critical' }));
  say('- the same push URL takes what Alertmanager sends; any other tool can use the standard format:');
  say(
    `  curl -s '${url}${pushUrl}' -H 'Content-Type: application/json' -d '${JSON.stringify(notification([{ status: 'firing', labels: { alertname: 'Checkout', instance: 'shop' }, annotations: { summary: alert.title } }], new Date(now).toISOString()))}'`,
  );
  say(`- what there is: ${url}/   every operation: ${url}/openapi.json   metrics: ${url}/metrics`);
}

/** Prints pushes as they arrive, and knows when the expected ones are there. */
class PushLog {
  readonly #say: Say;
  #since = 0;
  #missing = 0;
  #done: (() => void) | undefined;

  constructor(say: Say) {
    this.#say = say;
  }

  /** Starts the clock. Resolves when `count` pushes have arrived, or after five seconds. */
  expect(count: number): Promise<void> {
    this.#since = systemClock.monotonic();
    this.#missing = count;
    return new Promise((resolve) => {
      const cancel = systemTimers.after(5000, resolve);
      this.#done = () => {
        cancel();
        resolve();
      };
    });
  }

  add(push: ReceivedPush): void {
    const milliseconds = this.#age(push).padStart(6);
    const signature = push.verified ? 'signature ok' : 'SIGNATURE WRONG';
    this.#say(
      `  ${milliseconds} ms  ${push.path.padEnd(10)} ${push.type.padEnd(8)} #${push.sequence.padEnd(2)} ${signature}  ${push.title}`,
    );
    this.#missing -= 1;
    if (this.#missing === 0) this.#done?.();
  }

  /** Of a push that nobody expects, as one that is tried by hand, only its change's own time is known. */
  #age({ eventTime }: ReceivedPush): string {
    if (this.#missing > 0) return (systemClock.monotonic() - this.#since).toFixed(1);
    return String(Math.max(0, systemClock.now() - eventTime));
  }
}
