import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool, type Dispatcher } from 'undici';
import { serveParent } from './parent.ts';

/** How a peer has to run. */
export interface ForwarderOptions {
  readonly sinkPort: number;
  /** Pushes for each change. */
  readonly fanOut: number;
  /** Of Redis or PostgreSQL; '' for who needs neither. */
  readonly storeUrl: string;
  /** Pushes in flight at most. */
  readonly concurrency: number;
}

export type Post = (body: string) => Promise<void>;

/** What a peer does with a change: it resolves when the sender may have its 200. */
export type Accept = (body: string, parsed: unknown) => Promise<unknown>;

/** HTTP in for every peer alike: read the body, parse it, hand it on, answer. */
export function serveForwarder(build: (options: ForwarderOptions) => Promise<Accept>): void {
  serveParent({
    start: async (options: ForwarderOptions) => {
      const accept = await build(options);
      const server = createServer((request, response) => {
        readBody(request)
          .then((body) => accept(body, JSON.parse(body)))
          .then(
            () => response.writeHead(200, { 'content-length': 2 }).end('{}'),
            (error: unknown) => {
              const text = String(error);
              response.writeHead(500, { 'content-length': Buffer.byteLength(text) }).end(text);
            },
          );
      });
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      return (server.address() as AddressInfo).port;
    },
  });
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => resolve(text));
    request.on('error', reject);
  });
}

/** As most people write it. */
export function requestPost({ sinkPort, concurrency }: ForwarderOptions): Post {
  const pool = new Pool(`http://127.0.0.1:${sinkPort}`, { connections: concurrency, pipelining: 1 });
  return async (body) => {
    const { statusCode, body: answer } = await pool.request({ ...postOptions, body });
    await answer.dump();
    if (statusCode >= 300) throw new Error(`the receiver answered ${statusCode}`);
  };
}

/** The fastest way that the client has. */
export function dispatchPost({ sinkPort, concurrency }: ForwarderOptions): Post {
  const pool = new Pool(`http://127.0.0.1:${sinkPort}`, { connections: concurrency, pipelining: 1 });
  return (body) =>
    new Promise((resolve, reject) => {
      let status = 0;
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData() {},
        onResponseEnd() {
          if (status < 300) resolve();
          else reject(new Error(`the receiver answered ${status}`));
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      };
      pool.dispatch({ ...postOptions, body }, handler);
    });
}

const postOptions = { method: 'POST', path: '/peer', headers: { 'content-type': 'application/json' } } as const;

/** The same body to each receiver of a change. */
export function copies<Item>(count: number, item: Item): Item[] {
  return Array.from({ length: count }, () => item);
}

/**
 * A package from the benchmark's own folder. Its name is no literal, so that the types of the project do not depend on
 * whether it is installed.
 */
export async function loadPeer<Module>(name: string): Promise<Module> {
  const loaded: unknown = await import(name);
  return loaded as Module;
}
