import type { Socket } from 'node:net';
import { Client, type buildConnector } from 'undici';
import { elapsedMs, momentOf, type Moment } from '../runtime/moment.ts';
import { connect, type DialPorts } from './connect.ts';
import { Exchange, type EndedExchange, type ExchangePorts, type Outgoing } from './http-exchange.ts';
import type { Report } from './report.ts';
import { ResponseHead, readThrough } from './response-head.ts';

/** Makes every outgoing request of the service. */
export interface HttpClient {
  /** Makes one request. Never rejects: faults are in the report. */
  send(outgoing: Outgoing): Promise<Report>;
  /** Makes ready for the first request, where that takes time. */
  start?(): void;
  /** Ends all connections and the requests on them. */
  close(): void;
}

export interface HttpClientPorts extends ExchangePorts, DialPorts {
  /** Over all receivers; the longest idle one is closed first. {@link idleConnectionsMax} without it. */
  readonly idleConnectionsMax?: number;
}

/** A connection is reused only while it has been idle for less; most receivers close after 5 s or more. */
const idleMaxMs = 4_000;
/** The same for at most once: some balancers drop idle connections earlier, in silence. */
const idleOnceMaxMs = 1_000;
/** The margin before the time at which the receiver says it closes idle connections. */
const idleMarginMs = 1_000;
/** Of the whole process. */
export const idleConnectionsMax = 1_024;
const headersMaxBytes = 16_384;

/**
 * HTTP/1.1, one request at a time per connection; no redirects, repeats, decompression or proxy variables. Each
 * connection has a separate undici client, so that each request knows whether its connection was fresh and how far it
 * got.
 */
export function createHttpClient(ports: HttpClientPorts): HttpClient {
  const idle = new IdleConnections(ports);
  const busy = new Set<Connection>();
  return {
    async send(outgoing) {
      const idleMs = outgoing.atMostOnce === true ? idleOnceMaxMs : idleMaxMs;
      const connection = idle.take(outgoing.target.key, idleMs) ?? new Connection(ports, idle);
      busy.add(connection);
      const { report, reusable } = await connection.carry(outgoing);
      busy.delete(connection);
      connection.leave(reusable);
      return report;
    },
    close() {
      for (const connection of busy) connection.destroy();
      idle.close();
    },
  };
}

class Connection {
  readonly #ports: HttpClientPorts;
  readonly #idle: IdleConnections;
  #client: Client | undefined;
  #exchange: Exchange | undefined;
  #connected = false;
  #head: ResponseHead | undefined;
  #cancelDial: () => void = () => {};
  key = '';
  /** Of the other end, with the port; '' = not connected. */
  #address = '';
  idleSince: Moment | undefined;

  constructor(ports: HttpClientPorts, idle: IdleConnections) {
    this.#ports = ports;
    this.#idle = idle;
  }

  carry(outgoing: Outgoing): Promise<EndedExchange> {
    const { target } = outgoing;
    this.key = target.key;
    const exchange = new Exchange(outgoing, this.#ports);
    exchange.address = this.#address;
    this.#exchange = exchange;
    this.#head = new ResponseHead(exchange);
    this.#client ??= this.#createClient(target.origin);
    const { method = 'POST', headers, body } = outgoing;
    this.#client.dispatch(
      { method, path: target.path, headers: headers as string[], body: method === 'GET' ? null : body },
      exchange,
    );
    exchange.queued();
    return exchange.ended;
  }

  /** What it carried has ended. @param reusable it may carry another request. */
  leave(reusable: boolean): void {
    this.#exchange = undefined;
    if (reusable && this.#connected) this.#idle.put(this);
    else this.destroy();
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
      // The exchange has one exact deadline; undici's timeouts are coarse, and none covers everything.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMaxMs,
      keepAliveMaxTimeout: idleMaxMs,
      keepAliveTimeoutThreshold: idleMarginMs,
    });
    client.on('disconnect', () => {
      this.#connected = false;
      this.#address = '';
      this.#idle.drop(this);
    });
    return client;
  }

  /** undici asks for a connection at first, and when an idle one closed just before a request. */
  readonly #connect: buildConnector.connector = (_options, callback) => {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.over) return callback(gone, null);
    this.#ports.at('send.before-connect');
    this.#cancelDial = connect(exchange.outgoing.target, this.#ports, {
      reached: (phase) => exchange.reached(phase),
      connected: (socket: Socket) => {
        exchange.reached('handover');
        this.#connected = true;
        this.#address = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`;
        exchange.address = this.#address;
        readThrough(socket, () => this.#head);
        callback(null, socket);
      },
      failed: (error) => {
        exchange.onResponseError(undefined, error);
        callback(gone, null);
      },
    });
  };
}

/** The error for undici when there is no connection; the exchange knows the true reason. */
const gone = new Error('no connection');

class IdleConnections {
  readonly #ports: HttpClientPorts;
  readonly #byKey = new Map<string, Connection[]>();
  readonly #max: number;
  #count = 0;

  constructor(ports: HttpClientPorts) {
    this.#ports = ports;
    this.#max = ports.idleConnectionsMax ?? idleConnectionsMax;
  }

  /** The most recently used one, which the receiver is least likely to have closed. */
  take(key: string, idleMs: number): Connection | undefined {
    const connections = this.#byKey.get(key);
    for (;;) {
      const connection = connections?.at(-1);
      if (connection?.idleSince === undefined) return undefined;
      const idleForMs = elapsedMs(this.#ports.clock, connection.idleSince);
      // All others have been idle for longer; a repeatable request may still use them.
      if (idleForMs >= idleMs && idleForMs < idleMaxMs) return undefined;
      this.drop(connection);
      if (idleForMs < idleMs) return connection;
      connection.destroy();
    }
  }

  put(connection: Connection): void {
    connection.idleSince = momentOf(this.#ports.clock);
    const connections = this.#byKey.get(connection.key);
    if (connections === undefined) this.#byKey.set(connection.key, [connection]);
    else connections.push(connection);
    this.#count += 1;
    if (this.#count > this.#max) this.#closeOne();
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
