import type { Socket } from 'node:net';
import type { Ids } from '../../runtime/ids.ts';
import { failureBody, jsonType } from './envelope.ts';

/** Answers what Node's parser refuses before there is a request, and closes the connection. */
export function refuseClient(error: Error & { code?: unknown }, socket: Socket, ids: Ids): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, code, message } = refusals[String(error.code)] ?? malformed;
  const body = failureBody(ids.event(), {
    status: 400,
    code,
    message,
    faults: [],
    retryAfterSeconds: undefined,
    unexpected: false,
  });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: ${jsonType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

interface Refusal {
  /** Code and phrase. */
  readonly status: string;
  readonly code: 'BadRequest' | 'EntityTooLarge';
  readonly message: string;
}

const malformed: Refusal = {
  status: '400 Bad Request',
  code: 'BadRequest',
  message: 'this is not a well-formed HTTP/1.1 request',
};

const refusals: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'BadRequest',
    message: 'the request did not come to its end in time',
  },
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'BadRequest',
    message: 'the headers are larger than this server accepts',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: '413 Payload Too Large',
    code: 'EntityTooLarge',
    message: 'the chunk extensions are larger than this server accepts',
  },
};
