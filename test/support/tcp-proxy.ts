import { connect, createServer, type Socket } from 'node:net';
import { PassingStatements } from './passing-statements.ts';

/** Between a node and its database, on the loopback: it can be cut, and it can lose the answer to a commit. */
export class TcpProxy {
  #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server = createServer((client) => this.#join(client));
  #cut = false;
  #loseCommitAfter: string | undefined;
  #held: (() => void) | undefined;
  /** Commits whose answer was lost. */
  lost = 0;

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  /** The same database, through this proxy. */
  static async before(url: string): Promise<{ proxy: TcpProxy; url: string }> {
    const through = new URL(url);
    const proxy = new TcpProxy({ host: through.hostname, port: Number(through.port) });
    through.port = String(await proxy.#listen());
    return { proxy, url: through.href };
  }

  /** Blocks further connections and ends open ones. */
  cut(): void {
    this.#cut = true;
    for (const [client, server] of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  mend(): void {
    this.#cut = false;
  }

  /** Leads to another server and ends open connections. */
  leadTo(url: string): void {
    this.cut();
    const { hostname, port } = new URL(url);
    this.#target = { host: hostname, port: Number(port) };
    this.mend();
  }

  /** The next transaction with this text is committed, and its answer is dropped. */
  loseCommitAfter(text: string): void {
    this.#loseCommitAfter = text;
  }

  /** As `loseCommitAfter`, but the connection stays open: resolves when the answer to the commit is kept back. */
  async holdCommitAfter(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = resolve;
    this.loseCommitAfter(text);
    await promise;
    this.#held = undefined;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #listen(): Promise<number> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return address.port;
  }

  #join(client: Socket): void {
    if (this.#cut) return void client.destroy();
    const server = connect(this.#target);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    const statements = new PassingStatements();
    let marked = false;
    let losing = false;
    let counted = false;
    client.on('data', (chunk: Buffer) => {
      for (const text of statements.read(chunk)) {
        if (this.#loseCommitAfter !== undefined && text.includes(this.#loseCommitAfter)) marked = true;
        if (marked && /^commit$/i.test(text)) {
          this.#loseCommitAfter = undefined;
          losing = true;
        } else if (/^(?:commit|rollback)$/i.test(text)) marked = false;
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (!losing) return void client.write(chunk);
      // The answers to one commit, and to the statements before it, may come in several pieces.
      if (!counted) this.lost += 1;
      counted = true;
      if (this.#held !== undefined) return this.#held();
      client.destroy();
      server.destroy();
    });
    for (const [one, other] of [pair, [server, client] as const]) {
      one.on('error', () => {});
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
