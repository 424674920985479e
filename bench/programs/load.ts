import { connect, type Socket } from 'node:net';
import { notifications, type BodyKind } from './notification.ts';
import { microseconds, serveParent } from './parent.ts';

/*
 * The sender of everything: HTTP/1.1 over kept connections, one request at a time on each, written and read by hand so
 * that it takes as little as possible of the two cores that it shares with the measured program.
 */

/** Where changes go, and of what kind they are. */
export interface Target {
  /** The connections are spread over them. */
  readonly ports: readonly number[];
  readonly path: string;
  /** `webhook` by default. */
  readonly body?: BodyKind;
  /** So many alerts change in turn; absent = each change is a new alert. */
  readonly entities?: number;
}

const answerStart = 'HTTP/1.1 ';
/** How often an open loop looks at what is due. */
const tickMs = 1;
/** Without any answer for so long while some are waited for, the run has failed. */
const silentMaxMs = 30_000;

/** One that the server has closed while it was idle is opened again for the next request. */
class Connection {
  readonly port: number;
  readonly #onAnswer: (connection: Connection, status: number) => void;
  #socket: Socket | undefined;
  #received = '';
  busy = false;

  constructor(port: number, onAnswer: (connection: Connection, status: number) => void) {
    this.port = port;
    this.#onAnswer = onAnswer;
    this.#socket = this.#open();
  }

