import type { FastifyReply } from 'fastify';
import type { Fault } from '../../runtime/failure.ts';
import type { Problem } from './error-mapping.ts';

/** The name of the header that repeats the request id of the body (contract 6.1). */
export const requestIdHeader = 'flashcat-request-id';

export const jsonType = 'application/json; charset=utf-8';

/** `{request_id, data}`; `dataJson` is the JSON text of the data. */
export function successBody(requestId: string, dataJson: string): string {
  return `{"request_id":"${requestId}","data":${dataJson}}`;
}

/**
 * `{request_id, error: {code, message}}`. The message holds every fault; `error.faults` lists them with their fields,
 * for forms. Existing clients do not read it (contract 6.1).
 */
export function failureBody(requestId: string, problem: Problem): string {
  const error: { code: string; message: string; faults?: readonly Fault[] } = {
    code: problem.code,
    message: problem.message,
  };
  if (problem.faults.length > 0) error.faults = problem.faults.map((fault) => ({ code: 'invalid', ...fault }));
  return JSON.stringify({ request_id: requestId, error });
}

export function sendData(reply: FastifyReply, requestId: string, dataJson: string): FastifyReply {
  return reply.code(200).header('content-type', jsonType).send(successBody(requestId, dataJson));
}

/** @param own the body in a form of the caller's, in place of the envelope. */
export function sendProblem(reply: FastifyReply, requestId: string, problem: Problem, own?: unknown): FastifyReply {
  const { status, body } = problemAnswer(reply, requestId, problem, own);
  return reply.code(status).send(body);
}

/** Sets the headers of the answer to a refused request, and gives the rest of it. */
export function problemAnswer(reply: FastifyReply, requestId: string, problem: Problem, own?: unknown) {
  if (problem.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(Math.max(1, Math.ceil(problem.retryAfterSeconds))));
  }
  reply.header('content-type', jsonType);
  return { status: problem.status, body: own === undefined ? failureBody(requestId, problem) : JSON.stringify(own) };
}
