import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { freePort, startProgram } from './program.ts';
import type { Program } from './program.ts';

/** One line of the log on disk: what reached the receiver, what became of it, and when (`at`, Unix milliseconds). */
export type WireRecord =
  | {
      /** All of a request has arrived. Written before it is answered, so nothing that was answered is missing. */
      readonly kind: 'request';
      readonly number: number;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      /** The address that it came from. */
      readonly from: string;
      /** When its headers had come; `at` is when its body had, too. */
      readonly begunAt: number;
      readonly at: number;
    }
  | { readonly kind: 'answered'; readonly number: number; readonly status: number; readonly at: number }
  /** The connection ended before the answer was out: the sender died or gave up. */
  | { readonly kind: 'abandoned'; readonly number: number; readonly at: number }
  /** The connection ended in the middle of the request: a receiver may have acted on that much. */
  | {
      readonly kind: 'torn';
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly at: number;
    };

export interface ReceiverProcess extends Program {
  /** Everything so far, in the order in which it happened. */
  log(): WireRecord[];
}

/**
 * Starts a receiver as a separate process, which outlives the death of its sender. The first part of a path
 * says how it behaves: `/ok` answers at once, `/once` too and then closes the connection, `/slow` answers after 5 to
 * 80 ms, `/slower` after 50 to 400 ms, `/flaky` refuses or resets now and then, `/never` does not answer.
 */
export async function startReceiverProcess(logFile: string, seed: number): Promise<ReceiverProcess> {
  const port = await freePort();
  const program = await startProgram({
    command: process.execPath,
    arguments: [import.meta.filename, logFile, String(port), String(seed)],
    port,
    readyPath: '/',
    folder: process.cwd(),
  });
  return { ...program, log: () => readLines(logFile).map((line) => JSON.parse(line) as WireRecord) };
}

/** The whole lines of an append-only file; a line that is still being written is left out. */
export function readLines(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
}

/** A small seeded generator (mulberry32): the same seed gives the same sequence of fractions. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const keepAliveMs = 60_000;

function serve(logFile: string, port: number, random: () => number): void {
  let requests = 0;
  const write = (record: WireRecord) => appendFileSync(logFile, `${JSON.stringify(record)}\n`);
  appendFileSync(logFile, '');

  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.writeHead(204).end();
      return;
    }
    const begunAt = Date.now();
    const from = request.socket.remoteAddress ?? '';
    void readBody(request).then((body) => {
      const path = request.url ?? '';
      if (body === undefined) {
        write({ kind: 'torn', path, headers: flat(request), at: Date.now() });
        return;
      }
      requests += 1;
      const number = requests;
      write({ kind: 'request', number, path, headers: flat(request), body, from, begunAt, at: Date.now() });
      response.once('close', () => {
        const at = Date.now();
        if (response.writableFinished) write({ kind: 'answered', number, status: response.statusCode, at });
        else write({ kind: 'abandoned', number, at });
      });
      behave(path, response, random);
    });
  });
  // Longer than any pause: a sender that stood still would write to a connection that was closed meanwhile.
  server.keepAliveTimeout = keepAliveMs;
  server.listen(port, '127.0.0.1');
  process.once('SIGTERM', () => process.exit(0));
}

function behave(path: string, response: ServerResponse, random: () => number): void {
  const chance = random();
  if (path.startsWith('/slower')) setTimeout(() => response.writeHead(200).end(), 50 + chance * 350);
  else if (path.startsWith('/slow')) setTimeout(() => response.writeHead(200).end(), 5 + chance * 75);
  else if (path.startsWith('/never')) return;
  else if (path.startsWith('/once')) response.writeHead(200, { connection: 'close' }).end();
  else if (path.startsWith('/flaky') && chance < 0.1) response.socket?.resetAndDestroy();
  else if (path.startsWith('/flaky') && chance < 0.3) response.writeHead(503).end();
  else response.writeHead(200).end();
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flat(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headers);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

if (import.meta.main) {
  const [logFile = '', port = '', seed = ''] = process.argv.slice(2);
  serve(logFile, Number(port), seeded(Number(seed)));
}
