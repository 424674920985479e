import { connect, createServer, type Socket } from 'node:net';
import { PassingStatements } from './passing-statements.ts';

/** The time by which an answer is kept back: so much longer than a client needs to send all that it sends at once. */
const answerDelayMs = 100;

/** A transaction as it passed: its statements, and how often the client waited for an answer. */
export interface PassedTransaction {
  readonly statements: readonly string[];
  readonly trips: number;
}

/** Between the service and PostgreSQL: counts round trips. */
export class CountingProxy {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#join(client));
  #counting = false;
  #passed: PassedTransaction[] = [];

  private constructor(target: URL) {
    this.#target = target;
  }

  static async before(url: string): Promise<{ proxy: CountingProxy; url: string }> {
    const proxy = new CountingProxy(new URL(url));
    await new Promise<void>((resolve) => void proxy.#server.listen(0, '127.0.0.1', resolve));
    const address = proxy.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    const through = new URL(url);
    through.port = String(address.port);
    return { proxy, url: through.href };
  }

  /** From now on answers are late, as from a server far away, so that what is sent together is seen together. */
  count(): void {
    this.#counting = true;
  }

  /** The transactions that have passed since it counts, and have a statement like this. */
  passed(statement: RegExp): PassedTransaction[] {
    return this.#passed.filter(({ statements }) => statements.some((text) => statement.test(text)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const server = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    const trips = new Trips((one) => {
      if (this.#counting) this.#passed.push(one);
    });
    client.on('data', (chunk: Buffer) => {
      trips.asked(chunk);
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      const answer = () => {
        trips.answered();
        if (!client.destroyed) client.write(chunk);
      };
      if (this.#counting) setTimeout(answer, answerDelayMs);
      else answer();
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}

/** Of one connection. */
class Trips {
  readonly #passed: (one: PassedTransaction) => void;
  readonly #passing = new PassingStatements();
  #waits = false;
  #statements: string[] = [];
  #trips = 0;

  constructor(passed: (one: PassedTransaction) => void) {
    this.#passed = passed;
  }

  answered(): void {
    this.#waits = false;
  }

  asked(chunk: Buffer): void {
    const goes = !this.#waits;
    this.#waits = true;
    if (goes) this.#trips += 1;
    for (const text of this.#passing.read(chunk)) {
      if (/^begin\b/.test(text)) [this.#statements, this.#trips] = [[], 1];
      this.#statements.push(text);
      if (text === 'commit') this.#passed({ statements: this.#statements, trips: this.#trips });
    }
  }
}
