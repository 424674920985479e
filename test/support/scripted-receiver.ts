import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** What a scripted receiver does with one request, once its first byte or the whole of it has come. */
export type Script = (socket: Socket, request: ReceivedRequest) => void;

export interface ReceivedRequest {
  /** 1 for the first request that any connection brought. */
  readonly number: number;
  readonly head: string;
  readonly body: string;
}

/**
 * A receiver that speaks raw TCP or TLS on 127.0.0.1, so that it can break every rule of HTTP. It counts connections and
 * bytes, not only sound requests.
 */
export class ScriptedReceiver implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = [];
  connections = 0;
  bytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(script: Script, options: { tls?: TlsOptions; onFirstByte?: (socket: Socket) => void } = {}) {
    const serve = (socket: Socket) => this.#serve(socket, script, options.onFirstByte);
    this.#server = options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve);
    this.#server.on('tlsClientError', () => {});
  }

  async listen(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket, script: Script, onFirstByte?: (socket: Socket) => void): void {
    this.connections += 1;
    this.#sockets.add(socket);
    let pending = '';
    let begun = false;
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (!begun) onFirstByte?.(socket);
      begun = true;
      pending += chunk.toString('latin1');
      for (let taken = takeRequest(pending); taken !== undefined; taken = takeRequest(pending)) {
        pending = pending.slice(taken.length);
        const request = { number: this.requests.length + 1, head: taken.head, body: taken.body };
        this.requests.push(request);
        script(socket, request);
      }
    });
  }
}

/** A complete answer with a body. */
export function answer(status: number, body = '', headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Scripted\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${lines.join('')}\r\n${body}`;
}

function takeRequest(text: string): { head: string; body: string; length: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const bodyLength = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  const length = end + 4 + bodyLength;
  return text.length < length ? undefined : { head, body: text.slice(end + 4, length), length };
}
