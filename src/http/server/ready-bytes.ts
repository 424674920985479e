import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressKey, type RateLimiter } from './rate-limit.ts';

/** An answer that is made once. */
export interface ReadyBytes {
  readonly bytes: Buffer;
  /** Names this content, for clients that have it already. */
  readonly tag: string;
}

/** Makes it at the first request, and never again; requests that come meanwhile wait for the same. */
export function madeOnce(make: () => Promise<string>): () => Promise<ReadyBytes> {
  let made: Promise<ReadyBytes> | undefined;
  return () => (made ??= make().then(readyBytes));
}

function readyBytes(text: string): ReadyBytes {
  const bytes = Buffer.from(text);
  return { bytes, tag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}

/** So many bytes of an answer cost a stranger as much as a request. */
export const bytesOfOneRequest = 65_536;

/** Sends it, or 304 to a client that has it. It may be kept, and is asked for again each time. */
export function sendReady(
  request: FastifyRequest,
  reply: FastifyReply,
  { bytes, tag }: ReadyBytes,
  strangers: RateLimiter | undefined,
): FastifyReply {
  reply.headers({ etag: tag, 'cache-control': 'no-cache' });
  if (hasTag(request.headers['if-none-match'], tag)) return reply.code(304).send();
  strangers?.charge(addressKey(request.ip), Math.floor(bytes.length / bytesOfOneRequest));
  return reply.send(bytes);
}

/** A proxy that compresses makes a tag weak. */
function hasTag(header: string | undefined, tag: string): boolean {
  const tags = new Set((header ?? '').split(',').map((one) => one.trim().replace(/^W\//, '')));
  return tags.has(tag) || tags.has('*');
}
