import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendPage, wantsPage } from '../console/console-endpoints.ts';
import { countStranger, identify } from './auth.ts';
import { jsonType } from './envelope.ts';
import { addLiveness, sendReadiness, textType } from './health.ts';
import { openApi } from '../openapi/document.ts';
import type { Json } from '../openapi/schemas.ts';
import { referencePage, referencePolicy } from '../reference/page.ts';
import { readBuilt, servedAt } from './built-documents.ts';
import { madeOnce, sendReady, type ReadyBytes } from './ready-bytes.ts';
import type { Endpoints, ServerOptions } from './server-options.ts';

/** Pages for operators, monitors and newcomers: all `GET`, without the envelope. */
export function addOperating(endpoints: Endpoints): void {
  const { app, options } = endpoints;
  const welcome = welcomeText(options);
  const onRequest: Admit = async (request) => countStranger(request, endpoints.strangers);
  app.get('/', { onRequest }, (request, reply) => {
    if (wantsPage(request)) return sendPage(request, reply, options.console);
    return reply.headers({ 'content-type': textType, vary: 'accept' }).send(welcome);
  });
  addLiveness(app);
  app.get('/readyz', { onRequest }, (_request, reply) => readiness(endpoints, reply));
  app.get('/metrics', (request, reply) => metrics(endpoints, request, reply));
  addDocument(endpoints, onRequest);
}

type Admit = (request: FastifyRequest) => Promise<void>;

/** Neither changes while the server runs. */
function addDocument({ app, options, strangers }: Endpoints, onRequest: Admit): void {
  const document = madeOnce(async () => {
    const built = await readBuilt('document');
    return built === undefined ? JSON.stringify(await openApi(options)) : servedAt(built, options.publicUrl);
  });
  const page = madeOnce(async () => (await readBuilt('page')) ?? referencePage(asJson(await document())));
  app.get('/openapi.json', { onRequest }, async (request, reply) => {
    reply.header('content-type', jsonType);
    return sendReady(request, reply, await document(), strangers);
  });
  app.get('/reference', { onRequest }, async (request, reply) => {
    reply.headers({ 'content-type': pageType, 'content-security-policy': referencePolicy });
    return sendReady(request, reply, await page(), strangers);
  });
}

function asJson({ bytes }: ReadyBytes): Json {
  return JSON.parse(bytes.toString()) as Json;
}

const pageType = 'text/html; charset=utf-8';
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

async function readiness(endpoints: Endpoints, reply: FastifyReply): Promise<FastifyReply> {
  const reasons = endpoints.isDraining() ? ['the server is closing'] : await endpoints.options.health.notReady();
  return sendReadiness(reply, reasons);
}

/** Metrics are not public, because they show how busy and how broken the service is: only for this machine, and with a key. */
async function metrics(endpoints: Endpoints, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (!isLocal(request, endpoints.options.publicUrl)) {
    await identify(request, endpoints.options.authenticate, endpoints.strangers);
  }
  return reply.header('content-type', metricsType).send(await endpoints.options.metrics());
}

/**
 * A request through a proxy comes from elsewhere, whatever address the proxy has, and not every proxy says that it is
 * one. This process speaks http only, so a published address of https is a proxy's.
 */
function isLocal({ raw, headers }: FastifyRequest, publicUrl: string): boolean {
  const address = raw.socket.remoteAddress ?? '';
  if (!/^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/.test(address)) return false;
  if (publicUrl.startsWith('https:')) return false;
  // What proxies speak to servers unless they are set up otherwise, and hardly anybody else.
  if (raw.httpVersion === '1.0') return false;
  return !proxyHeaders.some((name) => headers[name] !== undefined) && isOwnName(headers.host ?? '');
}

const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

/** A caller on this machine uses a loopback name; a proxy often passes on the public one. */
function isOwnName(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host);
}

function welcomeText(options: ServerOptions): string {
  const base =
    options.publicUrl === '' ? `http://127.0.0.1:${options.listen.port}` : options.publicUrl.replace(/\/$/, '');
  return `Tocsin ${options.version}

  ${base}/reference      every operation of the API and every push, to read
  ${base}/openapi.json   the same for programs
  ${base}/healthz        is the process alive
  ${base}/readyz         can it do its work, and if not, why
  ${base}/metrics        for Prometheus; from this machine, or with a key

A first call, with a key of yours in place of KEY:

  curl -X POST ${base}/webhook/list -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d '{}'

A first alert, with the key of an integration in place of KEY:

  curl -X POST '${base}/event/push/alert/standard?integration_key=KEY' -H 'Content-Type: application/json' \\
    -d '{"event_status":"Warning","title":"disk almost full","alert_key":"disk:db-3"}'
`;
}
