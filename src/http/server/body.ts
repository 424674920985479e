import type { FastifyRequest } from 'fastify';
import { Failure } from '../../runtime/failure.ts';
import { parseJson } from '../json/json-limits.ts';
import type { JsonLimits } from '../json/json-limits.ts';

const nothing = Buffer.alloc(0);

/** The raw bytes of the body. */
export function bodyBytes(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : nothing;
}

/** Parses the body within the limits on JSON. @throws Failure that says what is wrong with the text. */
/** Clients of calls that take nothing send nothing: that is an object without fields. */
const blank = /^[\t\n\r ]*$/;
/** A longer body is something. */
const blankMaxBytes = 64;

export function bodyValue(bytes: Buffer, limits: JsonLimits): unknown {
  if (bytes.length <= blankMaxBytes && blank.test(bytes.toString('latin1'))) return {};
  const parsed = parseJson(bytes, limits);
  if (parsed.ok) return parsed.value;
  throw new Failure('BadRequest', `${parsed.code}: ${parsed.message}`);
}
