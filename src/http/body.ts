import type { FastifyRequest } from 'fastify';
import { Failure } from '../runtime/failure.ts';
import { parseJson } from './json-border.ts';
import type { JsonLimits } from './json-border.ts';

const nothing = Buffer.alloc(0);

/** The body's bytes, as they came. */
export function bodyBytes(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : nothing;
}

/**
 * The body as data, past the border that keeps out what no part of the service should meet.
 * @throws Failure that says what is wrong with the text.
 */
export function bodyValue(bytes: Buffer, limits: JsonLimits): unknown {
  const parsed = parseJson(bytes, limits);
  if (parsed.ok) return parsed.value;
  throw new Failure('BadRequest', `${parsed.code}: ${parsed.message}`);
}
