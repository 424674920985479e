import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { identify } from './admission.ts';
import { jsonType } from './envelope.ts';
import { openApi } from './openapi.ts';
import { referencePage, referencePolicy } from './reference/page.ts';
import type { Endpoints, ServerOptions } from './server-options.ts';

/** What operators, monitors and newcomers ask for: all `GET`, none in the envelope. */
export function addOperating(endpoints: Endpoints): void {
  const { app, options } = endpoints;
  const welcome = welcomeText(options);
  app.get('/', (_request, reply) => reply.header('content-type', textType).send(welcome));
  addLiveness(app);
  app.get('/readyz', (_request, reply) => readiness(endpoints, reply));
  app.get('/metrics', (request, reply) => metrics(endpoints, request, reply));
  addDocument(endpoints);
}

export function addLiveness(app: FastifyInstance): void {
  app.get('/healthz', (_request, reply) => reply.header('content-type', textType).send('ok\n'));
}

/** 503 when there are reasons why the service cannot do its work. */
export function sendReadiness(reply: FastifyReply, reasons: readonly string[]): FastifyReply {
  const ready = reasons.length === 0;
  return reply
    .code(ready ? 200 : 503)
    .header('content-type', jsonType)
    .send(JSON.stringify({ ready, reasons }));
}

/** Written when it is first asked for: it never changes while the server runs. */
function addDocument({ app, options }: Endpoints): void {
  let document: string | undefined;
  let page: string | undefined;
  app.get('/openapi.json', (_request, reply) => {
    document ??= JSON.stringify(openApi(options));
    return reply.header('content-type', jsonType).send(document);
  });
  app.get('/reference', (_request, reply) => {
    page ??= referencePage(openApi(options));
    return reply.headers({ 'content-type': pageType, 'content-security-policy': referencePolicy }).send(page);
  });
}

const textType = 'text/plain; charset=utf-8';
const pageType = 'text/html; charset=utf-8';
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

async function readiness(endpoints: Endpoints, reply: FastifyReply): Promise<FastifyReply> {
  const reasons = endpoints.isDraining() ? ['the server is closing'] : await endpoints.options.health.notReady();
  return sendReadiness(reply, reasons);
}

/**
 * Not public, since they tell how busy and how broken the service is: for this machine itself, and for whoever has a key.
 * A request that came through a proxy is from elsewhere, whatever address the proxy has.
 */
async function metrics(endpoints: Endpoints, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (!isLocal(request)) await identify(request, endpoints.options.authenticate, endpoints.failedTries);
  return reply.header('content-type', metricsType).send(await endpoints.options.metrics());
}

function isLocal(request: FastifyRequest): boolean {
  const address = request.raw.socket.remoteAddress ?? '';
  if (!/^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/.test(address)) return false;
  return request.headers['x-forwarded-for'] === undefined && request.headers.forwarded === undefined;
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
