import type { Socket } from 'node:net';

/** More interim answers, or more bytes of them, are a flood. */
export const interimMax = 16;
export const interimMaxBytes = 65_536;

/** The length of `HTTP/1.1 200`: enough to recognise an interim answer. */
const statusLineStart = 12;
const carriageReturn = 13;
const lineFeed = 10;
const noBytes = Buffer.alloc(0);

export interface ResponseHeadEvents {
  /** The status line of the final answer was read. */
  status(statusCode: number): void;
  /** The bytes are not HTTP, or there were too many interim answers. */
  unsound(why: string): void;
}

/**
 * Filters the bytes of an answer before undici reads them. It removes interim answers, however packets cut them (RFC
 * 9110 15.2: any number of 1xx may come unasked before the final answer; undici ends the connection at a 100), and
 * notes the status line, which counts even where the headers are too large. 101 passes: no final answer follows it.
 */
export class ResponseHead {
  readonly #events: ResponseHeadEvents;
  #state: 'status' | 'interim' | 'final' = 'status';
  #start: Buffer = noBytes;
  /** The current line of the interim answer is empty so far. */
  #atLineStart = false;
  #interims = 0;
  #interimBytes = 0;

  constructor(events: ResponseHeadEvents) {
    this.#events = events;
  }

  /** @returns the bytes for undici. */
  pass(chunk: Buffer): Buffer {
    let rest = chunk;
    while (rest.length > 0 && this.#state !== 'final') {
      rest = this.#state === 'status' ? this.#readStatus(rest) : this.#skipInterim(rest);
    }
    return rest;
  }

  #readStatus(chunk: Buffer): Buffer {
    const bytes = this.#start.length === 0 ? chunk : Buffer.concat([this.#start, chunk]);
    let from = 0;
    while (bytes[from] === carriageReturn || bytes[from] === lineFeed) from += 1;
    const line = from === 0 ? bytes : bytes.subarray(from);
    if (line.length < statusLineStart && couldBegin(line)) {
      this.#start = line;
      return noBytes;
    }
    this.#start = noBytes;
    const statusCode = statusCodeOf(line);
    if (statusCode >= 100 && statusCode < 200 && statusCode !== 101) {
      this.#interims += 1;
      if (this.#interims > interimMax) return this.#unsound(`more than ${interimMax} interim answers`);
      this.#state = 'interim';
      this.#atLineStart = false;
      return line.subarray(statusLineStart);
    }
    this.#state = 'final';
    if (statusCode < 100) return this.#unsound('the answer is no sound HTTP');
    this.#events.status(statusCode);
    return line;
  }

  #skipInterim(chunk: Buffer): Buffer {
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index];
      if (byte === lineFeed && this.#atLineStart) {
        this.#state = 'status';
        return this.#counted(chunk, index + 1);
      }
      if (byte !== carriageReturn) this.#atLineStart = byte === lineFeed;
    }
    return this.#counted(chunk, chunk.length);
  }

  #counted(chunk: Buffer, skipped: number): Buffer {
    this.#interimBytes += skipped;
    if (this.#interimBytes > interimMaxBytes)
      return this.#unsound(`more than ${interimMaxBytes} bytes of interim answers`);
    return chunk.subarray(skipped);
  }

  #unsound(why: string): Buffer {
    this.#state = 'final';
    this.#events.unsound(why);
    return noBytes;
  }
}

/** undici reads all bytes by `read()`: this replaces it and passes them through the current head. */
export function readThrough(socket: Socket, present: () => ResponseHead | undefined): void {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      const chunk = read(size);
      if (chunk === null) return null;
      const passed = present()?.pass(chunk) ?? chunk;
      if (passed.length > 0) return passed;
    }
  };
}

function couldBegin(line: Buffer): boolean {
  const prefix = 'HTTP/1.';
  const start = line.toString('latin1', 0, prefix.length);
  return prefix.startsWith(start) && line.length < statusLineStart;
}

/** 0 = not a status line. */
function statusCodeOf(line: Buffer): number {
  const match = /^HTTP\/1\.[01] ([1-9]\d\d)/.exec(line.toString('latin1', 0, statusLineStart));
  return match === null ? 0 : Number(match[1]);
}
