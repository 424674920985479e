import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Failure } from '../../runtime/failure.ts';
import { parseJson } from '../json/json-limits.ts';
import type { JsonLimits } from '../json/json-limits.ts';

/** A body as it was received: in parts, because joining a large one takes long where its memory is new. */
export class RequestBody {
  readonly parts: readonly Uint8Array[];
  readonly length: number;
  #joined: Buffer | undefined;

  constructor(parts: readonly Uint8Array[], length: number) {
    this.parts = parts;
    this.length = length;
  }

  /** Of a body that is known to be small. */
  joined(): Buffer {
    return (this.#joined ??= joined(this.parts, this.length));
  }
}

/** One part, as nearly every body is, is not copied. */
function joined(parts: readonly Uint8Array[], length: number): Buffer {
  const [only] = parts;
  if (only === undefined || parts.length > 1) return Buffer.concat(parts, length);
  return Buffer.from(only.buffer, only.byteOffset, length);
}

const nothing = new RequestBody([], 0);

export function bodyIn(request: FastifyRequest): RequestBody {
  return request.body instanceof RequestBody ? request.body : nothing;
}

/** A larger body is kept in memory that threads share, so that another one can read it without a copy. */
const ownBytesMax = 65_536;
export const sharedPartBytes = 262_144;

const roomRetrySeconds = 2;

/**
 * The parser of every content type: hands over the bytes, and refuses a body above the limit of its route.
 * @param hasRoom says whether there is memory for so many more bytes of the request.
 */
export function readBody(
  request: FastifyRequest,
  payload: Readable,
  hasRoom: (bytes: number) => boolean,
  done: (error: Error | null, body?: RequestBody) => void,
): void {
  const maxBytes = request.routeOptions.bodyLimit;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return done(tooLarge());
  const parts = new BodyParts();
  const take = (chunk: Buffer) => {
    if (parts.length + chunk.length > maxBytes) leave(tooLarge());
    else if (!hasRoom(chunk.length)) leave(noRoom());
    else parts.add(chunk);
  };
  const finish = () => leave(null);
  const fail = (error: Error) => leave(error instanceof Failure ? error : brokenOff(error));
  function leave(error: Error | null) {
    payload.off('data', take).off('end', finish).off('error', fail);
    if (error === null) done(null, parts.body());
    else done(error);
  }
  payload.on('data', take).on('end', finish).on('error', fail).resume();
}

class BodyParts {
  length = 0;
  readonly #own: Uint8Array[] = [];
  readonly #shared: Uint8Array[] = [];
  /** Bytes of the last shared part that are in use. */
  #used = sharedPartBytes;

  add(chunk: Uint8Array): void {
    this.length += chunk.length;
    this.#own.push(chunk);
    if (this.length <= ownBytesMax) return;
    for (const one of this.#own.splice(0)) this.#share(one);
  }

  body(): RequestBody {
    const last = this.#shared.pop();
    if (last !== undefined) this.#shared.push(last.subarray(0, this.#used));
    return new RequestBody([...this.#shared, ...this.#own], this.length);
  }

  #share(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length;) {
      if (this.#used === sharedPartBytes) {
        this.#shared.push(new Uint8Array(new SharedArrayBuffer(sharedPartBytes)));
        this.#used = 0;
      }
      const some = chunk.subarray(from, from + sharedPartBytes - this.#used);
      this.#shared.at(-1)?.set(some, this.#used);
      this.#used += some.length;
      from += some.length;
    }
  }
}

function tooLarge(): Failure {
  return new Failure('EntityTooLarge', 'the body is larger than this server accepts');
}

function noRoom(): Failure {
  const message = 'too much is being received from this sender, or from all together: try again in some seconds';
  return new Failure('ServiceUnavailable', message, { retryAfterSeconds: roomRetrySeconds });
}

function brokenOff(cause: Error): Failure {
  return new Failure('BadRequest', 'the request broke off before its end', { cause });
}

/** Clients of calls that take nothing send nothing: that is an object without fields. */
const blank = /^[\t\n\r ]*$/;
/** A longer body is something. */
const blankMaxBytes = 64;

/** Parses the body within the limits on JSON. @throws Failure that says what is wrong with the text. */
export function bodyValue(bytes: Buffer, limits: JsonLimits): unknown {
  if (bytes.length <= blankMaxBytes && blank.test(bytes.toString('latin1'))) return {};
  const parsed = parseJson(bytes, limits);
  if (parsed.ok) return parsed.value;
  throw new Failure('BadRequest', `${parsed.code}: ${parsed.message}`);
}
