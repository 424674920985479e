import type { FastifyReply, FastifyRequest } from 'fastify';

/** An unread body up to this size is let through and forgotten, so that the connection can be used again. */
const forgottenBodyMaxBytes = 65_536;

/** Whether more may come than is taken from somebody unknown. */
export function bodyMayBeLarge(request: FastifyRequest): boolean {
  const { headers } = request.raw;
  if (headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > forgottenBodyMaxBytes;
}

/**
 * Called before a request is refused whose body was not read to its end: when more may come, the connection ends with the
 * answer, so that nothing more of it is read.
 */
export function leaveBodyUnread(request: FastifyRequest, reply: FastifyReply): void {
  if (!request.raw.complete && bodyMayBeLarge(request)) reply.header('connection', 'close');
}
