import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { LaneWatch } from './lanes.ts';
import { marker, markerDigits } from './notification.ts';
import { microseconds, serveParent, tellParent } from './parent.ts';

/*
 * The receiver of everything: the leanest HTTP/1.1 server that can count requests and say when they came. Requests to
 * /hung are read and never answered, unless the parent asks for answers; those to /slow are answered late, those to
 * /failing with 503, and those to /aside at once. Of these four none is counted as come, or timed.
 */

const headEnd = Buffer.from('\r\n\r\n');
const ok = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
const unavailable = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
const markerBytes = Buffer.from(marker);
/** How late an answer to /slow is. */
const slowMs = 300;
/** How often the parent gets the count while it asks for it. */
const tellMs = 5;

let count = 0;
let refused = 0;
let hung = 0;
let firstAt = 0;
let lastAt = 0;
let sample: { head: string; body: string } | undefined;
let timing = false;
let down = false;
let answersHung = false;
let watch: LaneWatch | undefined;
let latencies: number[] = [];
let told = 0;
let telling: NodeJS.Timeout | undefined;

const server = createServer({ noDelay: true }, (socket: Socket) => {
  let rest: Buffer | undefined;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    rest = takeAll(socket, rest === undefined ? chunk : Buffer.concat([rest, chunk]));
  });
});

/** Takes the whole requests of a buffer and returns the rest. */
function takeAll(socket: Socket, buffer: Buffer): Buffer | undefined {
  let offset = 0;
  while (offset < buffer.length) {
    const end = buffer.indexOf(headEnd, offset);
    if (end === -1) break;
    const head = buffer.toString('latin1', offset, end);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const bodyStart = end + headEnd.length;
    if (buffer.length < bodyStart + length) break;
    offset = bodyStart + length;
    take(socket, head, buffer, bodyStart, offset);
  }
  return offset === buffer.length ? undefined : buffer.subarray(offset);
}

function take(socket: Socket, head: string, buffer: Buffer, bodyStart: number, bodyEnd: number): void {
  if (head.startsWith('POST /hung')) {
    hung += 1;
    if (answersHung) socket.write(ok);
    return;
  }
  if (head.startsWith('POST /slow')) {
    setTimeout(() => socket.write(ok), slowMs);
    return;
  }
  if (head.startsWith('POST /failing')) {
    socket.write(unavailable);
    return;
  }
  if (head.startsWith('POST /aside')) {
    socket.write(ok);
    return;
  }
  const now = microseconds();
  watch?.took(head, buffer.toString('utf8', bodyStart, bodyEnd), !down, now);
  if (down) {
    refused += 1;
    socket.write(unavailable);
    return;
  }
  socket.write(ok);
  if (timing) {
    const at = buffer.indexOf(markerBytes, bodyStart);
    const from = at + markerBytes.length;
    if (at !== -1) latencies.push(now - Number(buffer.toString('latin1', from, from + markerDigits)));
  }
  if (count === 0) firstAt = now;
  count += 1;
  lastAt = now;
  sample ??= { head, body: buffer.toString('utf8', bodyStart, bodyEnd) };
}

serveParent({
  start: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', 4096, () => resolve((server.address() as AddressInfo).port));
    }),
  /** `changes`: watch the order, of alerts that change so often. */
  reset: (input: { timing: boolean; changes?: number }) => {
    count = refused = hung = firstAt = lastAt = told = 0;
    sample = undefined;
    timing = input.timing;
    latencies = [];
    watch = input.changes === undefined ? undefined : new LaneWatch(input.changes);
  },
  read: () => ({
    count,
    refused,
    hung,
    firstAt,
    lastAt,
    sample,
    latencies: timing ? latencies : [],
    lanes: watch?.read() ?? {},
  }),
  setDown: (input: { down: boolean }) => {
    down = input.down;
  },
  setAnswersHung: (input: { answers: boolean }) => {
    answersHung = input.answers;
  },
  tell: (input: { on: boolean }) => {
    clearInterval(telling);
    if (!input.on) return;
    telling = setInterval(() => {
      if (count === told) return;
      told = count;
      tellParent({ count });
    }, tellMs);
  },
});
