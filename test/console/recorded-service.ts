import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const dist = join(import.meta.dirname, '..', '..', 'console', 'dist');
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.html': 'text/html; charset=utf-8',
};

/** What the service answered to each question, by the path and the body of it. */
export type Recording = Record<string, { readonly status: number; readonly text: string }>;

export interface RecordedService {
  readonly url: string;
  /** Questions that the recording has no answer to. */
  readonly unknown: readonly string[];
  stop(): Promise<void>;
}

/**
 * Serves the console as it is built, with the same answers each time: pictures of it differ only where the console does.
 * @param source the service that answers the questions not recorded yet, with the cookie of somebody who is signed in.
 */
export async function serveRecording(
  recording: Recording,
  port: number,
  source?: { readonly url: string; readonly cookie: string },
): Promise<RecordedService> {
  const unknown: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    if (path === '/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: hello\ndata: {}\n\n');
      return;
    }
    if (request.method === 'GET') {
      const name = path.startsWith('/assets/') ? path : '/index.html';
      const bytes = withFont(name, await readFile(join(dist, name)));
      response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream' }).end(bytes);
      return;
    }
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    const key = `${path} ${body}`;
    if (recording[key] === undefined && source !== undefined) recording[key] = await ask(source, path, body);
    const known = recording[key];
    if (known === undefined) unknown.push(key);
    response
      .writeHead(known?.status ?? 404, { 'content-type': 'application/json' })
      .end(known?.text ?? '{"request_id": "", "error": {"code": "NotRecorded", "message": "not recorded"}}');
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    unknown,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A page may be drawn before its font is there, and then keeps the other one: pictures wait for it. */
function withFont(name: string, bytes: Buffer): Buffer {
  if (!name.endsWith('.css')) return bytes;
  return Buffer.from(bytes.toString().replaceAll(/font-display:\s*optional/g, 'font-display:block'));
}

async function ask(
  { url, cookie }: { readonly url: string; readonly cookie: string },
  path: string,
  body: string,
): Promise<Recording[string]> {
  const reply = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', cookie },
    body,
  });
  return { status: reply.status, text: await reply.text() };
}
