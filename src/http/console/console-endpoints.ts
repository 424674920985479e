import type { FastifyReply, FastifyRequest } from 'fastify';
import { countStranger } from '../server/auth.ts';
import type { Endpoints } from '../server/server-options.ts';
import type { ConsoleFile, ConsoleFiles } from './console-files.ts';
import { pagePolicy } from './page-policy.ts';
import { isPage, pageRoots } from './page-paths.ts';

/** The console's page at each of its addresses, and the files that the page asks for. */
export function addConsole({ app, options, strangers }: Endpoints, refuse: Refuse): void {
  const { console } = options;
  for (const root of pageRoots) {
    for (const path of [root, `${root}/*`]) {
      app.get(path, (request, reply) => {
        countStranger(request, strangers);
        if (!wantsPage(request)) throw refuse(request, reply);
        return sendPage(request, reply, console);
      });
    }
  }
  for (const file of console?.assets ?? []) {
    app.get(file.path, (request, reply) => {
      // The router takes a slash at the end of any path, which pages and calls may have; a file has one address.
      if ((request.url.split('?', 1)[0] ?? '').endsWith('/')) throw refuse(request, reply);
      return sendAsset(request, reply, file);
    });
  }
}

/** The answer to a program at an address that is a page for people. */
export type Refuse = (request: FastifyRequest, reply: FastifyReply) => Error;

/** Browsers ask for `text/html` by name; programs that take anything are not meant. */
export function wantsPage(request: FastifyRequest): boolean {
  return /(?:^|,)\s*text\/html\s*(?:;|,|$)/i.test(request.headers.accept ?? '');
}

export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  console: ConsoleFiles | undefined,
): FastifyReply {
  reply.headers(pagePolicy).headers({ 'cache-control': 'no-cache', vary: 'accept, accept-encoding' });
  if (console === undefined) return reply.code(503).header('content-type', pageType).send(unbuilt);
  const path = request.url.split('?', 1)[0] ?? '';
  reply.code(isPage(path) ? 200 : 404).header('etag', console.pageTag);
  if (isPage(path) && request.headers['if-none-match'] === console.pageTag) return reply.code(304).send();
  return sendFile(request, reply, console.page);
}

/** Asset names change with their content. */
const assetSeconds = 31_536_000;

function sendAsset(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  const hasTellingName = file.path.startsWith('/assets/');
  const cache = hasTellingName ? `public, max-age=${assetSeconds}, immutable` : 'no-cache';
  reply.headers(pagePolicy).headers({ 'cache-control': cache, vary: 'accept-encoding' });
  return sendFile(request, reply, file);
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  reply.header('content-type', file.type);
  if (file.brotli === undefined || !takesBrotli(request)) return reply.send(file.bytes);
  return reply.header('content-encoding', 'br').send(file.brotli);
}

function takesBrotli(request: FastifyRequest): boolean {
  const accepted = (request.headers['accept-encoding'] ?? '').toLowerCase();
  const found = /(?:^|,)\s*br\s*(?:;\s*q=([\d.]+)\s*)?(?:,|$)/.exec(accepted);
  return found !== null && Number(found[1] ?? 1) > 0;
}

const pageType = 'text/html; charset=utf-8';

const unbuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tocsin</title></head>
<body><h1>The console is not built</h1>
<p>The service runs, and everything but its pages works. In its folder, run <code>npm ci</code>, which builds the console,
or only the build, <code>node console/build.ts</code>; then start it again.</p>
<p><a href="/reference">Every operation of the API</a></p></body></html>
`;
