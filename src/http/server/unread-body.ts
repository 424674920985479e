import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Timers } from '../../runtime/timers.ts';

/** Unread bodies up to this size are read and discarded, so that the connection can be used again. */
const forgottenBodyMaxBytes = 65_536;

/** How much of a body that is too large is read, so that its sender comes to the answer instead of a broken connection. */
const lingerMaxBytes = 67_108_864;
const lingerMs = 10_000;
/** A sender that sends nothing for so long has read the answer, or never will. */
const lingerIdleMs = 1_000;

/** Whether the body may be larger than an unauthenticated sender is allowed. */
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

/**
 * Answers a request whose body is too large. Many clients read no answer before they have written everything, so the rest
 * is read and thrown away, for a bounded time and size, before the connection ends.
 */
export function answerUnread(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, body }: { readonly status: number; readonly body: string },
  timers: Timers,
): FastifyReply {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  reply.raw.writeHead(status, { 'content-length': Buffer.byteLength(body), connection: 'close' }).write(body);
  discard(request, timers, () => reply.raw.end());
  return reply;
}

function discard({ raw }: FastifyRequest, timers: Timers, end: () => void): void {
  let bytes = 0;
  let cancelIdle = () => {};
  const cancelAll = timers.after(lingerMs, stop);
  function stop() {
    cancelIdle();
    cancelAll();
    raw.off('data', take);
    end();
  }
  function take(chunk: Buffer) {
    bytes += chunk.length;
    cancelIdle();
    if (bytes > lingerMaxBytes) stop();
    else cancelIdle = timers.after(lingerIdleMs, stop);
  }
  cancelIdle = timers.after(lingerIdleMs, stop);
  raw.on('data', take);
  raw.once('end', stop);
  raw.once('close', stop);
  raw.resume();
}
