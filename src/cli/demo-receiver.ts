import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verify } from '#receiver';

/** A push as the receiver saw it. */
export interface ReceivedPush {
  readonly path: string;
  readonly type: string;
  readonly title: string;
  readonly sequence: string;
  /** When its change was made, Unix milliseconds. */
  readonly eventTime: number;
  /** Whether the signature fits the secret and these bytes. */
  readonly verified: boolean;
}

export interface DemoReceiver {
  readonly origin: string;
  /** Every push there is answered with 500, and reported to nobody. */
  readonly brokenPath: string;
  /** Sets the secret for pushes to this path. */
  trust(path: string, secret: string): void;
  close(): Promise<void>;
}

const brokenPath = '/out-of-order';

/** Stands for a third-party system: takes pushes, checks their signature, and answers at once. */
export async function startDemoReceiver(onPush: (push: ReceivedPush) => void): Promise<DemoReceiver> {
  const secrets = new Map<string, string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      if (path === brokenPath) {
        response.writeHead(500, { 'content-type': 'application/json' }).end('{"error": "the disk is full"}');
        return;
      }
      response.writeHead(204).end();
      const body = Buffer.concat(chunks);
      const secret = secrets.get(path);
      const verified = secret !== undefined && verify({ headers: request.headers, body }, secret).ok;
      onPush({ path, ...summary(body), sequence: String(request.headers['tocsin-sequence'] ?? ''), verified });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    brokenPath,
    trust: (path, secret) => secrets.set(path, secret),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function summary(body: Buffer): Pick<ReceivedPush, 'type' | 'title' | 'eventTime'> {
  const push = JSON.parse(body.toString()) as {
    event_type: string;
    event_time: number;
    incident?: { title: string; progress: string };
    alert?: { title: string; alert_status: string };
  };
  const title = push.incident?.title ?? push.alert?.title ?? '';
  const state = push.incident?.progress ?? push.alert?.alert_status ?? '';
  return { type: push.event_type, title: `${title} (${state})`, eventTime: push.event_time };
}