  send(request: string): void {
    this.busy = true;
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  close(): void {
    this.busy = false;
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.busy && fail(error));
    socket.on('close', () => {
      this.#socket = undefined;
      if (this.busy) fail(new Error('the connection was closed before the answer'));
    });
    return socket;
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const length = /content-length: *(\d+)/i.exec(this.#received);
    if (length === null) return fail(new Error(`an answer without a length: ${this.#received}`));
    if (this.#received.length < end + 4 + Number(length[1])) return;
    const status = Number(this.#received.slice(answerStart.length, answerStart.length + 3));
    if (status >= 300) lastRefusal = this.#received;
    this.#received = '';
    this.busy = false;
    this.#onAnswer(this, status);
  }
}

let connections: Connection[] = [];
let requestOf: (port: number, at: number) => string = () => '';
let changes = 0;
let configured = 0;
const own = process.pid.toString(16).padStart(6, '0');
let onAnswer: (connection: Connection, status: number) => void = () => {};
let fail: (error: Error) => void = () => {};
let delivered = 0;
let onDelivered: () => void = () => {};
let lastRefusal = '';

function configure({ ports, path, body = 'webhook', entities, connections: wanted }: Target & Connections): void {
  for (const connection of connections) connection.close();
  connections = Array.from({ length: wanted }, (_, index) => {
    return new Connection(ports[index % ports.length] ?? 0, (...answer) => onAnswer(...answer));
  });
  const make = notifications(body);
  const heads = new Map(
    ports.map((port) => [
      port,
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: `,
    ]),
  );
  configured += 1;
  const first = changes;
  requestOf = (port, at) => {
    const made = changes - first;
    changes += 1;
    const text =
      entities === undefined
        ? make(idOf(changes), 1, at)
        : make(idOf(made % entities, configured), Math.floor(made / entities) + 1, at);
    return `${heads.get(port)}${text.length}\r\n\r\n${text}`;
  };
}

interface Connections {
  readonly connections: number;
}

/** Of an alert that no other configuration and no other process has. */
function idOf(number: number, group = 0): string {
  return `${own}${group.toString(16).padStart(4, '0')}${number.toString(16).padStart(10, '0')}`;
}

export interface LoadResult {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  /** What the last refusal looked like; '' without one. */
  readonly refusal: string;
  /** Microseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Counts answers, and knows when all have come. */
class Tally {
  sent = 0;
  accepted = 0;
  refused = 0;
  over = false;
  readonly startedAt = microseconds();

  #answeredAt = this.startedAt;

  answered(status: number): void {
    this.#answeredAt = microseconds();
    if (status >= 200 && status < 300) this.accepted += 1;
    else this.refused += 1;
  }

  /** Since the last answer. */
  get silentMs(): number {
    return (microseconds() - this.#answeredAt) / 1000;
  }

  get waiting(): number {
    return this.sent - this.accepted - this.refused;
  }

  result(): LoadResult {
    const { sent, accepted, refused, startedAt } = this;
    return { sent, accepted, refused, refusal: lastRefusal, startedAt, endedAt: microseconds() };
  }
}

/** One run: fails when a connection does, or when no answers come any more. */
function run(begin: (tally: Tally, end: () => void) => void): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    lastRefusal = '';
    const tally = new Tally();
    /** Once: the next run has its own handlers. */
    const over = (settle: () => void) => {
      if (tally.over) return;
      tally.over = true;
      clearInterval(watching);
      onAnswer = () => {};
      onDelivered = () => {};
      fail = () => {};
      settle();
    };
    fail = (error) => over(() => reject(error));
    const watching = setInterval(() => {
      if (tally.waiting > 0 && tally.silentMs > silentMaxMs) {
        fail(new Error(`${tally.waiting} requests had no answer for ${silentMaxMs / 1000} s`));
      }
    }, silentMaxMs / 10);
    begin(tally, () => over(() => resolve(tally.result())));
  });
}

/** Each connection sends again as soon as it has its answer, while fewer than `window` changes wait for the receiver. */
function closedLoop({ seconds, window }: { seconds: number; window: number }): Promise<LoadResult> {
  return run((tally, end) => {
    delivered = 0;
    const until = tally.startedAt + seconds * 1_000_000;
    const next = (connection: Connection, now: number) => {
      if (now >= until) {
        if (tally.waiting === 0) end();
        return;
      }
      if (tally.sent - delivered >= window) return;
      tally.sent += 1;
      connection.send(requestOf(connection.port, now));
    };
    onAnswer = (connection, status) => {
      tally.answered(status);
      next(connection, microseconds());
    };
    onDelivered = () => {
      const now = microseconds();
      for (const connection of connections) if (!connection.busy) next(connection, now);
    };
    onDelivered();
    // When the window is full at the end, no answer comes to end it.
    setTimeout(() => tally.waiting === 0 && end(), seconds * 1000 + 10);
  });
}

/** So many a second, whatever the answers do; what finds no free connection waits with the time when it was due. */
function openLoop({ seconds, rate }: { seconds: number; rate: number }): Promise<LoadResult> {
  return run((tally, end) => {
    const total = Math.round(seconds * rate);
    const due: number[] = [];
    let made = 0;
    let turn = 0;
    // In turns, so that none is idle for so long that the server closes it.
    const flush = () => {
      for (let tried = 0; tried < connections.length && due.length > 0; tried += 1) {
        const connection = connections[turn];
        turn = (turn + 1) % connections.length;
        if (connection?.busy === false) sendTo(connection);
      }
    };
    const sendTo = (connection: Connection) => {
      const at = due.shift();
      if (at === undefined) return;
      tally.sent += 1;
      connection.send(requestOf(connection.port, at));
    };
    onAnswer = (connection, status) => {
      tally.answered(status);
      sendTo(connection);
      if (made === total && due.length === 0 && tally.waiting === 0) end();
    };
    const ticking = setInterval(() => {
      if (tally.over) return clearInterval(ticking);
      const now = microseconds();
      const wanted = Math.min(total, Math.ceil(((now - tally.startedAt) / 1_000_000) * rate));
      for (; made < wanted; made += 1) due.push(now);
      flush();
      if (made === total) clearInterval(ticking);
    }, tickMs);
  });
}

serveParent({
  configure,
  closedLoop,
  openLoop,
  delivered: (count: number) => {
    delivered = count;
    onDelivered();
  },
});
