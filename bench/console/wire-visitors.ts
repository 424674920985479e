import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { setPriority } from 'node:os';
import { serveParent } from '../programs/parent.ts';
import type { Recorded, Recording } from './visitors.ts';

/* So many consoles as the service sees them: their streams, and the requests of a real one, each at its time. */

/** What this process takes must not be taken from the measured service. */
const lowestPriority = 19;
/** As a browser has to one host, beside that of the stream. */
const connections = 5;

interface Start extends Recording {
  readonly url: string;
  /** One for each of the people. */
  readonly cookies: readonly string[];
}

let start: Start | undefined;
const visitors: { close(): void }[] = [];
let requests = 0;
let failed = 0;

serveParent({
  start(input: Start) {
    setPriority(lowestPriority);
    start = input;
  },
  /** @param quiet only the streams, without requests. */
  async open({ count, quiet = false }: { count: number; quiet?: boolean }) {
    for (const visitor of visitors.splice(0)) visitor.close();
    for (let index = 0; index < count; index += 1)
      visitors.push(await visit(start?.cookies[index] ?? '', index / count, quiet));
  },
  /** So far, and how many of them were not answered with 200. */
  counts: () => ({ requests, failed }),
});

/** @param phase from 0 to 1: consoles are opened at different times. */
async function visit(cookie: string, phase: number, quiet: boolean): Promise<{ close(): void }> {
  if (start === undefined) throw new Error('start first');
  const { url, recorded, lengthMs } = start;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const stream = await listen(url, cookie);
  let next = recorded.findIndex(({ at }) => at >= phase * lengthMs);
  let begun = performance.now() - phase * lengthMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const plan = (): void => {
    if (next < 0 || next >= recorded.length) {
      next = 0;
      begun += lengthMs;
    }
    const one = recorded[next];
    if (one === undefined) return;
    timer = setTimeout(
      () => {
        send(url, cookie, agent, one);
        next += 1;
        plan();
      },
      begun + one.at - performance.now(),
    );
  };
  if (!quiet) plan();
  return {
    close() {
      clearTimeout(timer);
      stream.destroy();
      agent.destroy();
    },
  };
}

function listen(url: string, cookie: string): Promise<ClientRequest> {
  const topics = 'incident,alert,delivery,replay';
  return new Promise((resolve, reject) => {
    const stream = request(`${url}/live?topics=${topics}`, { agent: false, headers: { cookie } }, (answer) => {
      answer.on('error', () => undefined).resume();
      if (answer.statusCode === 200) resolve(stream);
      else reject(new Error(`the stream was answered ${answer.statusCode}`));
    });
    stream.on('error', reject);
    stream.end();
  });
}

function send(url: string, cookie: string, agent: Agent, { path, body }: Recorded): void {
  const headers = { cookie, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
  const done = (answer: IncomingMessage): void => {
    if (answer.statusCode !== 200) failed += 1;
    answer.on('error', () => undefined).resume();
  };
  requests += 1;
  request(`${url}${path}`, { method: 'POST', agent, headers }, done)
    .on('error', () => undefined)
    .end(body);
}
