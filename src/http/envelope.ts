import type { FastifyReply } from 'fastify';
import type { Fault } from '../runtime/failure.ts';
import type { Problem } from './problems.ts';

/** Every answer says which request it answers, in its body and in a header of this name (contract 6.1). */
export const requestIdHeader = 'flashcat-request-id';

export const jsonType = 'application/json; charset=utf-8';

/** `{request_id, data}`; `dataJson` is the JSON text of the data. */
export function successBody(requestId: string, dataJson: string): string {
  return `{"request_id":"${requestId}","data":${dataJson}}`;
}

/**
 * `{request_id, error: {code, message}}`. The message holds every fault; `error.faults` repeats them one by one, with
 * their fields, for a form that wants to show each where it belongs. Clients of contract 6.1 do not look at it.
 */
export function failureBody(requestId: string, problem: Problem): string {
  const error: { code: string; message: string; faults?: readonly Fault[] } = {
    code: problem.code,
    message: problem.message,
  };
  if (problem.faults.length > 0) error.faults = problem.faults;
  return JSON.stringify({ request_id: requestId, error });
}

export function sendData(reply: FastifyReply, requestId: string, dataJson: string): FastifyReply {
  return reply.code(200).header('content-type', jsonType).send(successBody(requestId, dataJson));
}

export function sendProblem(reply: FastifyReply, requestId: string, problem: Problem): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(Math.max(1, Math.ceil(problem.retryAfterSeconds))));
  }
  return reply.code(problem.status).header('content-type', jsonType).send(failureBody(requestId, problem));
}
