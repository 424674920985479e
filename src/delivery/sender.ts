import type { Socket } from 'node:net';
import { Client, type buildConnector } from 'undici';
import { elapsedMs, momentOf, type Moment } from '../runtime/moment.ts';
import { dial, type DialPorts } from './dial.ts';
import { Exchange, type ExchangePorts, type Outgoing } from './exchange.ts';
import type { Report } from './outcome.ts';

/** The one door out: every request that this service makes of others goes through here. */
export interface Sender {
  /** Makes one request, and tells what came of it exactly once. A callback, because this is the hottest path of all. */
  send(outgoing: Outgoing, done: (report: Report) => void): void;
  /** Ends all connections, with what is on them. */
  close(): void;
}

export type SenderPorts = ExchangePorts & DialPorts;

/** A connection is used again only while it has been idle for less; most receivers close after 5 s or more. */
const idleMaxMs = 4_000;
/** How much earlier than the receiver says it will close an idle connection. */
const idleMarginMs = 1_000;
/** Over all receivers; the longest idle are closed first. */
const idleConnectionsMax = 1_024;
const headersMaxBytes = 16_384;

/**
 * HTTP/1.1, one request at a time on a connection; no redirects, no repeats, no decompression, no proxy. Each connection
 * is a client of its own, so that it is known of each request whether it had a fresh connection and how far it got.
 */
export function createSender(ports: SenderPorts): Sender {
  const idle = new IdleConnections(ports);
  const busy = new Set<Connection>();
  return {
    send(outgoing, done) {
      const connection = idle.take(outgoing.target.key) ?? new Connection(ports, idle);
      busy.add(connection);
      connection.carry(outgoing, (report) => {
        busy.delete(connection);
        done(report);
      });
    },
    close() {
      for (const connection of busy) connection.destroy();
      idle.close();
    },
  };
}

class Connection {
  readonly #ports: SenderPorts;
  readonly #idle: IdleConnections;
  #client: Client | undefined;
  #exchange: Exchange | undefined;
  #cancelDial: () => void = () => {};
  key = '';
  idleSince: Moment | undefined;

  constructor(ports: SenderPorts, idle: IdleConnections) {
    this.#ports = ports;
    this.#idle = idle;
  }

  carry(outgoing: Outgoing, done: (report: Report) => void): void {
    const { target } = outgoing;
    this.key = target.key;
    const exchange = new Exchange(outgoing, this.#ports, (report, reusable) => {
      this.#exchange = undefined;
      if (reusable) this.#idle.put(this);
      else this.destroy();
      done(report);
    });
    this.#exchange = exchange;
    this.#client ??= this.#createClient(target.origin);
    this.#client.dispatch(
      { method: 'POST', path: target.path, headers: outgoing.headers as string[], body: outgoing.body },
      exchange,
    );
    exchange.queued();
  }

  destroy(): void {
    this.#cancelDial();
    void this.#client?.destroy();
  }

  #createClient(origin: string): Client {
    const client = new Client(origin, {
      connect: this.#connect,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: headersMaxBytes,
      // The exchange has one exact deadline; undici's own would be coarse, and none of them covers everything.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMaxMs,
      keepAliveMaxTimeout: idleMaxMs,
      keepAliveTimeoutThreshold: idleMarginMs,
    });
    client.on('disconnect', () => this.#idle.drop(this));
    return client;
  }

  /** undici asks for a connection when it has a request and none: at first, and when an idle one closed just before. */
  readonly #connect: buildConnector.connector = (_options, callback) => {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.over) return callback(gone, null);
    this.#ports.at('send.before-connect');
    this.#cancelDial = dial(exchange.outgoing.target, this.#ports, {
      reached: (phase) => exchange.reached(phase),
      connected: (socket: Socket) => {
        exchange.reached('handover');
        callback(null, socket);
      },
      failed: (error) => {
        exchange.onResponseError(undefined, error);
        callback(gone, null);
      },
    });
  };
}

/** What undici is told when there is no connection; the exchange knows the true reason already. */
const gone = new Error('no connection');

class IdleConnections {
  readonly #ports: SenderPorts;
  readonly #byKey = new Map<string, Connection[]>();
  #count = 0;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  /** The one that was used last, because it is the least likely to be closed by the receiver. */
  take(key: string): Connection | undefined {
    const connections = this.#byKey.get(key);
    for (;;) {
      const connection = connections?.at(-1);
      if (connection === undefined) return undefined;
      const since = connection.idleSince;
      this.drop(connection);
      if (since !== undefined && elapsedMs(this.#ports.clock, since) < idleMaxMs) return connection;
      connection.destroy();
    }
  }

  put(connection: Connection): void {
    connection.idleSince = momentOf(this.#ports.clock);
    const connections = this.#byKey.get(connection.key);
    if (connections === undefined) this.#byKey.set(connection.key, [connection]);
    else connections.push(connection);
    this.#count += 1;
    if (this.#count > idleConnectionsMax) this.#closeOne();
  }

  drop(connection: Connection): void {
    if (connection.idleSince === undefined) return;
    connection.idleSince = undefined;
    const connections = this.#byKey.get(connection.key) ?? [];
    const index = connections.lastIndexOf(connection);
    if (index !== -1) connections.splice(index, 1);
    if (connections.length === 0) this.#byKey.delete(connection.key);
    this.#count -= 1;
  }

  close(): void {
    const all = [...this.#byKey.values()].flat();
    for (const connection of all) {
      this.drop(connection);
      connection.destroy();
    }
  }

  #closeOne(): void {
    const oldest = this.#byKey.values().next().value?.[0];
    if (oldest === undefined) return;
    this.drop(oldest);
    oldest.destroy();
  }
}
