import { connect, type Socket } from 'node:net';
import { notifications, type BodyKind } from './notification.ts';
import { microseconds, serveParent } from './parent.ts';

/*
 * The sender of everything: HTTP/1.1 over kept connections, one request at a time on each, written and read by hand so
 * that it takes as little as possible of the two cores that it shares with what is measured.
 */

interface Target {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodyKind;
  readonly connections: number;
}

const answerStart = 'HTTP/1.1 ';
/** How often an open loop looks at what is due. */
const tickMs = 1;

class Connection {
  readonly #socket: Socket;
  readonly #onAnswer: (connection: Connection, status: number) => void;
  #received = '';
  busy = false;

  constructor(port: number, onAnswer: (connection: Connection, status: number) => void) {
    this.#onAnswer = onAnswer;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('error', fail);
    this.#socket.on('close', () => {
      if (this.busy) fail(new Error('the connection was closed before the answer'));
    });
  }

  send(request: string): void {
    this.busy = true;
    this.#socket.write(request);
  }

  close(): void {
    this.busy = false;
    this.#socket.destroy();
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
let requestOf: (at: number) => string = () => '';
let ids = 0;
const run = process.pid.toString(16).padStart(6, '0');
let onAnswer: (connection: Connection, status: number) => void = () => {};
let fail: (error: Error) => void = () => {};
let delivered = 0;
let onDelivered: () => void = () => {};
let lastRefusal = '';

function configure({ port, path, headers, body, connections: wanted }: Target): void {
  for (const connection of connections) connection.close();
  connections = Array.from({ length: wanted }, () => new Connection(port, (...answer) => onAnswer(...answer)));
  const make = notifications(body);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n${lines.join('')}Content-Length: `;
  requestOf = (at) => {
    ids += 1;
    const text = make(`${run}${ids.toString(16).padStart(10, '0')}`, at);
    return `${head}${text.length}\r\n\r\n${text}`;
  };
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
  readonly startedAt = microseconds();

  answered(status: number): void {
    if (status >= 200 && status < 300) this.accepted += 1;
    else this.refused += 1;
  }

  get waiting(): number {
    return this.sent - this.accepted - this.refused;
  }

  result(): LoadResult {
    const { sent, accepted, refused, startedAt } = this;
    return { sent, accepted, refused, refusal: lastRefusal, startedAt, endedAt: microseconds() };
  }
}

/** Each connection sends again as soon as it has its answer, while fewer than `window` changes wait for the receiver. */
function closedLoop({ seconds, window }: { seconds: number; window: number }): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    delivered = 0;
    lastRefusal = '';
    const tally = new Tally();
    const until = tally.startedAt + seconds * 1_000_000;
    fail = reject;
    const next = (connection: Connection, now: number) => {
      if (now >= until) {
        if (tally.waiting === 0) resolve(tally.result());
        return;
      }
      if (tally.sent - delivered >= window) return;
      tally.sent += 1;
      connection.send(requestOf(now));
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
    setTimeout(() => tally.waiting === 0 && resolve(tally.result()), seconds * 1000 + 10);
  });
}

/** So many a second, whatever the answers do; what finds no free connection waits with the time when it was due. */
function openLoop({ seconds, rate }: { seconds: number; rate: number }): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    lastRefusal = '';
    const tally = new Tally();
    const total = Math.round(seconds * rate);
    const due: number[] = [];
    fail = reject;
    let made = 0;
    const flush = () => {
      for (const connection of connections) {
        if (due.length === 0) return;
        if (!connection.busy) sendTo(connection);
      }
    };
    const sendTo = (connection: Connection) => {
      const at = due.shift();
      if (at === undefined) return;
      tally.sent += 1;
      connection.send(requestOf(at));
    };
    onDelivered = () => {};
    onAnswer = (connection, status) => {
      tally.answered(status);
      sendTo(connection);
      if (made === total && due.length === 0 && tally.waiting === 0) resolve(tally.result());
    };
    const ticking = setInterval(() => {
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
