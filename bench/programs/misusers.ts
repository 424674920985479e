import { request, Agent } from 'node:http';
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { alertsOfBodyMax, type MisuserKey } from '../options.ts';
import { serveParent } from './parent.ts';

/* A viewer, a sender and a stranger, each doing the worst that they may. */

/** What this process takes must not be taken from the measured service. */
const lowestPriority = 19;
/** Requests of one misuser at a time. */
const atOnce = 8;
/** Half-open connections of the stranger. */
const halfOpenMax = 100;

interface Start {
  readonly url: string;
  readonly viewerKey: string;
  readonly pushPath: string;
  readonly which: readonly MisuserKey[];
}

let misusers: Misusers | undefined;

serveParent({
  start(input: Start) {
    setPriority(lowestPriority);
    misusers = new Misusers(input);
  },
  /** @returns how many requests they have made. */
  end: () => misusers?.stop(),
});

/** They go on until they are stopped; whatever the service answers, they come again. */
class Misusers {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #running: Promise<void>[] = [];
  #stopped = false;
  #calls = 0;

  constructor({ url, viewerKey, pushPath, which }: Start) {
    this.#url = url;
    if (which.includes('viewer')) this.#view(viewerKey);
    if (which.includes('sender')) this.#send(pushPath);
    if (which.includes('stranger')) this.#knock();
  }

  #view(viewerKey: string): void {
    const asViewer = { authorization: `Bearer ${viewerKey}` };
    for (let index = 0; index < atOnce; index += 1) {
      this.#repeat(() => this.#post('/incident/list', search(index), asViewer));
      this.#repeat(() => this.#post('/webhook/history/list', history(), asViewer));
    }
  }

  #send(pushPath: string): void {
    const large = largeBodies();
    this.#repeat(() => this.#call('POST', pushPath, large(), { 'content-type': 'application/json' }));
  }

  #knock(): void {
    for (let index = 0; index < atOnce; index += 1) {
      this.#repeat(() => this.#post('/incident/list', {}, { authorization: `Bearer made-up-${index}-${this.#calls}` }));
      this.#repeat(() => this.#call('GET', index % 2 === 0 ? '/reference' : '/openapi.json', '', {}));
    }
    this.#repeat(() => this.#openHalf());
  }

  /** @returns how many requests they have made. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await Promise.all(this.#running);
    this.#agent.destroy();
    return this.#calls;
  }

  #repeat(work: () => Promise<void>): void {
    const again = async () => {
      while (!this.#stopped) await work();
    };
    this.#running.push(again());
  }

  #post(path: string, body: object, headers: Readonly<Record<string, string>>): Promise<void> {
    return this.#call('POST', path, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
  }

  #call(method: string, path: string, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
    this.#calls += 1;
    return new Promise((resolve) => {
      const call = request(`${this.#url}${path}`, { method, headers, agent: this.#agent }, (answer) => {
        answer.resume();
        answer.on('close', () => resolve());
      });
      call.on('error', () => resolve());
      call.end(body);
    });
  }

  /** Connections that begin a request and never end it. */
  async #openHalf(): Promise<void> {
    const { hostname, port } = new URL(this.#url);
    this.#calls += halfOpenMax;
    const sockets = Array.from({ length: halfOpenMax }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.write('POST /incident/list HTTP/1.1\r\nHost: x\r\nContent-Le');
      return socket;
    });
    await sleep(1_000);
    for (const socket of sockets) socket.destroy();
  }
}

function search(index: number): object {
  const now = Math.floor(Date.now() / 1000);
  const week = 7 * 86_400;
  return { start_time: now - week, end_time: now + 60, query: `*no*such*${index}*`, limit: 100 };
}

function history(): object {
  const now = Date.now();
  return { start_time: now - 7 * 86_400_000, end_time: now, limit: 100 };
}

/** Each changes all its alerts, or the service would only have to see that it knows them. */
function largeBodies(): () => string {
  const mark = '#push#';
  const alerts = Array.from({ length: alertsOfBodyMax }, (_, index) => ({
    status: 'firing',
    labels: { alertname: `Flood ${index % 50}`, instance: `host-${index}:9100`, severity: 'critical' },
    annotations: { summary: `${mark}${'x'.repeat(500)}` },
    startsAt: new Date().toISOString(),
    fingerprint: `flood-${index}`,
  }));
  const body = { version: '4', status: 'firing', receiver: 'bench', groupLabels: {}, alerts };
  const text = JSON.stringify(body);
  let made = 0;
  return () => text.replaceAll(mark, `${(made += 1)}`);
}
